"""Requests are answered soon enough."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from bot.core.figures import figure
from bot.core.lock import Day, Line
from bot.core.policy import Probability, Span
from bot.core.questions import Clock, Timed
from bot.core.verdict import Bounds, Measure, Outcome, Verdict
from bot.gates import contest
from bot.gates.fields import DataName
from bot.gates.gate import Gate

if TYPE_CHECKING:
    from bot.core.case import Case
    from bot.core.evidence import Evidence, Need
    from bot.core.questions import Timings


class Latency(Gate):
    """Passes when a quantile of the request time, at its confidence bound, keeps the limit.

    Champion and challenger answer single requests in turn in one run with one thread, so that
    both saw the same machine; a version never fails against itself.  Times are measured outside
    the sandbox and include passing the rows in.
    """

    name: ClassVar[str] = "latency"

    data: DataName = "holdout"
    """Dataset whose rows are sent."""
    quantile: Probability = 0.95
    """Quantile of the request time that is judged."""
    at_most: Span | None = None
    """Longest time at that quantile, such as `50ms`; needs `because` and `review_by`."""
    max_ratio: Annotated[float, Field(ge=1)] | None = None
    """Largest ratio to the champion's time at that quantile."""
    because: Line | None = None
    """Why `at_most` has its value."""
    review_by: Day | None = None
    """The day by which somebody looks at `at_most` again."""
    requests: Annotated[int, Field(ge=60, le=100_000)] = 400
    """Requests timed for each version."""
    rows: Annotated[int, Field(ge=1, le=100_000)] = 1
    """Rows in one request."""
    confidence: Probability = 0.95
    """One-sided confidence of the bound."""

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.at_most is None) == (self.max_ratio is None):
            raise ValueError("give exactly one of at_most and max_ratio")
        if self.at_most is not None and (self.because is None or self.review_by is None):
            raise ValueError("a constant limit needs because and review_by")
        return self

    @property
    def title(self) -> str:
        """Name the gate with its quantile."""
        return f"latency p{100 * self.quantile:g}"

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Ask for timed requests of both versions."""
        asked = self._asked(case)
        return frozenset({Clock()} if asked is None else {asked, Clock()})

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """Hold the bound of the quantile against the limit."""
        contest.dataset(case, self.data)
        asked = self._asked(case)
        assert asked is not None, "the dataset exists"  # noqa: S101 -- narrows a type
        timings = evidence[asked]
        if self.max_ratio is not None:
            contest.champion(case)
        measure = self._ratio(timings, case) if self.max_ratio else self._absolute(timings)
        outcome = _outcome(measure)
        stale = self.review_by is not None and evidence[Clock()].date() > self.review_by
        if stale and outcome is Outcome.PASSED:
            outcome = Outcome.INCONCLUSIVE
        return Verdict(
            gate=self.name,
            title=self.title,
            outcome=outcome,
            because=f"the threshold was to be reviewed by {self.review_by}"
            if stale
            else self._sentence(measure),
            required=self._condition(),
            measured=(measure,),
            unblock=self._unblock(outcome),
            notes=("measured on the machine that ran the gates, not on the serving machine",),
        )

    def _asked(self, case: Case) -> Timed | None:
        if self.data not in case.data:
            return None
        champion = case.champion.entry.artifact if case.champion and self.max_ratio else None
        return Timed(
            case.challenger.entry.artifact,
            champion,
            case.artifacts,
            case.sandbox,
            case.data[self.data],
            self.requests,
            self.rows,
        )

    def _absolute(self, timings: Timings) -> Measure:
        from bot.statistics.quantiles import quantile_bounds

        limit = (self.at_most or timedelta()) / timedelta(milliseconds=1)
        found = quantile_bounds(timings.challenger, self.quantile, confidence=self.confidence)
        return Measure(
            name=self.title,
            limit=limit,
            direction="lower",
            unit="ms",
            challenger=Bounds(value=found.value, lower=found.lower, upper=found.upper),
            n=len(timings.challenger),
            confidence=self.confidence,
            method=found.method,
        )

    def _ratio(self, timings: Timings, case: Case) -> Measure:
        from bot.statistics.quantiles import quantile_ratio

        assert timings.champion is not None, "asked with a champion"  # noqa: S101 -- narrows a type
        found = quantile_ratio(
            timings.challenger,
            timings.champion,
            self.quantile,
            confidence=self.confidence,
            seed=case.seed(self.title),
        )
        return Measure(
            name=f"{self.title}, ratio to champion",
            limit=self.max_ratio,
            direction="lower",
            challenger=Bounds(value=found.value, lower=found.lower, upper=found.upper),
            n=len(timings.challenger),
            confidence=self.confidence,
            method=found.method,
        )

    def _condition(self) -> str:
        if self.max_ratio is not None:
            return (
                f"at most {self.max_ratio:g} times the champion's, {self.confidence:.0%} confidence"
            )
        limit = (self.at_most or timedelta()) / timedelta(milliseconds=1)
        return f"at most {limit:g} ms with {self.confidence:.0%} confidence: {self.because}"

    def _sentence(self, measure: Measure) -> str:
        bounds, limit = measure.challenger, measure.limit or 0.0
        assert isinstance(bounds, Bounds), "built above"  # noqa: S101 -- narrows a type
        return (
            f"{measure.name} is {figure(bounds.value, limit)} {measure.unit}".rstrip()
            + f" ({figure(bounds.lower, limit)} to {figure(bounds.upper, limit)}, "
            f"{measure.n:,} requests)"
        )

    def _unblock(self, outcome: Outcome) -> str:
        if outcome is not Outcome.INCONCLUSIVE:
            return ""
        return f"more than {self.requests:,} requests (`requests:`), or a review of the threshold"


def _outcome(measure: Measure) -> Outcome:
    bounds, limit = measure.challenger, measure.limit or 0.0
    assert isinstance(bounds, Bounds), "built above"  # noqa: S101 -- narrows a type
    if bounds.upper <= limit:
        return Outcome.PASSED
    return Outcome.FAILED if bounds.lower > limit else Outcome.INCONCLUSIVE
