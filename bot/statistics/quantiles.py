"""Bounds of quantiles from order statistics: no assumption about the shape of the times.

The bootstrap of a far quantile is too sure of itself; ranks are exact. Timings must be independent
of each other within a model; between models they may depend (interleaved runs do).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bot.statistics.values import Estimate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def upper_rank(n: int, quantile: float, confidence: float) -> int | None:
    """Return the rank (1..n) whose value bounds the quantile from above, None when n is too small.

    It is the least u with P(Binomial(n, quantile) <= u - 1) >= confidence.
    Source: Conover (1999), section 3.2.
    """
    from scipy.special import bdtr

    ranks = np.arange(n)
    enough = np.flatnonzero(bdtr(ranks, n, quantile) >= confidence)
    return int(enough[0]) + 1 if len(enough) else None


def lower_rank(n: int, quantile: float, confidence: float) -> int | None:
    """Return the rank (1..n) whose value bounds the quantile from below, None when n is too small.

    By symmetry: the upper rank of the mirrored sample.
    """
    mirrored = upper_rank(n, 1.0 - quantile, confidence)
    return None if mirrored is None else n + 1 - mirrored


def required_timings(quantile: float, confidence: float) -> int:
    """Return how many timings an upper bound of the quantile takes: 59 for p95, 299 for p99."""
    return math.ceil(math.log1p(-confidence) / math.log(quantile) - 1e-9)


def quantile_bounds(times: ArrayLike, quantile: float, *, confidence: float) -> Estimate:
    """Return a quantile with distribution-free one-sided bounds.

    Args:
        times: Shape (n,), one unit, any order.
        quantile: In (0, 1), such as 0.99; its value is the order statistic of rank ceil(n q).
        confidence: Of each bound, in (0.5, 1).

    Too few timings for an upper bound: it is infinite, and `undecidable` names how many it takes.
    """
    ordered = np.sort(np.asarray(times, np.float64))
    n = len(ordered)
    needed = required_timings(quantile, confidence)
    reason: str | None = None
    if not np.isfinite(ordered).all():
        reason = "times that are not finite numbers"
    elif n < needed:
        reason = f"only {n} timings; an upper bound of this quantile needs {needed}"
    usable = n > 0 and bool(np.isfinite(ordered).all())
    return Estimate(
        value=float(ordered[_rank(n, quantile) - 1]) if usable else None,
        lower=_at(ordered, lower_rank(n, quantile, confidence), 0.0) if usable else 0.0,
        upper=_at(ordered, upper_rank(n, quantile, confidence), math.inf) if usable else math.inf,
        standard_error=None, n=n, confidence=confidence, method="order statistics",
        undecidable=reason,
    )


def quantile_ratio(
    challenger: ArrayLike, champion: ArrayLike, quantile: float, *, confidence: float,
    seed: int = 0,
) -> Estimate:
    """Return the challenger's quantile over the champion's, with one-sided bounds.

    Each side is bounded at half the error and the worst combination taken, so the bound holds
    whatever the dependence between the two runs; it is conservative. No draw is made.

    Args:
        challenger: Shape (n,), positive times.
        champion: Shape (m,), positive times in the same unit.
        quantile: In (0, 1).
        confidence: Of each bound, in (0.5, 1).
        seed: Not used: order statistics need no replicates.
    """
    del seed
    over, under, half = _both(challenger, champion, quantile, confidence)
    reason = over.undecidable or under.undecidable
    if not reason and not under.lower > 0.0:
        reason = "a time of zero or less"
    value = over.value / under.value if over.value is not None and under.value else None
    if not reason and not math.isfinite(over.upper / under.lower):
        reason = "times too far apart to divide"
    return Estimate(
        value=value if value is not None and math.isfinite(value) else None,
        lower=0.0 if reason else over.lower / under.upper,
        upper=math.inf if reason else over.upper / under.lower,
        standard_error=None, n=over.n, confidence=confidence,
        method=f"order statistics, each side at {half:.4g}", undecidable=reason,
    )


def quantile_difference(
    challenger: ArrayLike, champion: ArrayLike, quantile: float, *, confidence: float
) -> Estimate:
    """Return the challenger's quantile minus the champion's; bounds as in `quantile_ratio`."""
    over, under, half = _both(challenger, champion, quantile, confidence)
    reason = over.undecidable or under.undecidable
    value = None if over.value is None or under.value is None else over.value - under.value
    if not reason and not math.isfinite(over.upper - under.lower):
        reason = "times too far apart to subtract"
    return Estimate(
        value=value if value is not None and math.isfinite(value) else None,
        lower=-math.inf if reason else over.lower - under.upper,
        upper=math.inf if reason else over.upper - under.lower,
        standard_error=None, n=over.n, confidence=confidence,
        method=f"order statistics, each side at {half:.4g}", undecidable=reason,
    )


def _both(
    challenger: ArrayLike, champion: ArrayLike, quantile: float, confidence: float
) -> tuple[Estimate, Estimate, float]:
    half = 1.0 - (1.0 - confidence) / 2.0
    return (quantile_bounds(challenger, quantile, confidence=half),
            quantile_bounds(champion, quantile, confidence=half), half)


def _rank(n: int, quantile: float) -> int:
    return max(1, math.ceil(n * quantile - 1e-9))


def _at(ordered: NDArray[np.float64], rank: int | None, otherwise: float) -> float:
    return otherwise if rank is None else float(ordered[rank - 1])
