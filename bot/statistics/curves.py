"""Confidence distributions: for each candidate value, how confident we are that truth lies below.

One object answers both questions a gate asks, "which bound at this confidence?" and "which
p-value at this margin?", so that the two can never disagree.
Source: Xie & Singh (2013), Confidence Distribution, the Frequentist Distribution Estimator.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from bot.statistics.values import Floats

STANDARD = NormalDist()
STUDENT_BELOW = 2000
"""Degrees of freedom from which Student's t and the normal agree to three digits."""


class Curve(Protocol):
    """A confidence distribution of one unknown number."""

    def quantile(self, p: float) -> float:
        """Return the value below which truth lies with confidence `p`, in (0, 1)."""

    def below(self, x: float) -> float:
        """Return the confidence that truth is at most `x`: the p-value of H0 "truth <= x"."""


@dataclass(frozen=True, slots=True)
class Point:
    """Truth is known exactly: two identical models differ by zero."""

    at: float

    def quantile(self, p: float) -> float:  # noqa: ARG002 - the protocol's signature
        """Return the point."""
        return self.at

    def below(self, x: float) -> float:
        """Return 0 or 1; one half at the point itself, so that nothing is proven there."""
        if x == self.at:
            return 0.5
        return float(x > self.at)


@dataclass(frozen=True, slots=True)
class Normal:
    """Estimate and standard error, with Student's t when few units stand behind the error."""

    centre: float
    error: float
    units: int

    def quantile(self, p: float) -> float:
        """Return `centre + t_p * error`."""
        return self.centre + self.error * student_quantile(p, self.units - 1)

    def below(self, x: float) -> float:
        """Return the t probability of `(x - centre) / error`."""
        return student_probability((x - self.centre) / self.error, self.units - 1)


@dataclass(frozen=True, slots=True)
class Logit:
    """A normal on the log-odds scale, for a value in (0, 1) near its edge."""

    centre: float
    error: float
    units: int

    def _transformed(self) -> Normal:
        spread = self.centre * (1.0 - self.centre)
        return Normal(math.log(self.centre / (1.0 - self.centre)), self.error / spread, self.units)

    def quantile(self, p: float) -> float:
        """Return the bound, carried back from log-odds."""
        return 1.0 / (1.0 + math.exp(-self._transformed().quantile(p)))

    def below(self, x: float) -> float:
        """Return the confidence that truth is at most `x`."""
        if not 0.0 < x < 1.0:
            return float(x >= 1.0)
        return self._transformed().below(math.log(x / (1.0 - x)))


@dataclass(frozen=True, slots=True, eq=False)
class Replicates:
    """A bootstrap distribution, read by bias-corrected and accelerated percentiles (BCa).

    With `bias = acceleration = 0` it is the percentile interval. Percentiles of few units are too
    narrow by sqrt((u - 1) / u) and by the normal in place of Student's t; both are made good.
    Source: Efron & Tibshirani (1993), ch. 14; expansion: Hesterberg (2015), section 4.
    """

    ordered: Floats
    """Replicates of the statistic, shape (B,), ascending, finite."""
    bias: float
    acceleration: float
    units: int
    """Independent units that carry the information: rows of the rarest class, entities."""

    def quantile(self, p: float) -> float:
        """Return the expanded BCa endpoint at confidence `p`."""
        moved = self.bias + self._stretch * student_quantile(p, self.units - 1)
        level = STANDARD.cdf(self.bias + moved / max(1.0 - self.acceleration * moved, 1e-3))
        return float(np.quantile(self.ordered, level))

    def below(self, x: float) -> float:
        """Return the confidence whose endpoint is `x`; never nearer to 0 or 1 than 1/(B+1)."""
        edge = 1.0 / (len(self.ordered) + 1.0)
        level = STANDARD.inv_cdf(min(max(self._level(x), edge), 1.0 - edge)) - self.bias
        moved = level / max(1.0 + self.acceleration * level, 1e-3) - self.bias
        found = student_probability(moved / self._stretch, self.units - 1)
        return min(max(found, edge), 1.0 - edge)

    @property
    def _stretch(self) -> float:
        return math.sqrt(self.units / (self.units - 1.0))

    def _level(self, x: float) -> float:
        """Return the level whose percentile is `x`, the middle one of equal replicates."""
        first, end = bisect_left(self.ordered, x), bisect_right(self.ordered, x)
        if first < end:
            return (first + end - 1.0) / 2.0 / (len(self.ordered) - 1.0)
        if first in {0, len(self.ordered)}:
            return float(first > 0)
        low, high = float(self.ordered[first - 1]) / 2.0, float(self.ordered[first]) / 2.0
        passed = (x / 2.0 - low) / (high - low) if high > low else 0.5
        return (first - 1.0 + passed) / (len(self.ordered) - 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Wider:
    """Several curves of one number, the least certain of which counts at every level."""

    curves: tuple[Curve, ...]

    def quantile(self, p: float) -> float:
        """Return the outermost of the bounds."""
        ends = [curve.quantile(p) for curve in self.curves]
        return min(ends) if p < 0.5 else max(ends)

    def below(self, x: float) -> float:
        """Return the confidence nearest to one half; exactly that where the curves disagree."""
        found = self.curves[0].below(x)
        for curve in self.curves[1:]:
            # A bound costs less than a p-value, and tells whether the curve is wider here.
            end = curve.quantile(min(max(found, 1e-9), 1.0 - 1e-9))
            if found < 0.5 and end < x:
                found = max(found, min(curve.below(x), 0.5))
            elif found > 0.5 and end > x:
                found = min(found, max(curve.below(x), 0.5))
        return found


@dataclass(frozen=True, slots=True)
class Limits:
    """Only a bracket is known, each end at one confidence: nothing beyond it can be said."""

    lower: float
    upper: float
    confidence: float

    def quantile(self, p: float) -> float:
        """Return the end on the side of `p`."""
        return self.lower if p < 0.5 else self.upper

    def below(self, x: float) -> float:
        """Return the confidence at the ends, one half between them."""
        if x <= self.lower:
            return 1.0 - self.confidence
        return self.confidence if x >= self.upper else 0.5


def student_quantile(p: float, freedom: int) -> float:
    """Return the quantile of Student's t; of the normal from 2,000 degrees of freedom."""
    if freedom >= STUDENT_BELOW:
        return STANDARD.inv_cdf(p)
    from scipy.special import stdtrit

    return float(stdtrit(freedom, p))


def student_probability(t: float, freedom: int) -> float:
    """Return P(T <= t) of Student's t; of the normal from 2,000 degrees of freedom."""
    if freedom >= STUDENT_BELOW:
        return STANDARD.cdf(t)
    from scipy.special import stdtr

    return float(stdtr(freedom, t))
