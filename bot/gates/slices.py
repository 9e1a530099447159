"""No slice of the rows is worse than the champion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, Field

from bot.core.errors import Fault
from bot.core.evidence import Absent, EvidenceMissing
from bot.core.figures import count, figure, signed
from bot.core.lock import Line
from bot.core.policy import Probability
from bot.core.verdict import Bounds, Measure, Outcome, Verdict
from bot.gates import contest
from bot.gates.fields import DataName, Margin, MetricName
from bot.gates.gate import Gate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.core.case import Case
    from bot.core.evidence import Evidence, Need
    from bot.core.questions import Holdout
    from bot.statistics.slices import SliceDifference

Columns = Annotated[
    tuple[Line, ...],
    BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value),
    Field(min_length=1),
]


class Slices(Gate):
    """Fails when any slice is significantly worse than the champion by more than `allow_drop`.

    Passes when every judged slice is shown not to be; INCONCLUSIVE in between.  "Any slice worse"
    is a family that blocks, so its p-values are corrected over all slices.  Slices below
    `min_rows` are listed, never dropped in silence, and a slice named in `expect` that is missing
    fails.
    """

    name: ClassVar[str] = "slices"
    compares: ClassVar[bool] = True

    metric: MetricName
    """Metric to compare inside every slice."""
    by: Columns
    """Columns of the dataset's `slices` or `protected` to cut by, each on its own."""
    data: DataName = "holdout"
    """Dataset of the policy both versions answer."""
    allow_drop: Margin
    """Largest loss that is tolerated in a slice, in the unit of the metric."""
    min_rows: Annotated[int, Field(ge=20)] = 200
    """Rows below which a slice is listed but not judged."""
    correction: Literal["holm", "bh"] = "holm"
    """Correction over the slices: Holm's, or Benjamini and Hochberg's."""
    confidence: Probability = 0.95
    """One-sided confidence, over the whole family."""
    proof: Literal["safe", "worse"] = "safe"
    """`safe`: every slice must be shown safe.  `worse`: pass unless one is shown to be worse."""
    expect: dict[Line, Columns] = {}
    """Values a column must have; a missing one fails."""

    @property
    def title(self) -> str:
        """Name the gate with its metric and columns."""
        return f"slices {self.metric} by {', '.join(self.by)}"

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Ask for labels and both versions' answers."""
        return contest.needs(case, self.data, both=True)

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """Compare inside every slice, correct over all, and fold."""
        held = contest.champion(case)
        rows = contest.labels(case, self.data, evidence)
        names, codes = _cut(rows, self.by)
        found = self._compare(
            case,
            held_codes=codes,
            champion=contest.sample(case, held, self.data, evidence),
            challenger=contest.sample(case, case.challenger, self.data, evidence),
        )
        judged = [(names[one.code], one) for one in found if one.judged]
        small = [names[one.code] for one in found if not one.judged]
        absent = [
            f"{column}={value}"
            for column, values in self.expect.items()
            for value in values
            if column not in rows.groups or value not in rows.groups[column].names
        ]
        outcome = self._outcome(judged, absent)
        return Verdict(
            gate=self.name,
            title=self.title,
            outcome=outcome,
            because=self._sentence(judged, absent),
            required=f"no slice loses more than {self.allow_drop:g}, {self.confidence:.0%} "
            f"confidence over {count(len(judged), 'slice')} ({self.correction})",
            measured=tuple(self._measure(name, one) for name, one in _worst_first(judged)),
            details=(f"below {self.min_rows} rows or undecidable, not judged: {', '.join(small)}",)
            if small
            else (),
            unblock=self._unblock(judged, outcome),
        )

    def _compare(
        self, case: Case, held_codes: list[NDArray[np.int64]], champion: Any, challenger: Any
    ) -> list[SliceDifference]:
        """Compare over all columns as one family."""
        from bot.statistics.metrics import METRICS
        from bot.statistics.slices import slice_differences

        return list(
            slice_differences(
                METRICS[self.metric],
                champion,
                challenger,
                held_codes,
                margin=self.allow_drop,
                min_rows=self.min_rows,
                correction=self.correction,
                confidence=self.confidence,
                seed=case.seed(self.title),
            )
        )

    def _outcome(self, judged: list[tuple[str, SliceDifference]], absent: list[str]) -> Outcome:
        if absent or any(one.worse for _, one in judged):
            return Outcome.FAILED
        if not judged or (self.proof == "safe" and not all(one.safe for _, one in judged)):
            return Outcome.INCONCLUSIVE
        return Outcome.PASSED

    def _sentence(self, judged: list[tuple[str, SliceDifference]], absent: list[str]) -> str:
        if absent:
            return f"slice {', '.join(absent)} has no rows"
        if not judged:
            return f"no slice has {self.min_rows} rows"
        name, worst = _worst_first(judged)[0]
        gain, lower, upper = worst.difference.gain
        word = "drops" if (gain or 0) < 0 else "gains"
        return (
            f"{self.metric} {word} {figure(abs(gain or 0.0), self.allow_drop)} in {name} "
            f"({signed(lower)} to {signed(upper)}, n = {worst.difference.n:,}), "
            f"the weakest of {count(len(judged), 'slice')}"
        )

    def _measure(self, name: str, one: SliceDifference) -> Measure:
        found = one.difference
        sign = 1.0 if found.gain[1] == found.lower else -1.0
        outcome = (
            Outcome.FAILED if one.worse else Outcome.PASSED if one.safe else Outcome.INCONCLUSIVE
        )
        return Measure(
            name=f"{self.metric} [{name}]",
            challenger=found.challenger,
            champion=found.champion,
            difference=Bounds(value=found.value or 0.0, lower=found.lower, upper=found.upper),
            limit=-sign * self.allow_drop,
            direction=found.direction.value,
            n=found.n,
            confidence=self.confidence,
            method=found.method,
            outcome=outcome,
            note=f"shrunk {signed(one.shrunk)}, adjusted p {one.adjusted:.3g}",
        )

    def _unblock(self, judged: list[tuple[str, SliceDifference]], outcome: Outcome) -> str:
        if outcome is Outcome.FAILED:
            worse = [name for name, one in judged if one.worse]
            return (
                f"repair {', '.join(worse[:5])}" if worse else "provide rows of the missing slice"
            )
        if outcome is Outcome.INCONCLUSIVE and judged:
            unsure = [name for name, one in judged if not one.safe]
            return f"more rows of {', '.join(unsure[:5])}"
        return ""


def _cut(rows: Holdout, by: tuple[str, ...]) -> tuple[list[str], list[NDArray[np.int64]]]:
    """Give every value of every column one code of a joint numbering, -1 where missing."""
    names: list[str] = []
    codes = []
    for column in by:
        if column not in rows.groups:
            known = ", ".join(rows.groups) or "none"
            raise EvidenceMissing(
                Absent(
                    fault=Fault.DATA_UNREACHABLE,
                    reason=f"the dataset does not name {column} as a slice; it names {known}",
                    remedy=f"add {column} to the dataset's `slices:` in the policy",
                )
            )
        group = rows.groups[column]
        codes.append(np.where(group.codes < 0, -1, group.codes + len(names)))
        names += [f"{column}={value}" for value in group.names]
    return names, codes


def _worst_first(
    judged: list[tuple[str, SliceDifference]],
) -> list[tuple[str, SliceDifference]]:
    return sorted(judged, key=lambda pair: (not pair[1].worse, pair[1].difference.gain[0] or 0.0))
