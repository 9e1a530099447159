"""Find out what a sandbox really holds, by letting a canary attack it.

GitHub's runners forbid user namespaces, old kernels have no Landlock, and both have
been seen to say yes and enforce nothing.  So each side is tried alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.policy import SandboxRules
from bot.runner import landlock, seccomp
from bot.runner.canary import ATTEMPTS
from bot.world.sandbox_walls import tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.world.sandbox import Sandbox
    from bot.world.sandbox_walls import Walls

_LONGEST_SOCKET = 107
"""Bytes of a socket's path, by sockaddr_un(7)."""
_RULES = SandboxRules(seconds=10.0, memory=1_000_000_000)
_PROVES = {
    "no_new_privs": {"privileges"},
    "rlimits": {"memory"},
    "fs": {"read", "write", "environ"},
    "net": {"tcp", "udp", "unix"},
    "syscalls": {"fork", "ptrace", "execute", "signal"},
}
"""A layer holds when none of these attempts succeeded."""
_WALLS_PROVE = {"environ", "tcp", "udp", "signal"}


@dataclass(frozen=True, slots=True)
class Within:
    """What the layers inside the worker hold, without namespaces."""

    inner: tuple[str, ...]
    succeeded: frozenset[str]
    landlock: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outside:
    """What one kind of namespaces holds, without the layers inside."""

    walls: Walls
    succeeded: frozenset[str]
    reason: str = ""

    @property
    def holds(self) -> bool:
        """Nothing got through that namespaces are there to stop."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class Seen:
    """The sum of both."""

    held: frozenset[str]
    layers: tuple[str, ...]
    missing: dict[str, str]


def inside(sandbox: Sandbox) -> Within:
    """Try the inner layers that this kernel knows of."""
    known = {"rlimits": True, "landlock": landlock.version() > 0, "seccomp": seccomp.supported()}
    inner = tuple(layer for layer in sandbox.inner if known[layer])
    found = _send(replace(sandbox, inner=inner))
    if isinstance(found, str):
        return Within((), frozenset(ATTEMPTS), 0, f"the worker did not start: {found}")
    return Within(inner, found[0], found[1])


def first_that_holds(sandboxes: list[Sandbox]) -> list[Outside]:
    """Try namespaces one kind after the other, up to the first that holds."""
    tried: list[Outside] = []
    for sandbox in sandboxes:
        tried.append(outside(sandbox))
        if tried[-1].holds:
            break
    return tried


def outside(sandbox: Sandbox) -> Outside:
    """Try one kind of namespaces."""
    name = sandbox.walls
    if not tool(sandbox.walls):
        return Outside(sandbox.walls, frozenset(ATTEMPTS), f"{name} is not installed")
    found = _send(sandbox)
    if isinstance(found, str):
        return Outside(sandbox.walls, frozenset(ATTEMPTS), f"{name} did not start: {found}")
    through = found[0] & _WALLS_PROVE
    if through:
        return Outside(sandbox.walls, found[0], f"{name} let a canary through ({_list(through)})")
    return Outside(sandbox.walls, found[0])


def together(within: Within, walls: Outside | None, tried: list[Outside]) -> Seen:
    """Add up what holds: an attempt must fail at one side or at the other."""
    succeeded = within.succeeded & (walls.succeeded if walls else within.succeeded)
    missing = {
        layer: within.reason or f"a canary got through ({_list(succeeded & attempts)})"
        for layer, attempts in _PROVES.items()
        if succeeded & attempts
    }
    if walls is None:
        missing["namespaces"] = "; ".join(wall.reason for wall in tried) or "not tried"
    held = frozenset({*_PROVES, "namespaces"} - set(missing))
    shown: list[str] = [name for name in ("namespaces", "rlimits", "no_new_privs") if name in held]
    if within.landlock and not within.succeeded & {"read", "write"}:
        shown.append(f"landlock{within.landlock}")
    if "seccomp" in within.inner and not within.succeeded & {"fork", "ptrace", "execute"}:
        shown.append("seccomp")
    return Seen(held, tuple(sorted(shown)), missing)


def _list(attempts: set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(attempts))


def _send(sandbox: Sandbox) -> tuple[frozenset[str], int] | str:
    """Let a canary out; return what it could do and Landlock's version, or why it died."""
    from bot.world.sandbox import Job

    with _targets() as (given, udp):
        job = Job(kind="canary", rules=_RULES, threads=1, fields={"attempts": given})
        with sandbox.start(job) as (child, out):
            ending = child.watch(seconds=_RULES.seconds, scratch_bytes=sandbox.scratch_limit(job))
            try:
                found = (out / "canary.bin").read_bytes()
                version = int(json.loads((out / "numbers.json").read_text())["landlock"])
            except (OSError, ValueError):
                return _last_line(ending.log)
        done = {name for name, byte in zip(ATTEMPTS, found, strict=False) if byte}
        if not _arrived(udp):
            done.discard("udp")
        return frozenset(done), version


def _last_line(log: bytes) -> str:
    # No untrusted code ran: these are the words of bubblewrap or of our own worker.
    lines = log.decode("utf-8", "replace").strip().splitlines() or ["it ended without a word"]
    return lines[-1][:200]


@contextlib.contextmanager
def _targets() -> Iterator[tuple[dict[str, str | int], socket.socket]]:
    """Set up what a canary may not reach: a file, a folder, three sockets, and us."""
    folder = _short_folder()
    (folder / "secret").write_text("secret", encoding="ascii")
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        unix = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        unix.bind(str(folder / "line"))
        unix.listen()
        given: dict[str, str | int] = {
            "secret": str(folder / "secret"), "outside": str(folder / "written"),
            "tcp": tcp.getsockname()[1], "udp": udp.getsockname()[1],
            "unix": str(folder / "line"), "parent": os.getpid(),
        }  # fmt: skip
        yield given, udp


def _short_folder() -> Path:
    """Make a folder whose path leaves room for a socket, whatever TMPDIR is."""
    folder = Path(tempfile.mkdtemp(prefix="lockstep-canary-"))
    if len(os.fsencode(folder / "line")) <= _LONGEST_SOCKET:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="lockstep-canary-", dir="/tmp"))


def _arrived(udp: socket.socket) -> bool:
    udp.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        return bool(udp.recv(16))
    return False
