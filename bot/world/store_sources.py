"""Where the bytes of an artifact or a data set lie, read piece by piece under caps.

A source lists its pieces before any of them is opened, so that a folder with too many files, a
symlink or a device is refused early.  Every trouble is a `NotFetched` with words that hold no
credential: the messages of foreign libraries are never passed on.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE_FILE = ""
"""Name of the only piece of a source that is a file and not a folder."""
_UNSAFE_NAME = re.compile(r"[\x00-\x1f\x7f\\]")


class Trouble(Enum):
    """What kept bytes from being fetched."""

    UNREACHABLE = "unreachable"
    DIGEST = "digest"
    LIMIT = "limit"


class NotFetched(Exception):  # noqa: N818 -- read as a sentence, turned into Absent by the store
    """Bytes could not be had, for a reason a person can act on."""

    def __init__(self, trouble: Trouble, reason: str, remedy: str) -> None:
        """Carry what happened and the way out."""
        self.trouble, self.reason, self.remedy = trouble, reason, remedy
        super().__init__(reason)


def unreachable(reason: str, remedy: str) -> NotFetched:
    """Say that the bytes cannot be had."""
    return NotFetched(Trouble.UNREACHABLE, reason, remedy)


def too_many(most: int) -> NotFetched:
    """Say that a folder holds more files than the policy allows."""
    return NotFetched(
        Trouble.LIMIT,
        f"it holds more than {most:,} files",
        "remove what the model does not need, or raise max_files in the policy",
    )


class Source(Protocol):
    """Bytes at an address: one file or a folder."""

    @property
    def remote(self) -> bool:
        """Tell whether the bytes travel over a network: then a cached copy serves as well."""

    def pieces(self, most: int) -> list[str]:
        """List the files by posix path below the address, `ONE_FILE` alone if it is a file.

        Raises:
            NotFetched: nothing is there, more than `most` files, or something that is no file.
        """

    def open(self, piece: str) -> BinaryIO:
        """Open one listed piece for reading.

        Raises:
            NotFetched: it cannot be read.
        """


def shown(uri: str) -> str:
    """Return an address as a message may show it: no user, password, query or fragment."""
    if "://" not in uri:
        return uri
    try:
        parts = urlsplit(uri)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return f"{uri.split('://', 1)[0]}://…"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{parts.scheme}://{host}{port}{parts.path}{'?…' if parts.query else ''}"


def safe_name(name: str) -> str:
    """Return a piece's name if it stays below its folder on every system.

    Raises:
        NotFetched: it is absolute, climbs, or holds control characters or a backslash.
    """
    parts = name.split("/")
    if _UNSAFE_NAME.search(name) or not name or any(part in ("", ".", "..") for part in parts):
        raise unreachable(
            "it holds a file whose name leaves the folder or has control characters",
            "rename the file and register the artifact again",
        )
    try:
        name.encode()
    except UnicodeEncodeError:
        raise unreachable(
            "it holds a file whose name is not UTF-8", "rename the file and register it again"
        ) from None
    return name


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A file or folder of this machine; nothing outside it is ever opened."""

    path: Path
    remote: bool = False

    def pieces(self, most: int) -> list[str]:
        """List the regular files; symlinks and devices are refused, empty folders ignored."""
        mode = self._mode(self.path)
        if stat.S_ISREG(mode):
            return [ONE_FILE]
        if not stat.S_ISDIR(mode):
            raise self._not_plain(self.path)
        found: list[str] = []
        for path in self._walk(self.path):
            found.append(safe_name(path.relative_to(self.path).as_posix()))
            if len(found) > most:
                raise too_many(most)
        if not found:
            raise unreachable("the folder is empty", "name the folder that holds the model")
        return found

    def open(self, piece: str) -> BinaryIO:
        """Open a regular file without following a symlink or waiting for a pipe."""
        path = self.path / piece if piece else self.path
        try:
            # Opened first and looked at afterwards: the name may change hands in between.
            number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise unreachable(*_words(error)) from None
        if not stat.S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            raise self._not_plain(path)
        return os.fdopen(number, "rb")

    def _walk(self, folder: Path) -> Iterator[Path]:
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            raise unreachable(*_words(error)) from None
        for entry in entries:
            path = folder / entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(path)
            elif entry.is_file(follow_symlinks=False):
                yield path
            else:
                raise self._not_plain(path)

    def _mode(self, path: Path) -> int:
        try:
            return path.lstat().st_mode
        except OSError as error:
            raise unreachable(*_words(error)) from None

    def _not_plain(self, path: Path) -> NotFetched:
        kind = "a symlink" if path.is_symlink() else "neither a file nor a folder"
        name = path.relative_to(self.path).as_posix() if path != self.path else "it"
        return unreachable(f"{name} is {kind}", "put the file itself in its place")


def in_work_tree(root: Path, address: str) -> OnDisk:
    """Find a repository-relative address in a work tree.

    Raises:
        NotFetched: the address is not a plain relative path, or leads out of the work tree.
    """
    parts = PurePosixPath(address).parts
    climbs = not parts or ".." in parts or parts[0] in ("/", "~") or parts[0].startswith("~")
    if climbs or _UNSAFE_NAME.search(address) or PurePosixPath(address).is_absolute():
        raise unreachable(
            "the path is not a relative path inside the repository",
            "write it as models/name.skops, without a leading slash or '..'",
        )
    if any(part.casefold() == ".git" for part in parts):
        raise unreachable("the path lies in git's own folder", "name a file of the work tree")
    whole = root.resolve()
    try:
        real = (whole / address).resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise unreachable(*_words(error)) from None
    if not real.is_relative_to(whole) or real == whole:
        raise unreachable(
            "the path leads out of the repository", "commit the artifact itself, not a link to it"
        )
    return OnDisk(real)


@dataclass(frozen=True, slots=True)
class Foreign:
    """A file or folder behind an fsspec file system, such as s3 or memory."""

    files: Any
    path: str
    remote: bool = True

    def pieces(self, most: int) -> list[str]:
        """List the files below the path; a listing stops as soon as it holds too many."""
        try:
            if self.files.isfile(self.path):
                return [ONE_FILE]
            return self._listing(most)
        except NotFetched:
            raise
        except Exception as error:  # noqa: BLE001 -- fsspec passes on its libraries' own errors
            raise unreachable(*_words(error)) from None

    def _listing(self, most: int) -> list[str]:
        start, found = "", list[str]()
        for folder, _, names in self.files.walk(self.path):
            # The first folder is the address itself, as this file system spells it.
            start = start or f"{str(folder).rstrip('/')}/"
            below = f"{str(folder).rstrip('/')}/".removeprefix(start)
            # An s3 "folder" may be an object of its own, with an empty name.
            found += [safe_name(f"{below}{name}") for name in names if name]
            if len(found) > most:
                raise too_many(most)
        if not found:
            raise unreachable("nothing is there", "check the address, or upload the artifact")
        return sorted(found)

    def open(self, piece: str) -> BinaryIO:
        """Open one object for streaming."""
        path = f"{self.path.rstrip('/')}/{piece}" if piece else self.path
        try:
            opened: BinaryIO = self.files.open(path, "rb")
        except Exception as error:  # noqa: BLE001 -- fsspec passes on its libraries' own errors
            raise unreachable(*_words(error)) from None
        return opened


def _words(error: Exception) -> tuple[str, str]:
    """Return a reason and a remedy by the kind of error; its own text may hold a credential."""
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return "nothing is there", "check the address, or commit or upload the artifact"
        case PermissionError():
            return "reading it is not permitted", "give this account the right to read it"
        case TimeoutError():
            return "it did not answer in time", "run again once the store answers"
        case OSError(strerror=str(text)):
            return f"reading failed: {text}", "run again, or check the address"
        case _:
            kind = type(error).__name__
            return f"the store said {kind}", "check the address and the credentials of this run"
