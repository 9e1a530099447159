"""Unpack what joblib would unpack before it reads a pickle, under a cap.

joblib chooses by the first bytes of a file, and so does this; a pickle is never unpacked by
`pickle.load`, so for that flavor packed bytes are unreadable.
"""

from __future__ import annotations

import bz2
import lzma
import mmap
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from bot.world.scan_values import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_CHUNK = 1 << 18
_LZMA_MEMORY = 1 << 29
_ZIP = b"PK\x03\x04"


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def produce(self, data: bytes) -> tuple[bytes, bytes]: ...


class _Deflated:
    """zlib and gzip, which give input back that they had no room for."""

    def __init__(self, window: int) -> None:
        self._inner = zlib.decompressobj(window)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def produce(self, data: bytes) -> tuple[bytes, bytes]:
        """Return some output and the input that is left."""
        return self._inner.decompress(data, _CHUNK), self._inner.unconsumed_tail


class _Buffered:
    """bz2 and lzma, which keep input that they had no room for."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data)

    def produce(self, data: bytes) -> tuple[bytes, bytes]:
        """Return some output; an empty rest that is not None asks to be called again."""
        return self._inner.decompress(data, _CHUNK), b""


def _lz4() -> _Unpacker:
    raise Unreadable("it is packed by lz4, which is not read here; dump it with zlib")


_PACKED: tuple[tuple[bytes, Callable[[], _Unpacker]], ...] = (
    (b"\x78", lambda: _Deflated(zlib.MAX_WBITS)),
    (b"\x1f\x8b", lambda: _Deflated(zlib.MAX_WBITS | 16)),
    (b"BZ", lambda: _Buffered(bz2.BZ2Decompressor())),
    (b"\x5d\x00", lambda: _Buffered(lzma.LZMADecompressor(memlimit=_LZMA_MEMORY))),
    (b"\xfd7zXZ", lambda: _Buffered(lzma.LZMADecompressor(memlimit=_LZMA_MEMORY))),
    (b"\x04\x22\x4d\x18", _lz4),
)


@contextmanager
def unpacked(path: Path, most: int, *, joblib: bool) -> Iterator[mmap.mmap]:
    """Map the pickle that joblib, or pickle itself, would read.

    Raises:
        Unreadable: empty, broken, packed in an unknown way, or larger than `most` bytes.
    """
    with path.open("rb") as opened, tempfile.TemporaryFile() as scratch:
        head = opened.read(8)
        opened.seek(0)
        if head.startswith(b"ZF"):
            raise Unreadable("joblib before 0.10 wrote it; dump it again")
        make = next((make for magic, make in _PACKED if head.startswith(magic)), None)
        if make is not None and not joblib:
            raise Unreadable("it is packed, which pickle does not read; the flavor may be joblib")
        if make is not None:
            _unpack(opened, make, scratch, most)
        with _mapped(opened if make is None else scratch) as mapped:
            yield mapped


@contextmanager
def _mapped(file: Any) -> Iterator[mmap.mmap]:
    file.flush()
    try:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:
        raise Unreadable("it is empty") from None
    with mapped:
        yield mapped


def _unpack(packed: BinaryIO, make: Callable[[], _Unpacker], out: Any, most: int) -> None:
    """Unpack every stream that lies one after the other."""
    unpacker, rest, size = make(), packed.read(_CHUNK), 0
    try:
        while True:
            produced, rest = unpacker.produce(rest)
            size += len(produced)
            if size > most:
                raise Unreadable(f"it unpacks to more than {most:,} bytes")
            out.write(produced)
            if unpacker.eof:
                rest = unpacker.unused_data or packed.read(_CHUNK)
                if not rest:
                    return
                unpacker = make()
            elif not rest and len(produced) < _CHUNK:
                rest = packed.read(_CHUNK)
                if not rest:
                    raise Unreadable("it is cut short")
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
        raise Unreadable("its packing is broken") from None


def is_zip(path: Path) -> bool:
    """Tell whether a file begins as a zip archive."""
    with path.open("rb") as opened:
        return opened.read(len(_ZIP)) == _ZIP


@contextmanager
def unzipped(path: Path, most: int, members: int = 100_000) -> Iterator[zipfile.ZipFile]:
    """Open a zip archive whose every member is whole, named once and within the cap.

    Raises:
        Unreadable: it is none of that.
    """
    try:
        archive = zipfile.ZipFile(path)
        _within(archive, most, members)
        for member in archive.infolist():
            _whole(archive, member)
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, ValueError):
        raise Unreadable("the archive is broken, locked or packed in an unknown way") from None
    with archive:
        yield archive


def _within(archive: zipfile.ZipFile, most: int, members: int) -> None:
    listed = archive.infolist()
    if len(listed) > members or len({member.filename for member in listed}) != len(listed):
        raise Unreadable("it holds too many members, or two of one name")
    if sum(member.file_size for member in listed) > most:
        raise Unreadable(f"it unpacks to more than {most:,} bytes")


def _whole(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    # Reading to the end checks the CRC, and the declared size against the real one.
    left = member.file_size
    with archive.open(member) as opened:
        while chunk := opened.read(_CHUNK):
            left -= len(chunk)
    if left:
        raise Unreadable("a member of the archive is not as long as it says")
