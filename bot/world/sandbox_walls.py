"""Namespaces around a worker: bubblewrap, or `unshare` where there is no bubblewrap."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Literal, assert_never

from bot.world.sandbox_places import places

if TYPE_CHECKING:
    from collections.abc import Sequence

Walls = Literal["bubblewrap", "unshare", "none"]

_ROOTS = ("/lib", "/lib64", "/lib32", "/bin", "/sbin")
_SHOWN = (
    "/usr", "/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives", "/sys/devices/system/cpu",
)  # fmt: skip
_UNSHARE = (
    "--user", "--map-current-user", "--mount", "--net", "--ipc", "--uts", "--pid", "--fork",
    "--kill-child", "--mount-proc", "--",
)  # fmt: skip


def tool(walls: Walls) -> str | None:
    """Return the program that builds these walls, or None."""
    match walls:
        case "bubblewrap":
            return shutil.which("bwrap")
        case "unshare":
            return shutil.which("unshare") and shutil.which("setpriv")
        case "none":
            return ""
        case _:
            assert_never(walls)


def around(walls: Walls, scratch: Path, readable: Sequence[str]) -> list[str]:
    """Return the words to put before a worker's command."""
    match walls:
        case "bubblewrap":
            return _bubblewrap(scratch, readable)
        case "unshare":
            # unshare itself outlives a bot that is killed, unless it is told not to.
            words = [_found("setpriv"), "--pdeathsig", "KILL", "--", _found("unshare")]
            return [*words, *_UNSHARE]
        case "none":
            return []
        case _:
            assert_never(walls)


def _found(program: str) -> str:
    # The worker's environment has no PATH to find it by.
    return shutil.which(program) or program


def _bubblewrap(scratch: Path, readable: Sequence[str]) -> list[str]:
    words = [_found("bwrap"), "--unshare-all", "--die-with-parent", "--new-session"]
    words += ["--cap-drop", "ALL", "--proc", "/proc", "--dev", "/dev"]
    words += ["--tmpfs", "/tmp"]  # noqa: S108 -- a fresh one, inside
    for root in _ROOTS:
        if Path(root).is_symlink():
            words += ["--symlink", os.readlink(root), root]  # noqa: PTH115 -- the words of the link itself
        elif Path(root).exists():
            words += ["--ro-bind", root, root]
    known = places()
    shown = (*_SHOWN, *known.interpreter, *known.libraries, *readable)
    for path in dict.fromkeys(path for path in shown if Path(path).exists()):
        words += ["--ro-bind", path, path]
    words += ["--ro-bind", str(scratch), str(scratch)]
    for part in ("out", "tmp"):
        words += ["--bind", str(scratch / part), str(scratch / part)]
    return [*words, "--chdir", str(scratch / "tmp"), "--"]
