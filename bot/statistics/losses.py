"""Losses of single rows, and the metrics that are a mean or a ratio of their sums.

`columns` functions return shape (F, n), the first `shared` of them the same for every model on
the same rows. `finish` functions turn sums of shape (..., F) into metric values of shape (...);
they do not change when all sums are multiplied by one number, so weights need no total. `slope`
functions are their gradients, shape (..., F).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bot.statistics.values import Floats, Sample


def _scores(sample: Sample) -> Floats:
    if sample.scores is None:
        raise ValueError("the metric reads scores and the sample has none")
    return sample.scores


def log_loss(sample: Sample) -> Floats:
    """Return minus the log probability given to the true class, shape (n,).

    Probabilities are clipped to [eps, 1 - eps] of float64, as scikit-learn does.
    """
    scores, target = _scores(sample), sample.target
    if scores.shape[1] == 2:
        given = np.where(target == 1, scores[:, 1], scores[:, 0])
    else:
        given = scores[np.arange(len(target)), target]
    tiny = np.finfo(np.float64).eps
    loss: Floats = -np.log(np.clip(given, tiny, 1.0 - tiny, dtype=np.float64))
    return loss


def brier_score(sample: Sample) -> Floats:
    """Return the squared error of the probabilities, shape (n,).

    Binary: of the positive class, in [0, 1]. Multiclass: summed over classes, in [0, 2].
    """
    scores, target = _scores(sample), sample.target
    if scores.shape[1] == 2:
        return np.asarray(np.square(scores[:, 1] - target), dtype=np.float64)
    given = scores[np.arange(len(target)), target]
    return np.asarray(np.square(scores).sum(axis=1) - 2.0 * given + 1.0, dtype=np.float64)


def absolute_error(sample: Sample) -> Floats:
    """Return |target - predicted|, shape (n,)."""
    return np.asarray(np.abs(np.asarray(sample.target, np.float64) - sample.predicted))


def squared_error(sample: Sample) -> Floats:
    """Return (target - predicted)^2, shape (n,)."""
    return np.asarray(np.square(np.asarray(sample.target, np.float64) - sample.predicted))


def relative_error(sample: Sample) -> Floats:
    """Return |target - predicted| / max(|target|, eps), shape (n,), as scikit-learn does."""
    least = np.finfo(np.float64).eps
    return np.asarray(absolute_error(sample) / np.maximum(np.abs(sample.target), least))


def mean_finish(sums: Floats) -> Floats:
    """Return the mean from the sums of (1, loss)."""
    return np.asarray(sums[..., 1] / sums[..., 0])


def mean_slope(sums: Floats) -> Floats:
    """Return the gradient of `mean_finish`."""
    rows = sums[..., 0]
    return np.stack([-sums[..., 1] / rows**2, 1.0 / rows], axis=-1)


def root_finish(sums: Floats) -> Floats:
    """Return the root of the mean from the sums of (1, loss)."""
    return np.asarray(np.sqrt(np.maximum(sums[..., 1], 0.0) / sums[..., 0]))


def root_slope(sums: Floats) -> Floats:
    """Return the gradient of `root_finish`; 0 where there is no error at all."""
    root = root_finish(sums)[..., None]
    return np.where(root > 0, mean_slope(sums) / np.where(root > 0, 2.0 * root, 1.0), 0.0)


def r2_columns(sample: Sample) -> Floats:
    """Return (1, y, y^2, squared error), with y shifted by its mean, which changes nothing."""
    y = np.asarray(sample.target, np.float64)
    y = y - y.mean()
    return np.stack([np.ones_like(y), y, np.square(y), squared_error(sample)])


def r2_finish(sums: Floats) -> Floats:
    """Return 1 - SSE / SST from the sums of `r2_columns`; NaN where the target does not vary."""
    total = sums[..., 2] - np.square(sums[..., 1]) / sums[..., 0]
    varies = total > 0
    return np.where(varies, 1.0 - sums[..., 3] / np.where(varies, total, 1.0), np.nan)


def r2_slope(sums: Floats) -> Floats:
    """Return the gradient of `r2_finish`; NaN where the target does not vary."""
    mean = sums[..., 1] / sums[..., 0]
    total = sums[..., 2] - sums[..., 1] * mean
    total = np.where(total > 0, total, np.nan)
    share = sums[..., 3] / total**2
    return np.stack([share * mean**2, -2.0 * share * mean, share, -1.0 / total], axis=-1)
