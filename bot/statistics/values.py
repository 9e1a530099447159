"""The values that go into the statistics and come out: a sample, an estimate, a difference.

Confidence is one-sided everywhere: at 0.95 the true value lies above `lower` in 95 % of samples
and below `upper` in 95 % of samples, so (lower, upper) together is a two-sided 90 % interval.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bot.statistics.curves import Curve

    Floats: TypeAlias = NDArray[np.float64]
    Codes: TypeAlias = NDArray[np.integer[Any]]


class Direction(Enum):
    """Which way a metric gets better."""

    HIGHER = "higher"
    LOWER = "lower"


class Task(StrEnum):
    """What a model answers."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """One model's answers on the judged rows, aligned by row.

    Attributes:
        task: What the model answers.
        target: Shape (n,). Class codes 0..K-1, or floats for regression.
            In a binary task code 1 is the positive class.
        predicted: Shape (n,). Codes (or floats) in the terms of `target`.
        scores: Shape (n, K), probabilities in the order of the codes; None when the model
            gives none. In a binary task K is 2 and `scores[:, 1]` is the positive class.
        entities: Shape (n,), the code of the entity each row belongs to; None when the rows
            are independent.
    """

    task: Task
    target: NDArray[Any]
    predicted: NDArray[Any]
    scores: Floats | None = None
    entities: Codes | None = None

    @property
    def rows(self) -> int:
        """How many rows were judged."""
        return len(self.target)

    @property
    def classes(self) -> int:
        """How many classes there are: columns of `scores`, else one more than the largest code."""
        if self.scores is not None:
            return int(self.scores.shape[1])
        largest = max((int(codes.max()) for codes in (self.target, self.predicted) if len(codes)),
                      default=0)
        return max(2, largest + 1)

    def take(self, rows: Codes) -> Sample:
        """Return the sample that holds only these rows (positions), in this order."""
        return Sample(
            task=self.task,
            target=self.target[rows],
            predicted=self.predicted[rows],
            scores=None if self.scores is None else self.scores[rows],
            entities=None if self.entities is None else self.entities[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One model's value of one metric, between one-sided bounds.

    Attributes:
        value: The metric on the sample; None when it is not defined there.
        lower, upper: Bounds, each at `confidence`. When `undecidable`, the metric's whole range.
        standard_error: In metric units; None when the method has none.
        n: Rows the value was computed from.
        confidence: One-sided, in (0.5, 1).
        method: How the bounds came about, in words for the report.
        undecidable: Why no bound can be given, in words; None when one can.
    """

    value: float | None
    lower: float
    upper: float
    standard_error: float | None
    n: int
    confidence: float
    method: str
    undecidable: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Challenger minus champion on the same rows, in metric units, between one-sided bounds.

    Attributes:
        champion, challenger, value: Both values and `challenger - champion`; None when undefined.
        lower, upper: Bounds of `value`, each at `confidence`. When `undecidable`, as wide as the
            metric's range allows.
        direction: Which sign of `value` is good.
        curve: The whole confidence distribution of `value`; gives p-values that agree with the
            bounds. None when undecidable.
        The rest: as in `Estimate`.
    """

    champion: float | None
    challenger: float | None
    value: float | None
    lower: float
    upper: float
    standard_error: float | None
    n: int
    confidence: float
    method: str
    direction: Direction
    undecidable: str | None = None
    curve: Curve | None = field(default=None, repr=False, compare=False)

    @property
    def gain(self) -> tuple[float | None, float, float]:
        """Return (value, lower, upper) signed so that positive means the challenger is better."""
        if self.direction is Direction.HIGHER:
            return self.value, self.lower, self.upper
        return None if self.value is None else -self.value, -self.upper, -self.lower

    @property
    def identical(self) -> bool:
        """Tell whether both models gave the same answers, so that there is nothing to estimate."""
        return self.undecidable is None and self.lower == self.upper

    def p_value_non_inferior(self, margin: float) -> float:
        """Return the one-sided p-value of H0 "gain <= -margin"; small proves non-inferiority.

        With `margin=0` it is the p-value of superiority, with a negative margin of a gain above
        that much. Undecidable gives 1.
        """
        if self.curve is None:
            return 1.0
        if self.direction is Direction.HIGHER:
            return self.curve.below(-margin)
        return 1.0 - self.curve.below(margin)

    def p_value_worse(self, margin: float) -> float:
        """Return the one-sided p-value of H0 "gain >= -margin"; small proves harm beyond it."""
        if self.curve is None:
            return 1.0
        return 1.0 - self.p_value_non_inferior(margin)
