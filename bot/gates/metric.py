"""A metric of the challenger keeps an absolute bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from bot.core.figures import figure, percent
from bot.core.policy import Confidence
from bot.core.questions import Clock
from bot.core.verdict import Measure, Outcome, Verdict
from bot.gates import contest
from bot.gates.fields import DataName, MetricName, Reviewed, overdue
from bot.gates.gate import Gate

if TYPE_CHECKING:
    from bot.core.case import Case
    from bot.core.evidence import Evidence, Need
    from bot.statistics import Estimate


class Metric(Gate, Reviewed):
    """Passes when the confidence bound of the metric, not the point, keeps the limit.

    FAILED when the other bound shows that the limit is missed; INCONCLUSIVE in between, with the
    rows that would decide.  A constant that is past its `review_by` holds until it is reviewed.
    """

    name: ClassVar[str] = "metric"
    exactly_one: ClassVar[tuple[str, ...]] = ("at_least", "at_most")
    example: ClassVar[str] = (
        "metric: {metric: roc_auc, at_least: 0.72, because: contract floor, review_by: 2027-03-01}"
    )

    metric: MetricName
    """Metric to estimate, such as `roc_auc`."""
    data: DataName = "holdout"
    """Dataset of the policy to estimate it on."""
    at_least: float | None = None
    """Smallest allowed value."""
    at_most: float | None = None
    """Largest allowed value."""
    confidence: Confidence = 0.95
    """One-sided confidence of the bound."""

    @property
    def title(self) -> str:
        """Name the gate with its metric."""
        return f"metric {self.metric}"

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Ask for labels and the challenger's answers."""
        return contest.needs(case, self.data) | {Clock()}

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """Estimate the metric and hold its bound against the limit."""
        from bot.statistics import estimate
        from bot.statistics.metrics import METRICS

        sample = contest.sample(case, case.challenger, self.data, evidence)
        found = estimate(
            METRICS[self.metric], sample, confidence=self.confidence, seed=case.seed(self.title)
        )
        late = overdue(self.review_by, evidence[Clock()].date())
        outcome = self._outcome(found)
        if late:
            outcome = max(outcome, Outcome.INCONCLUSIVE)
        return Verdict(
            gate=self.name,
            title=self.title,
            outcome=outcome,
            because="; ".join(part for part in (self._sentence(found), late) if part),
            required=self._condition(),
            measured=(self._measure(found),),
            notes=contest.notes(case, self.data, evidence),
            unblock="" if outcome is Outcome.PASSED else self._unblock(found, late, outcome),
        )

    @property
    def limit(self) -> float:
        """The bound to keep, in the unit of the metric."""
        return self.at_least if self.at_least is not None else self.at_most or 0.0

    def _condition(self) -> str:
        side = "least" if self.at_least is not None else "most"
        return (
            f"at {side} {self.limit:g}, with {percent(self.confidence)} confidence: {self.because}"
        )

    def _outcome(self, found: Estimate) -> Outcome:
        if found.undecidable:
            return Outcome.INCONCLUSIVE
        if self.at_least is not None:
            kept, missed = found.lower >= self.limit, found.upper < self.limit
        else:
            kept, missed = found.upper <= self.limit, found.lower > self.limit
        return Outcome.PASSED if kept else Outcome.FAILED if missed else Outcome.INCONCLUSIVE

    def _sentence(self, found: Estimate) -> str:
        if found.value is None or found.undecidable:
            return f"{self.metric} cannot be estimated: {found.undecidable}"
        bounds = (found.value, found.lower, found.upper)
        value, lower, upper = (contest.minus(figure(one, self.limit)) for one in bounds)
        return f"{self.metric} is {value} ({lower} to {upper}, n = {found.n:,})"

    def _measure(self, found: Estimate) -> Measure:
        return Measure(
            name=self.metric,
            challenger=None if found.undecidable else contest.bounds(found),
            limit=self.limit,
            n=found.n,
            direction="higher" if self.at_least is not None else "lower",
            confidence=self.confidence,
            method=found.method,
        )

    def _unblock(self, found: Estimate, late: str, outcome: Outcome) -> str:
        if found.value is None or found.undecidable:
            return ""
        gap = found.value - self.limit
        if outcome is Outcome.FAILED:
            return f"{self.metric} is {figure(abs(gap))} beyond the limit"
        if late:
            return "review the threshold and set a new `review_by` in a policy pull request"
        return contest.enough(found, gap)
