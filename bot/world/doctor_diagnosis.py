"""A diagnosis is what the doctor says about one thing, with its remedy.

A check is data in, diagnoses out; looking is done elsewhere, so that every check is tested on
plain facts.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class Level(Enum):
    """How a thing is; the value is the word that is shown."""

    WRONG = "wrong"
    """Somebody can get past the gates, or Lockstep cannot do its work."""
    WARNING = "warning"
    """It works, and would be safer or clearer otherwise."""
    UNKNOWN = "unknown"
    """It could not be looked at, with the reason."""
    FINE = "ok"


class Theme(Enum):
    """What a check is about; the value heads its part of the list."""

    IDENTITY = "Identity"
    RULES = "Branch rules"
    AUDIT = "Audit branch"
    OWNERS = "Code owners"
    ENVIRONMENTS = "Environments"
    ACTIONS = "Actions settings"
    WORKFLOWS = "Workflows"
    RUNS = "Runs"
    POLICIES = "Lock and policies"
    REACH = "Artifacts and data"
    SANDBOX = "Sandbox"
    ROLLBACK = "Way back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request to GitHub that mends something; sending it twice is sending it once."""

    method: str
    path: str
    """Below the repository's address."""
    body: Any
    does: str

    def shown(self, slug: str) -> str:
        """Write it as a line for a shell, for whoever has the rights."""
        body = shlex.quote(json.dumps(self.body, sort_keys=True))
        call = f"gh api --method {self.method} {shlex.quote(f'repos/{slug}{self.path}')}"
        return f"{call} --input - <<< {body}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A file of the working tree that mends something once a person commits it."""

    path: str
    text: str
    does: str
    over: str | None = None
    """The committed text it replaces; None when there is none."""


Mend = Call | Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found about one thing."""

    check: str
    """Name of the check, a key of `doctor_checks.CHECKS`."""
    level: Level
    what: str
    remedy: str = ""
    mends: tuple[Mend, ...] = ()


def fine(check: str, what: str) -> Diagnosis:
    """Say that something is as it should be."""
    return Diagnosis(check=check, level=Level.FINE, what=what)


def wrong(check: str, what: str, remedy: str, *mends: Mend) -> Diagnosis:
    """Say that something is wrong."""
    return Diagnosis(check=check, level=Level.WRONG, what=what, remedy=remedy, mends=mends)


def warning(check: str, what: str, remedy: str, *mends: Mend) -> Diagnosis:
    """Say that something would be better otherwise."""
    return Diagnosis(check=check, level=Level.WARNING, what=what, remedy=remedy, mends=mends)


def unknown(check: str, what: str, remedy: str = "") -> Diagnosis:
    """Say that something could not be looked at."""
    return Diagnosis(check=check, level=Level.UNKNOWN, what=what, remedy=remedy)


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: `1 policy`, `2 policies`."""
    if number == 1:
        return f"1 {noun}"
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {plural}"


def mends_of(diagnoses: Iterable[Diagnosis]) -> tuple[Mend, ...]:
    """Collect what mends all of them, each once, in order."""
    found: list[Mend] = []
    for diagnosis in diagnoses:
        found += [mend for mend in diagnosis.mends if mend not in found]
    return tuple(found)
