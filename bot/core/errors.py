"""The ways Lockstep stops, each with an exit code of its own.

Three kinds: a Refusal is your input and names the place and the way out; an
Unavailable is the world and may be tried again; anything else is a bug and is
not caught.  A gate that says no is a Verdict, not an error.

    Stop
    |-- Refusal               your input
    |   |-- Malformed         10  broken YAML, wrong type
    |   |-- UnknownName       11  unknown key, gate, model, metric, stage
    |   |-- NotCanonical      12  a lock that `lockstep fmt` would change
    |   |-- ForbiddenChange   13  the change itself may not be made
    |   |-- PolicyMissing     14  no policy, or more than one, matches a model
    |   |-- OutOfScope        15  the pull request changes more than the lock
    |   |-- UnsafeFile        16  a symlink, a submodule, over its cap, unreadable
    |   |-- NotARepository    17  there is no git repository or no such commit
    |   `-- Denied            18  no token, or the forge does not let it do that
    |-- Incident              76  what landed is not what was judged
    `-- Unavailable           75  the world did not answer
        `-- Moved                 head or base moved meanwhile
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with the input: where, what, and what to do about it."""

    what: str
    remedy: str
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """`file:line:column: what; what to do`."""
        place = ":".join(
            str(part) for part in (self.file, self.line, self.column) if part is not None
        )
        sentence = f"{self.what}; {self.remedy}" if self.remedy else self.what
        return f"{place}: {sentence}" if place else sentence


class Stop(Exception):  # noqa: N818 -- the word reads true in every message
    """Lockstep cannot go on, for a reason it can name."""

    exit_code: ClassVar[int]


class Refusal(Stop):
    """The input cannot be accepted as it is; every problem is listed at once."""

    def __init__(self, *problems: Problem) -> None:
        """Take at least one problem."""
        if not problems:
            raise TypeError("a refusal names at least one problem")
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class Malformed(Refusal):
    """A document is not what its schema says."""

    exit_code = 10


class UnknownName(Refusal):
    """A document names something that does not exist."""

    exit_code = 11


class NotCanonical(Refusal):
    """A lock is right in content and wrong in form."""

    exit_code = 12


class ForbiddenChange(Refusal):
    """A lock may not change in this way."""

    exit_code = 13


class PolicyMissing(Refusal):
    """Not exactly one policy matches a model."""

    exit_code = 14


class OutOfScope(Refusal):
    """A promotion changes files other than the lock."""

    exit_code = 15


class UnsafeFile(Refusal):
    """A file is not a plain file of a sane size."""

    exit_code = 16


class NotARepository(Refusal):
    """A repository, branch, commit or pull request is not there."""

    exit_code = 17


class Denied(Refusal):
    """The forge knows the token and does not let it do this, or does not know it."""

    exit_code = 18


class Unavailable(Stop):
    """The world did not answer; the same request may succeed later."""

    exit_code = 75


class Moved(Unavailable):
    """Head or base is no longer what was judged; judge again."""


class Incident(Stop):
    """What landed is not what was judged; a person looks."""

    exit_code = 76


class Fault(Enum):
    """Why evidence is absent; the value is the exit code of a run that met it."""

    NO_GATES = 20
    ARTIFACT_UNREACHABLE = 21
    ARTIFACT_DIGEST = 22
    MODEL_DOES_NOT_LOAD = 23
    MODEL_DOES_NOT_PREDICT = 24
    CHAMPION_GONE = 25
    DATA_UNREACHABLE = 26
    DATA_DIGEST = 27
    TARGET_MISSING = 28
    ONE_CLASS = 29
    NO_ROWS = 30
    SCORES_NOT_FINITE = 31
    ROWS_MISMATCHED = 32
    ORDER_DEPENDENT = 33
    SANDBOX_TOO_WEAK = 34
    LIMIT_EXCEEDED = 35
    FORGED_OUTPUT = 36
    FLAVOR_MISSING = 37
    MANIFEST_MISSING = 38
    UNREADABLE = 39
    NOT_GATHERED = 40
    CODE_NOT_ALLOWED = 41
    BUNDLE_MISSING = 42
    BUNDLE_FORGED = 43


PASSED, FAILED, INCONCLUSIVE, ERRORED, BUG = 0, 1, 3, 4, 70
"""Exit codes of a run that was judged; 2 is a wrong command line (click), 70 is a bug."""
UNHEALTHY = 5
"""Exit code of a doctor who found something wrong."""
