"""The challenger is compared with the champion on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import model_validator

from bot.core.figures import figure, signed
from bot.core.policy import Probability
from bot.core.verdict import Bounds, Measure, Outcome, Verdict
from bot.gates import contest
from bot.gates.fields import DataName, Margin, MetricName
from bot.gates.gate import Gate

if TYPE_CHECKING:
    from bot.core.case import Case
    from bot.core.evidence import Evidence, Need
    from bot.statistics.values import Difference


class Compare(Gate):
    """Passes when the paired difference's confidence bound keeps the margin.

    `improve_by` asks for superiority: the lower bound of the gain lies above it.
    `allow_drop` asks for non-inferiority: the lower bound of the gain lies above minus it.
    `max_gain` stops a gain too good to be true for a person to look at.
    Gains are signed so that positive is better, whatever the metric's direction.
    """

    name: ClassVar[str] = "compare"
    compares: ClassVar[bool] = True

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
    confidence: Probability = 0.95
    """One-sided confidence of the bound."""

    @model_validator(mode="after")
    def _one_margin(self) -> Self:
        if (self.improve_by is None) == (self.allow_drop is None):
            raise ValueError("give exactly one of improve_by and allow_drop")
        return self

    @property
    def title(self) -> str:
        """Name the gate with its metric."""
        return f"compare {self.metric}"

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Ask for labels and both versions' answers."""
        return contest.needs(case, self.data, both=True)

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """Estimate the paired difference and hold the bound of the gain against the margin."""
        from bot.statistics import difference
        from bot.statistics.metrics import METRICS

        metric = METRICS[self.metric]
        held = contest.champion(case)
        found = difference(
            metric,
            contest.sample(case, held, self.data, evidence),
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
            because=self._sentence(found, floor, outcome),
            required=self._condition(),
            measured=(self._measure(found, floor),),
            unblock=self._unblock(found, floor, outcome),
        )

    def _scale(self, found: Difference) -> float:
        return abs(found.champion or 0.0) if self.relative else 1.0

    def _floor(self, found: Difference) -> float:
        """Return what the lower bound of the gain must reach, in the unit of the metric."""
        if self.improve_by is not None:
            return self.improve_by * self._scale(found)
        return -(self.allow_drop or 0.0) * self._scale(found)

    def _outcome(self, found: Difference, floor: float) -> Outcome:
        _, lower, upper = found.gain
        if found.undecidable or (self.relative and not found.champion):
            return Outcome.INCONCLUSIVE
        if self.max_gain is not None and lower > self.max_gain * self._scale(found):
            return Outcome.INCONCLUSIVE
        superiority = self.improve_by is not None
        if lower > floor or (not superiority and lower >= floor):
            return Outcome.PASSED
        if upper < floor or (superiority and upper <= floor):
            return Outcome.FAILED
        return Outcome.INCONCLUSIVE

    def _condition(self) -> str:
        of = " of the champion's value" if self.relative else ""
        if self.improve_by is not None:
            wanted = f"a gain above {self.improve_by:g}{of}"
        else:
            wanted = f"a loss of at most {self.allow_drop:g}{of}"
        cap = f", no gain beyond {self.max_gain:g}{of}" if self.max_gain is not None else ""
        return f"{wanted}{cap}, with {self.confidence:.0%} confidence"

    def _sentence(self, found: Difference, floor: float, outcome: Outcome) -> str:
        gain, lower, upper = found.gain
        if gain is None or found.undecidable:
            return f"{self.metric} cannot be compared: {found.undecidable or 'undefined here'}"
        word = "improves" if gain > 0 else "drops" if gain < 0 else "does not change"
        by = f" by {figure(abs(gain), abs(floor))}" if gain else ""
        shown = f"({signed(lower, floor)} to {signed(upper, floor)}, n = {found.n:,})"
        if outcome is Outcome.INCONCLUSIVE and lower > floor:
            return f"{self.metric} {word}{by} {shown}: too good to be believed unseen"
        return f"{self.metric} {word}{by} {shown}"

    def _measure(self, found: Difference, floor: float) -> Measure:
        sign = 1.0 if found.gain[1] == found.lower else -1.0
        shown = found.value is not None and not found.undecidable
        return Measure(
            name=self.metric,
            challenger=found.challenger,
            champion=found.champion,
            difference=Bounds(value=found.value, lower=found.lower, upper=found.upper)
            if shown and found.value is not None
            else None,
            limit=sign * floor,
            direction=found.direction.value,
            n=found.n,
            confidence=self.confidence,
            method=found.method,
        )

    def _unblock(self, found: Difference, floor: float, outcome: Outcome) -> str:
        from bot.statistics.power import required_rows

        gain, lower, _ = found.gain
        if outcome is Outcome.PASSED or gain is None or found.undecidable:
            return ""
        if outcome is Outcome.FAILED:
            return f"the gain must rise by more than {figure(floor - gain)} to be undecided again"
        if lower > floor:
            return "a person who believes the gain waives this gate in the policy"
        rows = required_rows(found, -floor)
        if rows is None:
            return "no number of rows decides it while the estimate lies on the wrong side"
        return f"about {rows:,} rows would decide it if the estimate stays (now {found.n:,})"
