"""ROC AUC with DeLong's variance in O(n log n), ties exact, entities clustered.

A row's placement is the share of the other class that it is on the right side of, ties half.
The AUC is the mean placement; the spread of placements is its variance.
Source: DeLong et al. (1988); midranks: Sun & Xu (2014); clusters: Obuchowski (1997), with one
factor G/(G-1) for all entities.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.statistics import delta
from bot.statistics.curves import STUDENT_BELOW, Curve, Limits, Logit, Normal
from bot.statistics.forms import (
    Answer,
    Finding,
    Resampling,
    Undecidable,
    Units,
    too_few,
    units,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.statistics.values import Floats, Sample

FEWEST_OF_CLASS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """One AUC, and the influence of every row on it, shape (n,), in row order."""

    area: float
    influence: Floats


def _group_sums(ends: NDArray[np.intp] | None, running: Floats) -> tuple[Floats, Floats]:
    """Return running totals before each row's group of ties, and the total inside the group."""
    if ends is None:
        before = np.concatenate([[0.0], running[:-1]])
        return before, running - before
    at_end = running[ends]
    before_group = np.concatenate([[0.0], at_end[:-1]])
    sizes = np.diff(ends, prepend=-1)
    return np.repeat(before_group, sizes), np.repeat(at_end - before_group, sizes)


def tie_ends(ordered: Floats) -> NDArray[np.intp] | None:
    """Return the last position of each group of equal values; None when none are equal."""
    changes = ordered[1:] != ordered[:-1]
    if changes.all():
        return None
    return np.append(np.flatnonzero(changes), len(ordered) - 1)


def area(scores: Floats, positive: NDArray[np.bool_], weights: NDArray[Any] | None) -> float:
    """Return the AUC, rows weighted; NaN when a class has no weight."""
    order = np.argsort(scores)
    weight = np.ones(len(scores)) if weights is None else np.asarray(weights, np.float64)[order]
    up = weight * positive[order]
    down = weight - up
    below, beside = _group_sums(tie_ends(scores[order]), np.cumsum(down))
    pairs = up.sum() * down.sum()
    return float((up * (below + 0.5 * beside)).sum() / pairs) if pairs > 0 else float("nan")


def place(scores: Floats, positive: NDArray[np.bool_]) -> Placed:
    """Return the AUC and every row's influence; both classes need at least 2 rows."""
    order = np.argsort(scores)
    ends = tie_ends(scores[order])
    up = positive[order]
    rows = len(up)
    ups = int(np.count_nonzero(up))
    downs = rows - ups
    running = np.cumsum(up, dtype=np.float64)
    below_up, beside_up = _group_sums(ends, running)
    position = np.arange(rows, dtype=np.float64)
    if ends is None:
        below_down = position - below_up
        beside_down = 1.0 - beside_up
    else:
        sizes = np.diff(ends, prepend=-1)
        starts = np.repeat(ends - sizes + 1, sizes)
        below_down = starts - below_up
        beside_down = np.repeat(sizes, sizes) - beside_up
    placement = np.where(
        up, (below_down + 0.5 * beside_down) / downs,
        (ups - below_up - 0.5 * beside_up) / ups)
    found = float(placement[up].sum()) / ups
    # With these factors the plain sum of squared influences is DeLong's S10/m + S01/n.
    factor = np.where(up, ups * (ups - 1.0), downs * (downs - 1.0)) ** -0.5
    influence = np.empty(rows)
    influence[order] = (placement - found) * factor
    return Placed(found, influence)


def place_all(sample: Sample) -> Placed:
    """Return the mean over classes of one-against-the-rest areas; binary is the one area."""
    assert sample.scores is not None  # noqa: S101 - `find` has looked
    if sample.scores.shape[1] == 2:
        return place(sample.scores[:, 1], np.asarray(sample.target == 1))
    placed = [place(sample.scores[:, k], np.asarray(sample.target == k))
              for k in range(sample.scores.shape[1])]
    return Placed(float(np.mean([p.area for p in placed])),
                  np.mean([p.influence for p in placed], axis=0))


def standard_error(influence: Floats, among: Units) -> float:
    """Return DeLong's error, or the clustered one."""
    if among.of_row is None:
        return math.sqrt(float(influence @ influence))
    return delta.error_of(influence, among)


@dataclass(frozen=True, slots=True)
class Concordance:
    """ROC AUC: of the positive class, or the mean over classes of one against the rest."""

    @property
    def family(self) -> str:
        """Return the family in words."""
        return "rank concordance (DeLong)"

    def value(self, sample: Sample, weights: NDArray[Any] | None = None) -> float:
        """Return the AUC; NaN when a class has no rows."""
        if sample.scores is None:
            raise ValueError("the metric reads scores and the sample has none")
        kinds = range(sample.scores.shape[1])
        over = (1,) if len(kinds) == 2 else kinds
        return float(np.mean([
            area(sample.scores[:, k], np.asarray(sample.target == k), weights) for k in over]))

    def find(self, samples: tuple[Sample, ...], resampling: Resampling) -> Answer:
        """Return the curve of the AUC, or of the second AUC minus the first."""
        among = units(samples[0])
        of_class = np.bincount(samples[0].target, minlength=samples[0].classes)
        rarest = int(of_class.argmin())
        if of_class[rarest] < FEWEST_OF_CLASS:
            return Undecidable(reason=f"only {of_class[rarest]} rows of class {rarest}; "
                                      f"at least {FEWEST_OF_CLASS} are needed")
        if reason := too_few(among):
            return Undecidable(reason=reason)
        placed = [place_all(sample) for sample in samples]
        values = tuple(p.area for p in placed)
        moved = placed[-1].influence - (placed[0].influence if len(placed) == 2 else 0.0)
        error = standard_error(moved, among)
        curve = _curve(values, error, among, resampling.confidence, int(of_class[rarest]))
        perfect = isinstance(curve, Limits)
        return Finding(values=values, curve=curve, error=None if perfect else error,
                       method="exact bound of a perfect ranking" if perfect
                       else "DeLong" + among.words)


def _curve(
    values: tuple[float, ...], error: float, among: Units, confidence: float, rarest: int
) -> Curve:
    """Return the curve; when nothing varies, what `rarest` separate perfect pairs allow."""
    count = STUDENT_BELOW + 1 if among.of_row is None else among.count
    if len(values) == 1 and 0.0 < values[0] < 1.0 and error > 1e-12:
        return Logit(values[0], error, count)
    if error > 1e-12:
        return Normal(values[-1] - values[0], error, count)
    slack = 1.0 - (1.0 - confidence) ** (1.0 / rarest)
    if len(values) == 2:
        return Limits(values[1] - values[0] - slack, values[1] - values[0] + slack, confidence)
    return Limits(max(0.0, values[0] - slack), min(1.0, values[0] + slack), confidence)
