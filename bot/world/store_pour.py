"""Read a source once: copy it, hash it, and keep to the caps while the bytes stream."""

from __future__ import annotations

import hashlib
import os
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from bot.core.questions import Weight
from bot.world.store_sources import ONE_FILE, NotFetched, Trouble, unreachable

if TYPE_CHECKING:
    from pathlib import Path

    from bot.world.store_sources import Source

_CHUNK = 1 << 20
_POINTER_SIZE = 1024
_FOLDER = re.compile(rb"[0-9a-f]{64}  ")
"""How the lines begin whose digest is a folder's; a file that begins so could pass for one."""
_LINE = 66
_POINTER = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class Caps:
    """How much may be read, and until when."""

    max_bytes: int
    max_files: int
    until: float = float("inf")
    """A moment of `time.monotonic`."""


def pour(source: Source, into: Path | None, caps: Caps) -> Weight:
    """Read a whole source, copy it if there is somewhere to, and say what it weighs.

    Raises:
        NotFetched: it cannot be read, or is over a cap.
        OSError: the copy cannot be written.
    """
    size, found, lines = 0, "", []
    names = source.pieces(caps.max_files)
    for name in names:
        target = into / name if into is not None and name else into
        found, read = _pour_piece(source, name, target, caps, size)
        size += read
        lines.append(f"{found}  {name}\n")
    if names != [ONE_FILE]:
        found = hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()
    return Weight(digest=f"sha256:{found}", size=size, files=len(names))


def _pour_piece(
    source: Source, name: str, target: Path | None, caps: Caps, before: int
) -> tuple[str, int]:
    """Read one piece; return its sha256 in hex and its length in bytes."""
    hashed, size, head = hashlib.sha256(), 0, b""
    with source.open(name) as opened:
        out = None if target is None else _new(target)
        try:
            while chunk := _read(opened):
                size += len(chunk)
                _keep(before + size, caps)
                hashed.update(chunk)
                head += chunk[: _LINE - len(head)]
                if out is not None:
                    out.write(chunk)
        finally:
            if out is not None:
                out.close()
    if name == ONE_FILE and _FOLDER.match(head):
        raise NotFetched(
            Trouble.DIGEST,
            "it is a list of a folder's files and would have the folder's digest",
            "put the folder itself at the address",
        )
    return hashed.hexdigest(), size


def _new(target: Path) -> BinaryIO:
    target.parent.mkdir(parents=True, exist_ok=True)
    number = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
    return os.fdopen(number, "wb")


def _read(opened: BinaryIO) -> bytes:
    try:
        return opened.read(_CHUNK)
    except NotFetched:
        raise
    except TimeoutError:
        raise unreachable("it stopped in the middle", "run again once the store answers") from None
    except Exception as error:  # noqa: BLE001 -- every store raises errors of its own library
        raise unreachable(
            f"reading broke off ({type(error).__name__})", "run again once the store answers"
        ) from None


def _keep(size: int, caps: Caps) -> None:
    if size > caps.max_bytes:
        raise too_large(caps)
    if time.monotonic() > caps.until:
        raise unreachable("it did not arrive in time", "run again, or keep it nearer")


def too_large(caps: Caps) -> NotFetched:
    """Say that the bytes are over their cap."""
    return NotFetched(
        Trouble.LIMIT,
        f"it is larger than {caps.max_bytes:,} bytes",
        "make it smaller, or raise max_bytes in the policy",
    )


def require(weight: Weight, digest: str, source: Source) -> None:
    """Insist on the digest that was asked for.

    Raises:
        NotFetched: the bytes are others; says which, and whether they only stand for a large file.
    """
    if weight.digest == digest:
        return
    if _is_pointer(source, weight):
        raise unreachable(
            "only a Git LFS pointer is there, not the file", "run `git lfs pull` before Lockstep"
        )
    raise NotFetched(
        Trouble.DIGEST,
        f"its bytes are {_short(weight.digest)}, asked for is {_short(digest)}",
        "put the named bytes back, or register the new ones as a new version",
    )


def _is_pointer(source: Source, weight: Weight) -> bool:
    if weight.files != 1 or weight.size > _POINTER_SIZE or source.remote:
        return False
    (name,) = source.pieces(1)
    with source.open(name) as opened:
        return opened.read(len(_POINTER)) == _POINTER


def _short(digest: str) -> str:
    return f"{digest[:19]}…"
