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
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.core.errors import Malformed, NotARepository, Problem, Unavailable
from bot.world.forge import Review, Role, State, Status

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
    reactions: tuple[tuple[str, str], ...] = ()
    """Who reacted, and how."""
    at: datetime | None = None
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A status and when it was set."""

    context: str
    state: State
    description: str
    url: str | None
    at: datetime | None = None

    @classmethod
    def of(cls, status: Status, at: datetime) -> Marked:
        """Date a status."""
        return cls(
            context=status.context,
            state=status.state,
            description=status.description,
            url=status.url,
            at=at,
        )

    @property
    def status(self) -> Status:
        """Leave out the date."""
        return Status(
            context=self.context, state=self.state, description=self.description, url=self.url
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """An issue as it is kept in the folder."""

    number: int
    author: str
    title: str
    body: str
    open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody whose rights were granted here."""

    login: str
    role: Role
    teams: tuple[str, ...] = ()


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
    objections: tuple[Review, ...] = ()
    remarks: tuple[Remark, ...] = ()
    next_remark: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Charter:
    """What a local forge is called and which branch production follows."""

    format: int
    slug: str
    default_branch: str


_DOSSIER = TypeAdapter(Dossier)
_MARKS = TypeAdapter(tuple[Marked, ...])
_MATTER = TypeAdapter(Matter)
_PEOPLE = TypeAdapter(tuple[Person, ...])
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
        return _numbers(self.path / "pulls")

    def next_number(self) -> int:
        """Return a number that no pull request and no issue has."""
        return max((*self.numbers(), *_numbers(self.path / "issues")), default=0) + 1

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

    def marks(self, sha: str) -> tuple[Marked, ...]:
        """Read what was said about a commit, oldest first."""
        file = self.path / "statuses" / f"{sha}.json"
        return _read(_MARKS, file) if file.is_file() else ()

    def write_marks(self, sha: str, marks: tuple[Marked, ...]) -> None:
        """Replace what was said about a commit."""
        _write(_MARKS, self.path / "statuses" / f"{sha}.json", marks)

    def matters(self) -> tuple[Matter, ...]:
        """Read all issues, oldest first."""
        numbers = _numbers(self.path / "issues")
        return tuple(_read(_MATTER, self.matter_file(number)) for number in numbers)

    def write_matter(self, matter: Matter) -> None:
        """Replace one issue."""
        _write(_MATTER, self.matter_file(matter.number), matter)

    def matter_file(self, number: int) -> Path:
        """Say where an issue is kept."""
        return self.path / "issues" / f"{number}.json"

    def people(self) -> tuple[Person, ...]:
        """Read whose rights were granted."""
        file = self.path / "people.json"
        return _read(_PEOPLE, file) if file.is_file() else ()

    def write_people(self, people: tuple[Person, ...]) -> None:
        """Replace whose rights were granted."""
        _write(_PEOPLE, self.path / "people.json", people)


def _numbers(folder: Path) -> tuple[int, ...]:
    with _reported(folder):
        names = [file.name for file in folder.iterdir()] if folder.is_dir() else []
    return tuple(sorted(int(name[:-5]) for name in names if re.fullmatch(r"\d+\.json", name)))


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
        file.parent.mkdir(exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=".", suffix=".draft")
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        Path(draft).replace(file)
