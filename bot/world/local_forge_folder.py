"""The folder a local forge keeps its pull requests, comments and statuses in.

One JSON file per pull request and per commit with statuses; every write replaces a
whole file, so a reader never sees half of one, and a lock file makes writers take turns,
whatever process they are in.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.core.errors import Malformed, NotARepository, Problem, Unavailable
from bot.world.forge import Review, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

PATIENCE_S = 30.0
"""How long a writer waits for its turn before it gives up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A comment and who wrote it."""

    id: int
    author: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A pull request as it is kept in the folder."""

    number: int
    title: str
    body: str
    author: str
    base: str
    head: str
    head_sha: str
    """The head when it was proposed; once closed or merged, the head it had then."""
    open: bool = True
    draft: bool = False
    landing: str | None = None
    """The commit a merge was about to land, written first so that a killed merge is found again."""
    merged_as: str | None = None
    approvals: tuple[Review, ...] = ()
    remarks: tuple[Remark, ...] = ()
    next_remark: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Charter:
    """What a local forge is called and which branch production follows."""

    format: int
    slug: str
    default_branch: str


_DOSSIER = TypeAdapter(Dossier)
_STATUSES = TypeAdapter(tuple[Status, ...])
_CHARTER = TypeAdapter(Charter)


@dataclass(frozen=True, slots=True)
class Folder:
    """Reads and writes the files; knows nothing of git."""

    path: Path

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the folder for one writer.

        Raises:
            Unavailable: another writer kept it for longer than `PATIENCE_S`.
        """
        with _reported(self.path), (self.path / "lock").open("a") as handle:
            deadline = time.monotonic() + PATIENCE_S
            while not _taken(handle.fileno()):
                if time.monotonic() > deadline:
                    raise Unavailable(f"{self.path}/lock is held by another run; try again")
                time.sleep(0.01)
            yield

    def charter(self) -> Charter:
        """Read what this forge is called."""
        file = self.path / "forge.json"
        if not file.is_file():
            raise NotARepository(
                Problem(
                    what="this folder is not a local forge",
                    remedy="make one: `lockstep init --forge local:PATH`",
                    file=str(self.path),
                )
            )
        return _read(_CHARTER, file)

    def write_charter(self, charter: Charter) -> None:
        """Say what this forge is called."""
        _write(_CHARTER, self.path / "forge.json", charter)

    def numbers(self) -> tuple[int, ...]:
        """List the numbers of all pull requests, oldest first."""
        with _reported(self.path):
            names = [file.name for file in (self.path / "pulls").iterdir()]
        return tuple(sorted(int(name[:-5]) for name in names if re.fullmatch(r"\d+\.json", name)))

    def dossier(self, number: int) -> Dossier:
        """Read one pull request."""
        file = self.dossier_file(number)
        if not file.is_file():
            raise NotARepository(
                Problem(
                    what=f"there is no pull request {number}",
                    remedy="name one that was proposed",
                    file=str(self.path),
                )
            )
        return _read(_DOSSIER, file)

    def write_dossier(self, dossier: Dossier) -> None:
        """Replace one pull request."""
        _write(_DOSSIER, self.dossier_file(dossier.number), dossier)

    def dossier_file(self, number: int) -> Path:
        """Say where a pull request is kept."""
        return self.path / "pulls" / f"{number}.json"

    def statuses(self, sha: str) -> tuple[Status, ...]:
        """Read what was said about a commit, oldest first."""
        file = self.path / "statuses" / f"{sha}.json"
        return _read(_STATUSES, file) if file.is_file() else ()

    def write_statuses(self, sha: str, statuses: tuple[Status, ...]) -> None:
        """Replace what was said about a commit."""
        _write(_STATUSES, self.path / "statuses" / f"{sha}.json", statuses)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(f"{error.filename or path}: {error.strerror or error}") from error


def _read(adapter: TypeAdapter[T], file: Path) -> T:
    with _reported(file):
        text = file.read_bytes()
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Malformed(
            Problem(
                what=f"{place or 'the file'}: {first['msg']}",
                remedy="restore the file; it is written by the local forge, not by hand",
                file=str(file),
            )
        ) from error


def _write(adapter: TypeAdapter[T], file: Path, value: T) -> None:
    text = json.dumps(adapter.dump_python(value, mode="json"), indent=1, ensure_ascii=False)
    with _reported(file):
        descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=".", suffix=".draft")
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        Path(draft).replace(file)
