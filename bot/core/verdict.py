"""A verdict is one gate's answer: outcome, because, measured, required."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.core.errors import Fault


class Outcome(IntEnum):
    """What a gate says; a larger value is worse and wins every fold."""

    PASSED = 0
    INCONCLUSIVE = 1
    ERRORED = 2
    FAILED = 3


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Fold outcomes; of nothing asked the answer is ERRORED, never a pass."""
    return max(outcomes, default=Outcome.ERRORED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """A value with its two one-sided confidence bounds, in the unit of its measure."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measured quantity as a report may show it, without further arithmetic."""

    name: str
    """What was measured, such as `roc_auc` or `recall [origin=JFK]`."""
    challenger: Bounds | float | None = None
    champion: Bounds | float | None = None
    difference: Bounds | None = None
    """Challenger minus champion, in the unit of the metric."""
    limit: float | None = None
    """The bound to keep: by the difference if there is one, else by the challenger."""
    direction: str = "higher"
    """`higher` or `lower`: which is better."""
    unit: str = ""
    n: int | None = None
    """Rows, requests or files the measure rests on."""
    confidence: float | None = None
    method: str = ""
    outcome: Outcome | None = None
    """Set where one verdict holds several measures, each with its own outcome (slices)."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A recorded, expiring permission to go on although a gate said no."""

    gate: str
    model: str
    by: str
    reason: str
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A gate that a person took upon themselves by a comment: for one evidence, for a while."""

    gate: str
    """Name of the gate, or its title where one of several is meant."""
    by: str
    reason: str
    until: datetime
    keys: tuple[str, ...]
    """Evidence keys it was given for."""
    comment: int
    """The comment that ordered it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One gate's answer about one transition."""

    gate: str
    """Name in the gate table; also the anchor of its documentation."""
    title: str
    """The gate with its subject, such as `compare roc_auc`."""
    outcome: Outcome
    because: str
    """One sentence that names the measured value."""
    required: str
    """The condition, in words, as the policy states it."""
    measured: tuple[Measure, ...] = ()
    details: tuple[str, ...] = ()
    """Further sentences, folded in a report."""
    unblock: str = ""
    """What would change the answer: rows needed, distance to the limit."""
    fault: Fault | None = None
    """Why the gate ERRORED."""
    remedy: str = ""
    waived: Waiver | None = None
    observed: bool = False
    """The policy only observes this gate; it does not decide."""
    overridden: Override | None = None
    """Who took it upon themselves that the gate said no."""
    hard: bool = False
    """Nobody may override it."""
    place: str = ""
    """`policies/x.yaml:12:7`, where the gate is asked for."""
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuse a verdict that does not say why."""
        if not self.because.strip():
            raise ValueError("a verdict says why")
        if self.hard and self.overridden:
            raise ValueError("a hard gate is not overridden")

    @property
    def counts(self) -> Outcome:
        """The outcome as the fold sees it: what is permitted or only observed does not block."""
        permitted = self.waived or self.observed or self.overridden
        return Outcome.PASSED if permitted else self.outcome
