"""The folder in which fetched bytes lie by digest, whole or not at all.

    sha256/<hex>/content.skops         a file, or a folder of files
    sha256/<hex>/content.skops.stamp   what the file system said of them when they were hashed
    locks/<hex>                        held while one thread or process brings them
    tmp/                               what is still arriving; never looked into

The stamp guards against accidents, a full disk or a curious person, and saves hashing gigabytes.
Whoever can write to this folder can lie in it: it belongs to trusted code alone (DESIGN, zone Z1
never has it).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from bot.core.questions import Weight
from bot.world.store_pour import Caps, pour
from bot.world.store_sources import NotFetched, OnDisk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DAY = 86_400.0
_ANY = Caps(2**63, 2**31)


def held(place: Path, digest: str) -> Weight | None:
    """Return the weight of cached bytes that still have their digest; remove others.

    Raises:
        OSError: the cache cannot be read or cleaned.
    """
    if not os.path.lexists(place):
        return None
    try:
        known = json.loads(_stamp_of(place).read_text())
        if known["digest"] == digest and known["seen"] == _seen(place):
            return Weight(digest=digest, size=int(known["size"]), files=int(known["files"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    with suppress(NotFetched):
        weight = pour(OnDisk(place), None, _ANY)
        if weight.digest == digest:
            stamp(place, weight)
            return weight
    _remove(place)
    return None


def stamp(place: Path, weight: Weight) -> None:
    """Remember what the file system says of bytes that were just hashed."""
    known = {
        "digest": weight.digest,
        "size": weight.size,
        "files": weight.files,
        "seen": _seen(place),
    }
    arriving = place.with_name(f"{place.name}.stamp.{os.getpid()}")
    arriving.write_text(json.dumps(known))
    arriving.replace(_stamp_of(place))


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Let one thread of one process at a time go on; a killed holder lets go by itself."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("ab") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield


def sweep(folder: Path) -> None:
    """Remove what killed runs left behind more than a day ago."""
    with suppress(OSError):
        for entry in folder.iterdir():
            if entry.lstat().st_mtime < time.time() - _DAY:
                _remove(entry)


def _stamp_of(place: Path) -> Path:
    return place.with_name(place.name + ".stamp")


def _seen(place: Path) -> list[list[int | str]]:
    """Return name, length, times and number of every file; a change of bytes changes one."""
    paths = sorted(place.rglob("*")) if place.is_dir() else [place]
    seen: list[list[int | str]] = []
    for path in paths:
        about = path.lstat()
        name = path.relative_to(place).as_posix()
        times = [about.st_mtime_ns, about.st_ctime_ns]
        seen.append([name, about.st_mode, about.st_size, about.st_ino, *times])
    return seen


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
