"""A need is a question to the world; evidence is the measured answers.

Needs are plain frozen values, so that the same question asked by two gates is
gathered once.  What could not be found out is `Absent(reason)`, and reading it
raises `EvidenceMissing`, which judging turns into ERRORED: silence never passes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from bot.core.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")


class Need(Generic[T]):
    """A question whose answer has type T; subclasses are frozen dataclasses."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact(Generic[T]):
    """An answer with its provenance."""

    value: T
    source: str
    """Where it came from, in words a reader can follow."""
    digest: str | None = None
    """`sha256:…` of what was read, when the answer came from bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """No answer, with the reason and the way out."""

    fault: Fault
    reason: str
    remedy: str


class EvidenceMissing(Exception):  # noqa: N818 -- named as the sentence reads
    """A gate read evidence that is absent."""

    def __init__(self, absent: Absent, need: Need[Any] | None = None) -> None:
        """Carry the reason, and the question that has no answer."""
        self.absent = absent
        self.need = need
        super().__init__(absent.reason)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Every fact gathered for one proposal."""

    facts: Mapping[Need[Any], Fact[Any] | Absent] = field(default_factory=dict)

    def __getitem__(self, need: Need[T]) -> T:
        """Read the answer to a need.

        Raises:
            EvidenceMissing: the answer is absent or the need was never gathered.
        """
        answer = self.facts.get(need)
        if isinstance(answer, Fact):
            value: T = answer.value
            return value
        raise EvidenceMissing(answer or never_gathered(need), need)


def never_gathered(need: Need[Any]) -> Absent:
    """Describe a need nobody answered; a gate forgot to declare it, or a source is not built."""
    return Absent(
        fault=Fault.NOT_GATHERED,
        reason=f"nothing answered {type(need).__name__}",
        remedy="report this as a bug in the gate",
    )
