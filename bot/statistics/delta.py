"""The delta method: how much one row moves a metric, and from that its standard error.

A metric is a smooth function of sums over rows. Its gradient at the observed sums, times a row's
own columns, is that row's influence; the spread of influences over independent units is the
variance. No resampling: on large samples it equals the bootstrap without its Monte Carlo noise.
Source: Efron & Tibshirani (1993), ch. 22; clusters: CR1's G/(G-1), Cameron & Miller (2015).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.statistics.forms import Units
    from bot.statistics.values import Floats

STEP = 1e-5
"""Relative step of the central difference: truncation and rounding both stay near 1e-10."""
ROUNDING = 1e-8
"""Standard error of a metric of size 1 below which there is only the rounding of differences."""


def gradient(finish: Callable[[Floats], Floats], sums: Floats, scale: Floats) -> Floats:
    """Return the gradient of `finish` by central differences, shape (..., F).

    Args:
        finish: Sums of shape (..., F) to values of shape (...).
        sums: Shape (..., F), where to take it.
        scale: Shape (..., F), typical size of each sum; 0 where a column is all zero.
    """
    found = np.zeros_like(sums)
    for column in range(sums.shape[-1]):
        step = np.zeros_like(sums)
        step[..., column] = STEP * scale[..., column]
        size = step[..., column]
        rise = finish(sums + step) - finish(sums - step)
        found[..., column] = np.where(size > 0, rise / np.where(size > 0, 2.0 * size, 1.0), 0.0)
    return found


def error_of(influence: Floats, among: Units) -> float:
    """Return the standard error from the influence of every row, shape (n,), added up per unit."""
    summed = among.sums(influence[None, :])[0]
    count = among.count
    return math.sqrt(count / (count - 1.0) * float(summed @ summed))
