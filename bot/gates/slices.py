"""No slice of the rows is worse than the champion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from bot.core.errors import Fault
from bot.core.evidence import Absent, EvidenceMissing
from bot.core.figures import count, percent, signed
from bot.core.lock import Line
from bot.core.policy import Confidence
from bot.core.verdict import Measure, Outcome, Verdict
from bot.gates import contest
from bot.gates.fields import Columns, DataName, Margin, MetricName
from bot.gates.gate import Gate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.core.case import Case
    from bot.core.evidence import Evidence, Need
    from bot.core.questions import Holdout
    from bot.statistics.slices import SliceDifference

CORRECTIONS = {"holm": "Holm", "bh": "Benjamini-Hochberg"}
NAMED = 5
"""Slices a sentence names before it counts the rest."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice by its name, such as `origin=JFK`."""

    name: str
    found: SliceDifference
    outcome: Outcome

    @property
    def order(self) -> tuple[int, float]:
        """Worst outcome first, then smallest gain."""
        return -self.outcome, self.found.difference.gain[0] or 0.0


class Slices(Gate):
    """Fails when a slice is significantly worse than the champion by more than `allow_drop`.

    All columns of `by` are one family.  "Any slice worse" blocks, so its p-values are corrected
    over the family; "every slice safe" must hold for all, so each is tested at its own level.
    Slices below `min_rows` are listed, never dropped in silence; a slice named in `expect` fails
    when it has no rows and is INCONCLUSIVE when it has too few.
    """

    name: ClassVar[str] = "slices"
    compares: ClassVar[bool] = True
    example: ClassVar[str] = "slices: {metric: recall, by: [region], allow_drop: 0.02}"

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
    confidence: Confidence = 0.95
    """One-sided confidence, over the whole family."""
    proof: Literal["safe", "worse"] = "safe"
    """`safe`: every judged slice must be shown safe; `worse`: none may be shown to be worse."""
    expect: dict[Line, Columns] = Field(default_factory=dict)
    """Values a column of `by` must have."""

    @model_validator(mode="after")
    def _cut_by_what_is_expected(self) -> Self:
        for column in self.expect:
            if column not in self.by:
                raise ValueError(f"expect names {column}, and `by` does not cut by it")
        return self

    @property
    def title(self) -> str:
        """Name the gate with its metric and columns."""
        return f"slices {self.metric} by {', '.join(self.by)}"

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Ask for labels and both versions' answers."""
        return contest.needs_of_both(case, self.data)

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """Compare inside every slice, correct over all, and fold."""
        slices = self._compare(case, evidence)
        judged = sorted((one for one in slices if one.found.judged), key=lambda one: one.order)
        unjudged = [one for one in slices if not one.found.judged]
        there = {one.name for one in slices}
        expected = [f"{column}={value}" for column in self.expect for value in self.expect[column]]
        absent = [name for name in expected if name not in there]
        unsure = [one for one in unjudged if one.name in expected]
        return Verdict(
            gate=self.name,
            title=self.title,
            outcome=_fold(judged, absent, unsure),
            because=self._sentence(judged, absent, unsure or unjudged[: not judged]),
            required=self._condition(len(judged)),
            measured=tuple(self._measure(one) for one in judged),
            details=_listed(unjudged),
            unblock=self._unblock(judged, absent),
            notes=contest.notes(case, self.data, evidence),
        )

    def _compare(self, case: Case, evidence: Evidence) -> list[Slice]:
        """Compare over all columns as one family."""
        from bot.statistics.metrics import METRICS
        from bot.statistics.slices import slice_differences

        names, codes = _cut(contest.labels(case, self.data, evidence), self.by)
        found = slice_differences(
            METRICS[self.metric],
            contest.sample(case, contest.champion(case), self.data, evidence),
            contest.sample(case, case.challenger, self.data, evidence),
            codes,
            margin=self.allow_drop,
            min_rows=self.min_rows,
            correction=self.correction,
            confidence=self.confidence,
            seed=case.seed(self.title),
        )
        return [Slice(names[one.code], one, self._outcome(one)) for one in found]

    def _outcome(self, one: SliceDifference) -> Outcome:
        if one.worse:
            return Outcome.FAILED
        return Outcome.PASSED if one.safe or self.proof == "worse" else Outcome.INCONCLUSIVE

    def _condition(self, judged: int) -> str:
        limit, sure = f"{self.allow_drop:g}", f"{percent(self.confidence)} confidence"
        slices = count(judged, "slice")
        if self.proof == "safe":
            return f"every slice is shown to lose at most {limit}, with {sure} in each of {slices}"
        family = f"over {slices} ({CORRECTIONS[self.correction]})"
        return f"no slice is shown to lose more than {limit}, with {sure} {family}"

    def _sentence(self, judged: list[Slice], absent: list[str], unsure: list[Slice]) -> str:
        parts = []
        if absent:
            parts.append(f"no row has {_some(absent)}")
        if judged:
            parts.append(self._weakest(judged))
        parts += [
            f"{one.name} cannot be judged: {one.found.difference.undecidable}"
            for one in unsure[:NAMED]
        ]
        return "; ".join(parts) or f"no row has a value of {', '.join(self.by)}"

    def _weakest(self, judged: list[Slice]) -> str:
        worst = judged[0]
        said = contest.change(worst.found.difference, -self.allow_drop)
        alike = [one for one in judged if one.outcome is worst.outcome]
        of = f"{len(alike):,} of {count(len(judged), 'slice')} {'is' if len(alike) == 1 else 'are'}"
        folds = {
            Outcome.FAILED: f"; {of} shown to be worse",
            Outcome.INCONCLUSIVE: f"; {of} not shown to be safe",
        }
        fold = folds.get(worst.outcome, f", the weakest of {count(len(judged), 'slice')}")
        return f"{self.metric} in {worst.name} {said}{fold}"

    def _measure(self, one: Slice) -> Measure:
        found = one.found
        shrunk = (
            "" if found.shrunk is None else f"shrunk {contest.minus(signed(found.shrunk, 0.0))}, "
        )
        return contest.measure(
            f"{self.metric} [{one.name}]",
            found.difference,
            -self.allow_drop,
            one.outcome,
            f"{shrunk}adjusted p {_p(found.adjusted)}",
        )

    def _unblock(self, judged: list[Slice], absent: list[str]) -> str:
        worse = [one.name for one in judged if one.outcome is Outcome.FAILED]
        if worse or absent:
            return "; ".join(
                part
                for part in (
                    f"repair {_some(worse)}" if worse else "",
                    f"judge on rows that have {_some(absent)}" if absent else "",
                )
                if part
            )
        if not judged:
            return f"at least {self.min_rows:,} rows in a slice"
        if judged[0].outcome is Outcome.PASSED:
            return ""
        found = judged[0].found.difference
        return f"in {judged[0].name}, " + contest.enough(
            found, (found.gain[0] or 0.0) + self.allow_drop
        )


def _fold(judged: list[Slice], absent: list[str], unsure: list[Slice]) -> Outcome:
    """Fold slices worst first; what is expected and cannot be judged, or nothing, is no pass."""
    if absent:
        return Outcome.FAILED
    floor = Outcome.INCONCLUSIVE if unsure or not judged else Outcome.PASSED
    return max([floor, *(one.outcome for one in judged)])


def _cut(rows: Holdout, by: tuple[str, ...]) -> tuple[list[str], list[NDArray[Any]]]:
    """Give every value of every column one code of a joint numbering, -1 where missing.

    Raises:
        EvidenceMissing: the dataset does not name a column.
    """
    import numpy as np

    names: list[str] = []
    codes = []
    for column in by:
        if column not in rows.groups:
            raise EvidenceMissing(_unnamed(column, rows))
        group = rows.groups[column]
        codes.append(np.where(group.codes < 0, -1, group.codes + len(names)))
        names += [f"{column}={value}" for value in group.names]
    return names, codes


def _unnamed(column: str, rows: Holdout) -> Absent:
    known = ", ".join(rows.groups) or "none"
    return Absent(
        fault=Fault.DATA_UNREACHABLE,
        reason=f"the dataset does not name {column} as a slice; it names {known}",
        remedy=f"add {column} to the dataset's `slices:` in the policy",
    )


def _listed(unjudged: list[Slice]) -> tuple[str, ...]:
    """List what was not judged, with the reason of each."""
    return tuple(f"not judged: {one.name}: {one.found.difference.undecidable}" for one in unjudged)


def _p(value: float) -> str:
    return "below 0.0001" if value < 0.0001 else f"{value:.2g}"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
