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
