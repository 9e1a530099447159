"""Requests are answered soon enough."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import ConfigDict, Field, model_validator

from bot.core.figures import count, figure, percent
from bot.core.lock import Day, Line
from bot.core.policy import Confidence, Probability, Span
from bot.core.questions import Clock, Timed
from bot.core.verdict import Measure, Outcome, Verdict
from bot.gates import contest
from bot.gates.fields import DataName, overdue
from bot.gates.gate import Gate

if TYPE_CHECKING:
    from bot.core.case import Case
    from bot.core.evidence import Evidence, Need
    from bot.core.questions import Timings
    from bot.statistics import Estimate

MILLISECOND = timedelta(milliseconds=1)


class Latency(Gate):
    """Passes when a quantile of the request time, at its confidence bound, keeps the limit.

    Champion and challenger answer single requests in turn in one run with one thread, so that
    both saw the same machine; a version never fails against itself.  Times are measured outside
    the sandbox and include passing the rows in.
    """

    name: ClassVar[str] = "latency"
    exactly_one: ClassVar[tuple[str, ...]] = ("at_most", "max_ratio")
    example: ClassVar[str] = "latency: {quantile: 0.99, max_ratio: 1.5, requests: 500}"

    model_config = ConfigDict(
        json_schema_extra={"dependentRequired": {"at_most": ["because", "review_by"]}}
    )

    data: DataName = "holdout"
    """Dataset whose rows are sent."""
    quantile: Probability = 0.95
    """Quantile of the request time that is judged."""
    at_most: Annotated[Span, Field(gt=timedelta(0))] | None = None
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
    confidence: Confidence = 0.95
    """One-sided confidence of the bound."""

    @model_validator(mode="after")
    def _reviewed(self) -> Self:
        if self.at_most is not None and (self.because is None or self.review_by is None):
            raise ValueError("a constant limit needs because and review_by")
        return self

    @model_validator(mode="after")
    def _enough_requests(self) -> Self:
        from bot.statistics.quantiles import required_timings

        # A ratio bounds each side at half the error.
        sides = 1 if self.max_ratio is None else 2
        needed = required_timings(self.quantile, 1.0 - (1.0 - self.confidence) / sides)
        if self.requests < needed:
            raise ValueError(
                f"{self.requests} requests cannot bound p{100 * self.quantile:g}: "
                f"`requests` must be at least {needed:,}"
            )
        return self

    @property
    def title(self) -> str:
        """Name the gate with its quantile."""
        return f"latency p{100 * self.quantile:g}"

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Ask for timed requests, of the champion too when the limit is a ratio."""
        if self.data not in case.data:
            return frozenset({Clock()})
        return frozenset({self._asked(case), Clock()})

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """Hold the bound of the quantile against the limit."""
        if self.max_ratio is not None:
            contest.champion(case)
        timings = evidence[self._asked(case)]
        found = self._measured(timings, case)
        late = overdue(self.review_by, evidence[Clock()].date())
        outcome = self._outcome(found, case)
        if late:
            outcome = max(outcome, Outcome.INCONCLUSIVE)
        return Verdict(
            gate=self.name,
            title=self.title,
            outcome=outcome,
            because="; ".join(part for part in (self._sentence(found, case), late) if part),
            required=self._condition(),
            measured=(self._measure(found),),
            unblock="" if outcome is Outcome.PASSED else self._unblock(found, late, outcome),
            notes=_caveats(timings),
        )

    @property
    def limit(self) -> float:
        """What the quantile may reach: milliseconds, or times the champion's."""
        return self.max_ratio or (self.at_most or timedelta()) / MILLISECOND

    @property
    def _unit(self) -> str:
        return "times the champion's" if self.max_ratio else "ms"

    def _asked(self, case: Case) -> Timed:
        champion = case.champion.entry.artifact if case.champion and self.max_ratio else None
        return Timed(
            case.challenger.entry.artifact,
            champion,
            case.artifacts,
            case.sandbox,
            contest.dataset(case, self.data),
            self.requests,
            self.rows,
        )

    def _measured(self, timings: Timings, case: Case) -> Estimate:
        from bot.statistics.quantiles import quantile_bounds, quantile_ratio

        if timings.champion is None:
            return quantile_bounds(timings.challenger, self.quantile, confidence=self.confidence)
        return quantile_ratio(
            timings.challenger,
            timings.champion,
            self.quantile,
            confidence=self.confidence,
            seed=case.seed(self.title),
        )

    def _outcome(self, found: Estimate, case: Case) -> Outcome:
        if found.value is None:
            return Outcome.INCONCLUSIVE
        if self._itself(case) or found.upper <= self.limit:
            return Outcome.PASSED
        return Outcome.FAILED if found.lower > self.limit else Outcome.INCONCLUSIVE

    def _itself(self, case: Case) -> bool:
        """Tell whether both are the same bytes, so that every difference is the machine's."""
        if self.max_ratio is None or case.champion is None:
            return False
        return case.champion.entry.artifact.digest == case.challenger.entry.artifact.digest

    def _condition(self) -> str:
        why = f": {self.because}" if self.because else ""
        return (
            f"at most {self.limit:g} {self._unit}, with {percent(self.confidence)} confidence{why}"
        )

    def _sentence(self, found: Estimate, case: Case) -> str:
        what = f"p{100 * self.quantile:g}"
        if found.value is None:
            return f"{what} cannot be measured: {found.undecidable}"
        itself = ", and both are the same bytes" if self._itself(case) else ""
        return (
            f"{what} is {figure(found.value, self.limit)} {self._unit} "
            f"({figure(found.lower, self.limit)} to {figure(found.upper, self.limit)}, "
            f"{found.n:,} requests){itself}"
        )

    def _measure(self, found: Estimate) -> Measure:
        return Measure(
            name=f"p{100 * self.quantile:g}" + (", ratio to champion" if self.max_ratio else ""),
            challenger=contest.bounds(found),
            limit=self.limit,
            direction="lower",
            unit="" if self.max_ratio else "ms",
            n=found.n,
            confidence=self.confidence,
            method=found.method,
        )

    def _unblock(self, found: Estimate, late: str, outcome: Outcome) -> str:
        if outcome is Outcome.FAILED and found.value is not None:
            return f"it is {figure(found.value - self.limit, 0.0)} {self._unit} beyond the limit"
        if late:
            return "review the threshold and set a new `review_by` in a policy pull request"
        if found.value is None or found.undecidable:
            return found.undecidable or ""
        return contest.enough(found, found.value - self.limit, "requests (`requests:`)")


def _caveats(timings: Timings) -> tuple[str, ...]:
    """Say what the times are not."""
    notes = ["timed on the machine that ran the gates, not on the serving machine"]
    if timings.reported:
        notes.append(contest.REPORTED)
    if timings.repeated:
        notes.append(
            f"latency: {count(timings.repeated, 'request')} sent rows that came before, "
            "since the data have fewer rows than requests"
        )
    return tuple(notes)
