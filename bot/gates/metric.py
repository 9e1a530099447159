"""A metric of the challenger keeps an absolute bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import model_validator

from bot.core.figures import figure
from bot.core.policy import Probability
from bot.core.questions import Clock
from bot.core.verdict import Bounds, Measure, Outcome, Verdict
from bot.gates import contest
from bot.gates.fields import DataName, MetricName, Reviewed
from bot.gates.gate import Gate

if TYPE_CHECKING:
    from bot.core.case import Case
    from bot.core.evidence import Evidence, Need
    from bot.statistics.values import Estimate


class Metric(Gate, Reviewed):
    """Passes when the confidence bound of the metric, not the point, keeps the limit.

    FAILED when the other bound shows that the limit is missed; INCONCLUSIVE in between, with the
    rows that would decide.  A constant that is past its `review_by` holds until it is reviewed.
    """

    name: ClassVar[str] = "metric"

    metric: MetricName
    """Metric to estimate, such as `roc_auc`."""
    data: DataName = "holdout"
    """Dataset of the policy to estimate it on."""
    at_least: float | None = None
    """Smallest allowed value."""
    at_most: float | None = None
    """Largest allowed value."""
    confidence: Probability = 0.95
    """One-sided confidence of the bound."""

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give exactly one of at_least and at_most")
        return self

    @property
    def title(self) -> str:
        """Name the gate with its metric."""
        return f"metric {self.metric}"

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Ask for labels and the challenger's answers."""
        return contest.needs(case, self.data, both=False) | {Clock()}

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """Estimate the metric and hold its bound against the limit."""
        from bot.statistics import estimate
        from bot.statistics.metrics import METRICS

        sample = contest.sample(case, case.challenger, self.data, evidence)
        found = estimate(
            METRICS[self.metric], sample, confidence=self.confidence, seed=case.seed(self.title)
        )
        stale = self.stale(evidence[Clock()].date())
        outcome = self._outcome(found)
        if stale and outcome is Outcome.PASSED:
            outcome = Outcome.INCONCLUSIVE
        return Verdict(
            gate=self.name,
            title=self.title,
            outcome=outcome,
            because=stale if stale and outcome is Outcome.INCONCLUSIVE else self._sentence(found),
            required=f"{self._condition()} with {self.confidence:.0%} confidence: {self.because}",
            measured=(self._measure(found),),
            unblock=self._unblock(found, outcome, stale),
        )

    @property
    def limit(self) -> float:
        """The bound to keep, in the unit of the metric."""
        return self.at_least if self.at_least is not None else self.at_most or 0.0

    def _condition(self) -> str:
        return (
            f"at least {self.limit:g}" if self.at_least is not None else f"at most {self.limit:g}"
        )

    def _outcome(self, found: Estimate) -> Outcome:
        if found.undecidable:
            return Outcome.INCONCLUSIVE
        if self.at_least is not None:
            kept, missed = found.lower >= self.at_least, found.upper < self.at_least
        else:
            kept, missed = found.upper <= self.limit, found.lower > self.limit
        return Outcome.PASSED if kept else Outcome.FAILED if missed else Outcome.INCONCLUSIVE

    def _sentence(self, found: Estimate) -> str:
        if found.value is None or found.undecidable:
            return f"{self.metric} cannot be estimated: {found.undecidable or 'undefined here'}"
        deciding = found.lower if self.at_least is not None else found.upper
        side = "above" if self.at_least is not None else "below"
        return (
            f"{self.metric} is {figure(found.value, self.limit)}, {side} "
            f"{figure(deciding, self.limit)} with {self.confidence:.0%} confidence "
            f"(n = {found.n:,}, {found.method})"
        )

    def _measure(self, found: Estimate) -> Measure:
        bounds = (
            None
            if found.value is None or found.undecidable
            else Bounds(value=found.value, lower=found.lower, upper=found.upper)
        )
        return Measure(
            name=self.metric,
            challenger=bounds,
            limit=self.limit,
            n=found.n,
            direction="higher" if self.at_least is not None else "lower",
            confidence=self.confidence,
            method=found.method,
        )

    def _unblock(self, found: Estimate, outcome: Outcome, stale: str | None) -> str:
        if stale and outcome is Outcome.INCONCLUSIVE:
            return "review the threshold and set a new `review_by` in a policy pull request"
        if outcome is Outcome.PASSED or found.value is None or found.undecidable:
            return ""
        gap = abs(found.value - self.limit)
        if outcome is Outcome.FAILED or gap == 0 or not found.standard_error:
            return f"{self.metric} must change by {figure(gap)}" if gap else ""
        z = abs(self.limit - found.value) / found.standard_error
        from statistics import NormalDist

        wanted = NormalDist().inv_cdf(self.confidence) + NormalDist().inv_cdf(0.8)
        rows = round(found.n * (wanted / z) ** 2)
        return f"about {rows:,} rows would decide it if the estimate stays (now {found.n:,})"
