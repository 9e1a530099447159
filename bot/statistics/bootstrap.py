"""Bootstrap distributions from random weights: never of rows, always of sums.

Bits come from PCG64's raw stream, whose values NumPy promises to keep, and become Poisson counts
by our own tables; so the numbers of a verdict survive library upgrades.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.random import PCG64

from bot.statistics.curves import STANDARD, Replicates

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bot.statistics.values import Codes, Floats


def _poisson_distribution(mean: float) -> tuple[int, Floats]:
    """Return the first count with visible mass and the distribution function from there on."""
    spread = int(10.0 * math.sqrt(mean)) + 30
    mode = int(mean)
    first = max(0, mode - spread)
    counts = np.arange(first, mode + spread + 1, dtype=np.float64)
    steps = np.log(mean / counts[1:])
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    mass = np.exp(logs - logs[mode - first])
    total = np.cumsum(mass)
    return first, total / total[-1]


@lru_cache(maxsize=1)
def poisson_table() -> NDArray[np.uint8]:
    """Return, for each of 65,536 equally likely 16-bit draws, a Poisson(1) count."""
    _, distribution = _poisson_distribution(1.0)
    draws = (np.arange(65536) + 0.5) / 65536
    return np.asarray(np.searchsorted(distribution, draws), np.uint8)


def poisson_weights(seed: int, replicates: int, blocks: int) -> NDArray[np.uint8]:
    """Return Poisson(1) counts, shape (replicates, blocks): how often a replicate draws a block."""
    needed = replicates * blocks
    raw = PCG64(seed).random_raw(-(-needed // 4))
    bits = raw.astype("<u8", copy=False).view("<u2")[:needed]
    return np.asarray(poisson_table()[bits].reshape(replicates, blocks))


def poisson_counts(seed: int, replicates: int, means: Codes) -> Floats:
    """Return Poisson counts of whole-number means, shape (replicates, len(means)).

    A cell that holds c rows drawn Poisson(1) times each is drawn Poisson(c) times: the exact
    bootstrap of all rows at the cost of its cells.
    """
    cells = len(means)
    raw = PCG64(seed).random_raw(replicates * cells).reshape(cells, replicates)
    uniform = (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53
    drawn = np.empty((cells, replicates))
    for mean in np.unique(means):
        first, distribution = _poisson_distribution(float(mean))
        of_mean = np.flatnonzero(means == mean)
        drawn[of_mean] = first + np.searchsorted(distribution, uniform[of_mean], side="right")
    return drawn.T


def bca(
    replicates: Floats, value: float, left_out: Floats, times: Codes | None, units: int
) -> Replicates:
    """Return the BCa curve of a statistic.

    Args:
        replicates: Shape (B,), of the statistic; those that are not finite are left out.
        value: The statistic on the whole sample.
        left_out: Shape (U,), the statistic without each unit in turn (jackknife).
        times: Shape (U,), how many alike units each entry stands for; None for one each.
        units: Independent units that carry the information, at least 2.

    Source: Efron & Tibshirani (1993), eq. 14.14 and 14.15; ties with `value` count half.
    """
    ordered = np.sort(replicates[np.isfinite(replicates)])
    count = len(ordered)
    rank = np.searchsorted(ordered, value, "left") + np.searchsorted(ordered, value, "right")
    share = min(max(rank / (2.0 * count), 0.5 / count), 1.0 - 0.5 / count)
    weight = np.ones(len(left_out)) if times is None else np.asarray(times, np.float64)
    finite = np.isfinite(left_out)
    left_out, weight = left_out[finite], weight[finite]
    pull = np.average(left_out, weights=weight) - left_out
    # Its unit does not matter, and cubes of large numbers have no float.
    pull = pull / largest if (largest := np.abs(pull).max(initial=0.0)) > 0.0 else pull
    spread = float((weight * pull**2).sum())
    skew = float((weight * pull**3).sum())
    acceleration = skew / (6.0 * spread**1.5) if spread > 0.0 else 0.0
    return Replicates(ordered, STANDARD.inv_cdf(share), acceleration, units)


def enough(replicates: Floats) -> bool:
    """Tell whether at least 95 % of the replicates are finite."""
    return bool(np.isfinite(replicates).mean() >= 0.95)


def in_slabs(
    finish: Callable[[Floats], Floats], weights: NDArray[Any], columns: Floats
) -> Floats:
    """Return `finish(weights @ columns.T)`, shape (B,), a slab of replicates at a time.

    Args:
        finish: Sums of shape (b, F) to values of shape (b,).
        weights: Shape (B, U).
        columns: Shape (F, U), sums per unit.
    """
    slab = max(1, 2**20 // max(1, weights.shape[1]))
    turned = np.ascontiguousarray(columns.T)
    return np.concatenate([
        finish(weights[start : start + slab].astype(np.float64) @ turned)
        for start in range(0, len(weights), slab)
    ])
