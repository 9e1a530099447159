"""Take a bundle out of its zip file, or its folder, into memory: names and bytes, under caps.

Whoever broke out of the sandbox wrote it.  Nothing is written to disk, so that no name can lead
anywhere; every name is one of a closed list, and nothing is read that was not announced.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

from bot.core.bundle import MOST_FACTS, MOST_RUN, RUN, NotABundle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MOST_BYTES = 64 * 1024 * 1024
MOST_ENTRIES = 5 * MOST_FACTS + 1
MOST_RATIO = 100
_SMALL = 1024 * 1024
"""Bytes below which nothing is a bomb, however well it packs."""
_NAME = re.compile(
    r"run\.json|[0-9]{1,2}\.(asked|predicted|scores|used|classes|challenger|champion)\.npy"
)
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x07"
_END_BYTES, _END_64_BYTES = 22, 20
_ENTRY_BYTES = 512
"""Bytes of the directory for each entry: more than any name of ours and its fields need."""
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def from_folder(folder: Path) -> Mapping[str, bytes]:
    """Read a bundle that lies unpacked.

    Raises:
        NotABundle: there is none, or something else than one.
    """
    found: dict[str, bytes] = {}
    left = MOST_BYTES
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                _known(entry.name, found)
                found[entry.name] = _plain(entry.path, _most(entry.name, left))
                left -= len(found[entry.name])
    except OSError:
        raise NotABundle("the folder cannot be read") from None
    return _whole(found)


def from_zip(text: bytes) -> Mapping[str, bytes]:
    """Read a bundle from the bytes of a zip file.

    Raises:
        NotABundle: it is no zip file, or holds other than a bundle.
    """
    if len(text) > MOST_BYTES:
        raise NotABundle(f"it has {len(text):,} bytes, more than {MOST_BYTES:,}")
    _refuse_long_directory(text)
    try:
        with zipfile.ZipFile(io.BytesIO(text)) as opened:
            return _whole(_unpacked(opened))
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError):
        raise NotABundle("it is no whole zip file") from None
    except (RuntimeError, struct.error):
        raise NotABundle("it is locked or broken") from None


def _refuse_long_directory(text: bytes) -> None:
    """Look at the length of the list of entries before it is read into memory."""
    end = text[-_END_BYTES:]
    if len(end) < _END_BYTES or not end.startswith(_END) or end[-2:] != b"\0\0":
        raise NotABundle("it is no zip file, or one with a comment")
    before = text[-_END_BYTES - _END_64_BYTES : -_END_BYTES]
    length = int.from_bytes(end[12:16], "little")
    if before.startswith(_END_64) or length > MOST_ENTRIES * _ENTRY_BYTES:
        raise NotABundle(f"it lists more than {MOST_ENTRIES} files")


def _unpacked(opened: zipfile.ZipFile) -> dict[str, bytes]:
    entries = opened.infolist()
    if len(entries) > MOST_ENTRIES:
        raise NotABundle(f"it lists more than {MOST_ENTRIES} files")
    whole = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if whole > MOST_BYTES or (whole > _SMALL and whole > MOST_RATIO * packed):
        raise NotABundle("it unpacks to more than a bundle holds")
    found: dict[str, bytes] = {}
    for entry in entries:
        _known(entry.filename, found)
        _refuse_special(entry)
        with opened.open(entry) as file:
            most = _most(entry.filename, MOST_BYTES)
            found[entry.filename] = _within(file.read(most + 1), most)
    return found


def _refuse_special(entry: zipfile.ZipInfo) -> None:
    """Take plain files only: no link, no folder, no device, nothing locked."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    # What was written on Windows has no kind; bit 4 of the low byte is its folder.
    if kind not in (0, stat.S_IFREG) or entry.is_dir() or entry.external_attr & 0x10:
        raise NotABundle("an entry is a link, a folder or a device")
    if entry.flag_bits & 0x1 or entry.compress_type not in _METHODS:
        raise NotABundle("an entry is locked, or packed in a way that is not unpacked here")


def _known(name: str, found: Mapping[str, bytes]) -> None:
    if not _NAME.fullmatch(name):
        raise NotABundle("it holds a file that does not belong there")
    if name in found:
        raise NotABundle("it holds two files of one name")
    if len(found) >= MOST_ENTRIES:
        raise NotABundle(f"it holds more than {MOST_ENTRIES} files")


def _most(name: str, left: int) -> int:
    return min(MOST_RUN, left) if name == RUN else left


def _within(text: bytes, most: int) -> bytes:
    if len(text) > most:
        raise NotABundle("a file is larger than it may be")
    return text


def _plain(path: str, most: int) -> bytes:
    place = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(place, "rb") as file:
        facts = os.fstat(place)
        if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
            raise NotABundle("an entry is a link, a folder or a device")
        return _within(file.read(most + 1), most)


def _whole(found: dict[str, bytes]) -> Mapping[str, bytes]:
    if RUN not in found:
        raise NotABundle(f"{RUN} is not in it")
    return found
