"""The challenger is compared with the champion on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import model_validator

from bot.core.figures import figure, percent
from bot.core.policy import Confidence
from bot.core.verdict import Outcome, Verdict
from bot.gates import contest
from bot.gates.fields import DataName, Margin, MetricName
from bot.gates.gate import Gate

if TYPE_CHECKING:
    from bot.core.case import Case
    from bot.core.evidence import Evidence, Need
    from bot.statistics import Difference


class Compare(Gate):
    """Passes when the confidence bound of the paired difference keeps the margin.

    `improve_by` asks for superiority: the lower bound of the gain lies above it.
    `allow_drop` asks for non-inferiority: the lower bound of the gain lies above minus it.
    `max_gain` stops a gain too good to be true for a person to look at.
    Gains are signed so that positive is better, whatever the metric's direction.
    """

    name: ClassVar[str] = "compare"
    compares: ClassVar[bool] = True
    exactly_one: ClassVar[tuple[str, ...]] = ("improve_by", "allow_drop")
    example: ClassVar[str] = "compare: {metric: roc_auc, allow_drop: 0.003}"

    metric: MetricName
    """Metric to compare, such as `roc_auc`."""
    data: DataName = "holdout"
    """Dataset of the policy both versions answer."""
    improve_by: Margin | None = None
    """Smallest gain that must be shown, in the unit of the metric; 0 asks for any gain."""
    allow_drop: Margin | None = None
    """Largest loss that is tolerated, in the unit of the metric."""
    max_gain: Margin | None = None
    """Gain beyond which a person looks before it is believed."""
    relative: bool = False
    """Read the margins as shares of the champion's absolute value."""
    confidence: Confidence = 0.95
    """One-sided confidence of the bound."""

    @model_validator(mode="after")
    def _a_gain_may_be_good(self) -> Self:
        if self.max_gain is not None and self.max_gain <= (self.improve_by or 0.0):
            raise ValueError("max_gain lies above improve_by, and above 0")
        return self

    @property
    def title(self) -> str:
        """Name the gate with its metric."""
        return f"compare {self.metric}"

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Ask for labels and both versions' answers."""
        return contest.needs_of_both(case, self.data)

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """Estimate the paired difference and hold the bound of the gain against the margin."""
        from bot.statistics import difference
        from bot.statistics.metrics import METRICS

        found = difference(
            METRICS[self.metric],
            contest.sample(case, contest.champion(case), self.data, evidence),
            contest.sample(case, case.challenger, self.data, evidence),
            confidence=self.confidence,
            seed=case.seed(self.title),
        )
        floor = self._floor(found)
        outcome = self._outcome(found, floor)
        return Verdict(
            gate=self.name,
            title=self.title,
            outcome=outcome,
            because=self._sentence(found, floor),
            required=self._condition(),
            measured=(contest.measure(self.metric, found, floor),),
            notes=contest.notes(case, self.data, evidence),
            unblock="" if outcome is Outcome.PASSED else self._unblock(found, floor, outcome),
        )

    def _scale(self, found: Difference) -> float:
        return abs(found.champion or 0.0) if self.relative else 1.0

    def _floor(self, found: Difference) -> float:
        """Return what the lower bound of the gain must reach, in the unit of the metric."""
        wanted = self.improve_by if self.improve_by is not None else -(self.allow_drop or 0.0)
        return wanted * self._scale(found)

    def _undecided(self, found: Difference) -> str:
        """Say why there is nothing to hold against the margin; empty when there is."""
        if found.undecidable:
            return found.undecidable
        if self._scale(found) == 0.0 and not found.identical:
            return "the champion's value is 0, and a share of it means nothing"
        return ""

    def _suspicious(self, found: Difference) -> bool:
        return self.max_gain is not None and found.gain[1] > self.max_gain * self._scale(found)

    def _outcome(self, found: Difference, floor: float) -> Outcome:
        _, lower, upper = found.gain
        if self._undecided(found):
            return Outcome.INCONCLUSIVE
        if self.improve_by is not None:
            shown, refuted = lower > floor, upper <= floor
        else:
            shown, refuted = lower >= floor, upper < floor
        if shown and not self._suspicious(found):
            return Outcome.PASSED
        return Outcome.FAILED if refuted else Outcome.INCONCLUSIVE

    def _condition(self) -> str:
        of = " of the champion's value" if self.relative else ""
        if self.improve_by is not None:
            wanted = f"a gain above {self.improve_by:g}{of}"
        else:
            wanted = f"a loss of at most {self.allow_drop:g}{of}"
        cap = f", no gain beyond {self.max_gain:g}{of}" if self.max_gain is not None else ""
        return f"{wanted}{cap}, with {percent(self.confidence)} confidence"

    def _sentence(self, found: Difference, floor: float) -> str:
        if reason := self._undecided(found):
            return f"{self.metric} cannot be compared: {reason}"
        said = f"{self.metric} {contest.change(found, floor)}"
        return f"{said}, too good to be believed unseen" if self._suspicious(found) else said

    def _unblock(self, found: Difference, floor: float, outcome: Outcome) -> str:
        gain = found.gain[0]
        if gain is None or self._undecided(found):
            return ""
        if self._suspicious(found):
            return "a person looks at the gain, and waives this gate in the policy if it is real"
        if outcome is Outcome.INCONCLUSIVE:
            return contest.enough(found, gain - floor)
        if found.identical:
            return "it answers like the champion on every row, so there is no gain to show"
        return f"the gain is {figure(floor - gain)} short of the limit"
