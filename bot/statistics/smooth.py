"""Metrics that are smooth functions of sums over rows: means of losses, roots and ratios of them.

Large samples: closed form (delta method; for a mean, the plain error of the mean paired
difference). Fewer than 2,000 units: losses are skewed, which BCa corrects for, but heavy tails
make that correction chase single rows: equal models were called different in 12 to 17 of 100
samples. So each bound is the outer one of BCa and Student's t with the cluster-robust error, which
held its level in every simulation of tests/calibration. Source: Hesterberg (2015), section 4;
Cameron & Miller (2015).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.statistics import bootstrap, delta
from bot.statistics.curves import Normal, Wider
from bot.statistics.forms import (
    FEWEST_DIFFERING,
    NO_SPREAD,
    SMALL,
    Answer,
    Finding,
    Resampling,
    Undecidable,
    Units,
    too_few,
    units,
)
from bot.statistics.losses import mean_finish, mean_slope, root_finish, root_slope

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bot.statistics.values import Floats, Sample


@dataclass(frozen=True, slots=True)
class Smooth:
    """A metric `finish(sum of columns)`.

    Attributes:
        columns: Sample to shape (F, n).
        shared: How many leading columns do not depend on the model.
        finish: Sums of shape (..., F) to values; unchanged when all sums are scaled alike.
        gradient: Of `finish`, shape (..., F) to the same.
    """

    columns: Callable[[Sample], Floats]
    shared: int
    finish: Callable[[Floats], Floats]
    gradient: Callable[[Floats], Floats]

    @property
    def family(self) -> str:
        """Return the family in words."""
        return "mean of row losses" if self.finish is mean_finish else "function of row sums"

    def value(self, sample: Sample, weights: NDArray[Any] | None = None) -> float:
        """Return the metric; NaN on no rows."""
        if not sample.rows:
            return float("nan")
        columns = self.columns(sample)
        return float(self.finish(columns.sum(axis=1) if weights is None else columns @ weights))

    def find(self, samples: tuple[Sample, ...], resampling: Resampling) -> Answer:
        """Return the curve of the value, or of the second value minus the first."""
        among = units(samples[0])
        if reason := too_few(among):
            return Undecidable(reason=reason)
        joint = self.joint(samples)
        sums = joint.sum(axis=1)
        values = tuple(float(v) for v in self.values(sums, len(samples)))
        if not np.isfinite(values).all():
            return Undecidable(reason="the metric is not defined on these rows")
        error = delta.error_of(self.slope(sums, len(samples)) @ joint, among)
        if error <= NO_SPREAD * max(map(abs, values)):
            return Undecidable(reason="no spread between the rows", values=values)
        if len(samples) == 2 and (few := self._few(joint, among)):
            return Undecidable(reason=few, values=values)
        if among.count < SMALL:
            secant = self._secant(joint, values, among)
            return self._resampled(among.sums(joint), values, (error, secant), among, resampling)
        what = "mean of paired differences" if len(samples) == 2 else "mean"
        name = what if self.finish is mean_finish else "delta method"
        centre = values[-1] - (values[0] if len(values) == 2 else 0.0)
        return Finding(values=values, curve=Normal(centre, error, among.count), error=error,
                       method=f"{name}, normal{among.words}")

    def joint(self, samples: tuple[Sample, ...]) -> Floats:
        """Return the columns of the first sample, then how the second's own differ from them."""
        first = self.columns(samples[0])
        if len(samples) == 1:
            return first
        second = self.columns(samples[1])
        return np.concatenate([first, second[self.shared :] - first[self.shared :]])

    def sides(self, sums: Floats, models: int) -> list[Floats]:
        """Split joint sums, shape (..., J), into those of each model, shape (..., F) each."""
        if models == 1:
            return [sums]
        own = (sums.shape[-1] - self.shared) // 2
        first = sums[..., : self.shared + own]
        second = np.concatenate(
            [sums[..., : self.shared], first[..., self.shared :] + sums[..., self.shared + own :]],
            axis=-1,
        )
        return [first, second]

    def values(self, sums: Floats, models: int) -> list[Floats]:
        """Return the metric of each model, shape (...) each, from joint sums."""
        return [self.finish(side) for side in self.sides(sums, models)]

    def slope(self, sums: Floats, models: int) -> Floats:
        """Return the gradient of the value or difference by joint sums, shape (..., J)."""
        slopes = [self.gradient(side) for side in self.sides(sums, models)]
        if models == 1:
            return slopes[0]
        return np.concatenate([slopes[1] - slopes[0], slopes[1][..., self.shared :]], axis=-1)

    def _secant(self, joint: Floats, values: tuple[float, ...], among: Units) -> float:
        """Return the error of a difference by way of the mean loss below it; 0 where it has none.

        An outlier raises the error of a root or of r2 and its scale at once, so their own delta
        method doubts them too little. Both are f * (difference of mean losses) for some f, and
        that times the error of the difference judges them as it judges the mean.
        """
        if len(values) == 1 or self.finish is mean_finish:
            return 0.0
        loss = joint[-1]
        mean = float(loss.mean())
        if mean == 0.0:
            return 0.0
        error = delta.error_of((loss - mean) / len(loss), among)
        return abs((values[1] - values[0]) / mean) * error

    def differ(self, joint: Floats) -> NDArray[np.bool_]:
        """Tell on which rows the models' columns differ by more than rounding, shape (n,)."""
        own = np.abs(joint[(len(joint) + self.shared) // 2 :])
        return np.asarray((own > NO_SPREAD * own.max(axis=1, keepdims=True)).any(axis=0))

    def _few(self, joint: Floats, among: Units) -> str | None:
        """Return why too few units tell the models apart, or None."""
        differ = self.differ(joint)
        if among.of_row is not None:
            differ = np.bincount(among.of_row, differ, among.count) > 0
        if (seen := int(np.count_nonzero(differ))) >= FEWEST_DIFFERING:
            return None
        what = "rows" if among.of_row is None else "entities"
        return f"the models differ on only {seen} {what}; at least {FEWEST_DIFFERING} are needed"

    def _resampled(
        self, columns: Floats, values: tuple[float, ...], errors: tuple[float, float],
        among: Units, resampling: Resampling,
    ) -> Answer:
        """Return the outer one of BCa over units, from their sums of shape (J, U), and of t."""
        models = len(values)

        def target(sums: Floats) -> Floats:
            found = self.values(sums, models)
            return found[-1] - found[0] if models == 2 else found[0]

        weights = bootstrap.poisson_weights(
            resampling.seed, resampling.replicates, columns.shape[1])
        with np.errstate(divide="ignore", invalid="ignore"):
            replicates = bootstrap.in_slabs(target, weights, columns)
            left_out = target((columns.sum(axis=1, keepdims=True) - columns).T)
        if not bootstrap.enough(replicates):
            return Undecidable(reason="too few rows to resample", values=values)
        centre = float(target(columns.sum(axis=1)))
        curve = Wider((
            bootstrap.bca(replicates, centre, left_out, None, among.count),
            *(Normal(centre, error, among.count) for error in errors if error > 0.0)))
        return Finding(
            values=values, curve=curve, error=errors[0],
            method=f"BCa or Student's t, {resampling.replicates} replicates{among.words}")


def one_and(loss: Callable[[Sample], Floats]) -> Callable[[Sample], Floats]:
    """Return the columns (1, loss)."""

    def columns(sample: Sample) -> Floats:
        return np.stack([np.ones(sample.rows), loss(sample)])

    return columns


def mean_of(loss: Callable[[Sample], Floats]) -> Smooth:
    """Return the mean of a loss of single rows."""
    return Smooth(one_and(loss), 1, mean_finish, mean_slope)


def root_mean_of(loss: Callable[[Sample], Floats]) -> Smooth:
    """Return the root of the mean of a loss of single rows."""
    return Smooth(one_and(loss), 1, root_finish, root_slope)
