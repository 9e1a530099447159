"""Confusion metrics as functions of three counts per class: hits, predictions, actual rows.

Every function takes counts of shape (..., K) and works over the leading axes, so that one call
finishes a sample, all its bootstrap replicates, or all its slices. 0/0 is 0, as in scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.statistics.values import Codes, Floats


@dataclass(frozen=True, slots=True, eq=False)
class Tallies:
    """Counts per class, shape (..., K) each; adding two of them merges two partitions."""

    hits: Floats
    predicted: Floats
    actual: Floats

    def __add__(self, other: Tallies) -> Tallies:
        """Return the tallies of both sets of rows together."""
        return Tallies(
            self.hits + other.hits, self.predicted + other.predicted, self.actual + other.actual
        )


def tally(
    target: Codes, predicted: Codes, classes: int, weights: NDArray[Any] | None = None
) -> Tallies:
    """Count hits, predictions and actual rows per class; rows may carry weights, shape (n,)."""
    table = np.bincount(
        target.astype(np.int64) * classes + predicted, weights, minlength=classes * classes
    ).reshape(classes, classes).astype(np.float64)
    return Tallies(table.diagonal().copy(), table.sum(axis=0), table.sum(axis=1))


def ratio(part: Floats, whole: Floats) -> Floats:
    """Divide, with 0 where the whole is not positive."""
    positive = whole > 0
    return np.where(positive, part / np.where(positive, whole, 1.0), 0.0)


def precision(t: Tallies) -> Floats:
    """Share of rows predicted positive that are."""
    return ratio(t.hits[..., 1], t.predicted[..., 1])


def f1_by_class(t: Tallies) -> Floats:
    """Harmonic mean of precision and recall of each class, shape (..., K)."""
    return ratio(2.0 * t.hits, t.predicted + t.actual)


def f1(t: Tallies) -> Floats:
    """Harmonic mean of precision and recall of the positive class."""
    return ratio(2.0 * t.hits[..., 1], t.predicted[..., 1] + t.actual[..., 1])


def macro(by_class: Floats, t: Tallies) -> Floats:
    """Plain mean over the classes that occur, among the targets or the predictions."""
    occurs = (t.actual + t.predicted) > 0
    return ratio((by_class * occurs).sum(axis=-1), occurs.sum(axis=-1).astype(np.float64))


def f1_macro(t: Tallies) -> Floats:
    """Mean F1 over classes."""
    return macro(f1_by_class(t), t)


def f1_weighted(t: Tallies) -> Floats:
    """F1 over classes, weighted by the rows of each."""
    return ratio((f1_by_class(t) * t.actual).sum(axis=-1), t.actual.sum(axis=-1))


def precision_macro(t: Tallies) -> Floats:
    """Mean precision over classes."""
    return macro(ratio(t.hits, t.predicted), t)


def recall_macro(t: Tallies) -> Floats:
    """Mean recall over classes, those only predicted counting as 0."""
    return macro(ratio(t.hits, t.actual), t)


def balanced_accuracy(t: Tallies) -> Floats:
    """Mean recall over the classes that occur among the targets."""
    occurs = t.actual > 0
    recalls = ratio(t.hits, t.actual) * occurs
    return ratio(recalls.sum(axis=-1), occurs.sum(axis=-1).astype(np.float64))


def matthews_corrcoef(t: Tallies) -> Floats:
    """Correlation of target and prediction, many classes too. Source: Gorodkin (2004)."""
    rows = t.actual.sum(axis=-1)
    together = t.hits.sum(axis=-1) * rows - (t.predicted * t.actual).sum(axis=-1)
    spread = (rows**2 - (t.predicted**2).sum(axis=-1)) * (rows**2 - (t.actual**2).sum(axis=-1))
    return ratio(together, np.sqrt(np.maximum(spread, 0.0)))


def cohen_kappa(t: Tallies) -> Floats:
    """Agreement beyond chance. Source: Cohen (1960)."""
    rows = t.actual.sum(axis=-1)
    chance = (t.predicted * t.actual).sum(axis=-1)
    return ratio(t.hits.sum(axis=-1) * rows - chance, rows**2 - chance)
