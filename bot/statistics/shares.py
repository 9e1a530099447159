"""Shares of rows answered right: accuracy, recall, specificity.

Single: Wilson's score interval. Paired: Tango's score interval of the rows on which the models
disagree. Both hold at small n and near 0 and 1. Entities: cluster-robust normal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.statistics import delta, proportions
from bot.statistics.curves import STANDARD, Curve, Normal
from bot.statistics.forms import (
    NO_SPREAD,
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

    from bot.statistics.values import Sample


@dataclass(frozen=True, slots=True)
class ScoreShare:
    """Wilson's curve of a share."""

    hits: int
    rows: int

    def quantile(self, p: float) -> float:
        """Return the score bound at confidence `p`."""
        low, high = proportions.wilson(self.hits, self.rows, max(p, 1.0 - p))
        return low if p < 0.5 else high

    def below(self, x: float) -> float:
        """Return the confidence that the share is at most `x`."""
        return proportions.wilson_below(x, self.hits, self.rows)


@dataclass(frozen=True, slots=True)
class ScoreDifference:
    """Tango's curve of a paired difference of shares."""

    gained: int
    lost: int
    rows: int

    def quantile(self, p: float) -> float:
        """Return the score bound at confidence `p`."""
        return proportions.tango(self.gained, self.lost, self.rows, p)

    def below(self, x: float) -> float:
        """Return the confidence that the difference is at most `x`."""
        if abs(x) >= 1.0:
            return float(x > 0.0)
        return STANDARD.cdf(-proportions.tango_z(self.gained, self.lost, self.rows, x))


@dataclass(frozen=True, slots=True)
class Share:
    """The share of hits among all rows (None) or among the rows of one class."""

    among: int | None

    @property
    def family(self) -> str:
        """Return the family in words."""
        return "share of rows"

    def value(self, sample: Sample, weights: NDArray[Any] | None = None) -> float:
        """Return the share; NaN without rows to share."""
        hits, counted = self.hits(sample), self.counted(sample)
        if weights is not None:
            hits, counted = hits * weights, counted * weights
        rows = counted.sum()
        return float(hits.sum() / rows) if rows else float("nan")

    def counted(self, sample: Sample) -> NDArray[Any]:
        """Return which rows count, shape (n,)."""
        if self.among is None:
            return np.ones(sample.rows, np.bool_)
        return np.asarray(sample.target == self.among)

    def hits(self, sample: Sample) -> NDArray[Any]:
        """Return which counted rows were answered right, shape (n,)."""
        right = np.asarray(sample.target == sample.predicted)
        return right if self.among is None else right & (sample.target == self.among)

    def find(self, samples: tuple[Sample, ...], resampling: Resampling) -> Answer:  # noqa: ARG002 - closed form, the protocol's signature
        """Return the curve of the share, or of the second share minus the first."""
        counted = self.counted(samples[0])
        rows = int(np.count_nonzero(counted))
        among = units(samples[0])
        if reason := "no rows of the class" if not rows else too_few(among):
            return Undecidable(reason=reason)
        hits = [self.hits(sample) for sample in samples]
        values = tuple(np.count_nonzero(h) / rows for h in hits)
        if among.of_row is not None:
            return _clustered(hits, counted, values, among)
        if len(hits) == 1:
            error = float(np.sqrt(values[0] * (1.0 - values[0]) / rows))
            score = ScoreShare(round(values[0] * rows), rows)
            return Finding(values=values, curve=score, error=error, method="Wilson score")
        gained = int(np.count_nonzero(hits[1] & ~hits[0]))
        lost = int(np.count_nonzero(hits[0] & ~hits[1]))
        error = float(np.sqrt(gained + lost - (gained - lost) ** 2 / rows)) / rows
        return Finding(values=values, curve=ScoreDifference(gained, lost, rows), error=error,
                       method="Tango score, paired")


def _clustered(
    hits: list[NDArray[Any]], counted: NDArray[Any], values: tuple[float, ...], among: Units
) -> Answer:
    """Return the cluster-robust curve; when nothing varies, the score curve of whole entities."""
    rows = np.count_nonzero(counted)
    change = hits[-1].astype(np.float64) - (hits[0] if len(hits) == 2 else 0.0)
    centre = float(change.sum() / rows)
    error = delta.error_of((change - counted * centre) / rows, among)
    method = f"mean, normal{among.words}"
    curve: Curve = Normal(centre, error, among.count)
    if error <= NO_SPREAD:
        if (len(hits) == 2 and change.any()) or centre not in {0.0, 1.0}:
            return Undecidable(reason="no spread between the entities", values=values)
        method = f"score of {among.count} entities, each counted once"
        curve = (ScoreDifference(0, 0, among.count) if len(hits) == 2
                 else ScoreShare(round(centre) * among.count, among.count))
    return Finding(values=values, curve=curve, error=error, method=method)
