"""Intervals and tests for proportions, single, independent and paired.

All bounds are one-sided, each at `confidence`.
"""

from __future__ import annotations

import math

from bot.statistics.curves import STANDARD


def wilson(hits: float, rows: float, confidence: float) -> tuple[float, float]:
    """Return the score interval of a share. Source: Wilson (1927); Newcombe (1998a), method 3."""
    z2 = STANDARD.inv_cdf(confidence) ** 2
    share = hits / rows
    centre = share + z2 / (2.0 * rows)
    reach = math.sqrt(z2 * share * (1.0 - share) / rows + z2 * z2 / (4.0 * rows * rows))
    return (
        0.0 if hits == 0 else (centre - reach) / (1.0 + z2 / rows),
        1.0 if hits == rows else (centre + reach) / (1.0 + z2 / rows),
    )


def wilson_below(x: float, hits: float, rows: float) -> float:
    """Return the p-value of H0 "share <= x" by the score test that Wilson's interval inverts."""
    if not 0.0 < x < 1.0:
        return float(x >= 1.0)
    return STANDARD.cdf((x - hits / rows) / math.sqrt(x * (1.0 - x) / rows))


def clopper_pearson(hits: int, rows: int, confidence: float) -> tuple[float, float]:
    """Return the exact interval of a share. Source: Clopper & Pearson (1934)."""
    from scipy.special import betaincinv

    lower = 0.0 if hits == 0 else float(betaincinv(hits, rows - hits + 1, 1.0 - confidence))
    upper = 1.0 if hits == rows else float(betaincinv(hits + 1, rows - hits, confidence))
    return lower, upper


def newcombe(
    hits: tuple[int, int], rows: tuple[int, int], confidence: float
) -> tuple[float, float]:
    """Return the interval of share 1 minus share 2 of independent rows.

    Source: Newcombe (1998b), method 10, hybrid score.
    """
    first, second = hits[0] / rows[0], hits[1] / rows[1]
    low1, high1 = wilson(hits[0], rows[0], confidence)
    low2, high2 = wilson(hits[1], rows[1], confidence)
    gap = first - second
    return (
        gap - math.hypot(first - low1, high2 - second),
        gap + math.hypot(high1 - first, second - low2),
    )


def newcombe_paired(
    both: int, only_first: int, only_second: int, neither: int, confidence: float
) -> tuple[float, float]:
    """Return the interval of share 1 minus share 2 on the same rows.

    Source: Newcombe (1998c), method 10, with the continuity-corrected phi.
    """
    rows = both + only_first + only_second + neither
    hits1, hits2 = both + only_first, both + only_second
    first, second = hits1 / rows, hits2 / rows
    low1, high1 = wilson(hits1, rows, confidence)
    low2, high2 = wilson(hits2, rows, confidence)
    margins = hits1 * (rows - hits1) * hits2 * (rows - hits2)
    product = both * neither - only_first * only_second
    corrected = max(product - rows / 2.0, 0.0) if product > 0 else float(product)
    phi = corrected / math.sqrt(margins) if margins else 0.0
    gap = first - second

    def reach(one: float, other: float) -> float:
        return math.sqrt(max(one * one - 2.0 * phi * one * other + other * other, 0.0))

    return gap - reach(first - low1, high2 - second), gap + reach(high1 - first, second - low2)


def tango_z(gained: int, lost: int, rows: int, x: float) -> float:
    """Return the score statistic of H0 "difference = x", from rows judged by both models.

    Args:
        gained: Rows only the second model answers right.
        lost: Rows only the first model answers right.
        rows: All paired rows.
        x: Candidate for (gained - lost) / rows, in (-1, 1).

    Source: Tango (1998), eq. 4, with the closed form of the constrained estimate.
    """
    b = -gained - lost + (2.0 * rows - gained + lost) * x
    c = -lost * x * (1.0 - x)
    # The larger root of 2n q^2 + b q + c = 0 is the estimate of P(only the first is right).
    q = (math.sqrt(max(b * b - 8.0 * rows * c, 0.0)) - b) / (4.0 * rows)
    variance = rows * (2.0 * q + x * (1.0 - x))
    distance = gained - lost - rows * x
    if variance <= 0.0:
        return math.copysign(math.inf, distance) if distance else 0.0
    return distance / math.sqrt(variance)


def tango(gained: int, lost: int, rows: int, level: float) -> float:
    """Return the difference that the score test holds likely with probability `level`.

    At 0.95 that is the upper, at 0.05 the lower one-sided 95 % bound; found by bisection.
    """
    wanted = -STANDARD.inv_cdf(level)
    low, high = -1.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2.0
        if tango_z(gained, lost, rows, middle) > wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def mcnemar_exact(gained: int, lost: int) -> float:
    """Return the two-sided exact p-value that gains and losses balance. Source: McNemar (1947)."""
    return min(1.0, 2.0 * _half_binomial(min(gained, lost), gained + lost))


def mcnemar_mid_p(gained: int, lost: int) -> float:
    """Return the two-sided mid-p value, which kept its level in all of the source's scenarios.

    Source: Fagerland, Lydersen & Laake (2013).
    """
    total, few = gained + lost, min(gained, lost)
    return 2.0 * _half_binomial(few, total) - _half_mass(few, total)


def _half_mass(k: int, total: int) -> float:
    """Return P(X = k) for X binomial(total, 1/2)."""
    logs = math.lgamma(total + 1) - math.lgamma(k + 1) - math.lgamma(total - k + 1)
    return math.exp(logs - total * math.log(2.0))


def _half_binomial(k: int, total: int) -> float:
    """Return P(X <= k) for X binomial(total, 1/2)."""
    from scipy.special import bdtr

    return float(bdtr(k, total, 0.5))
