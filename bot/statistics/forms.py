"""What every family of metrics answers: a value on a sample, and a confidence curve around it.

A form looks at one sample (an estimate) or at two on the same rows (a difference).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.statistics.curves import Curve
    from bot.statistics.values import Codes, Sample

SMALL = 2000
"""Below this many independent units, intervals are corrected for skewness (BCa)."""
FEWEST_DIFFERING = 5
"""Below this many units with another loss, nothing bounds what the next one may cost."""
FEWEST_ENTITIES = 20
"""Below this many entities the spread between them cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampling:
    """How to draw replicates, and the level of bounds that exist at one level only."""

    seed: int
    replicates: int
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Metric values, one per sample, and the curve of the value or of the difference."""

    values: tuple[float, ...]
    curve: Curve
    error: float | None
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecidable:
    """Why there is no curve, in words; values as far as they are defined."""

    reason: str
    values: tuple[float, ...] = ()


Answer: TypeAlias = Finding | Undecidable

NO_SPREAD = 1e-10
"""Share of the metric's own size below which a standard error is rounding, not spread."""


class Form(Protocol):
    """One family of metrics."""

    @property
    def family(self) -> str:
        """Return the family in words, for reports and documentation."""

    def value(self, sample: Sample, weights: NDArray[Any] | None = None) -> float:
        """Return the metric; whole-number weights count rows so many times. NaN if undefined."""

    def find(self, samples: tuple[Sample, ...], resampling: Resampling) -> Answer:
        """Return the curve of the one sample's value, or of the second minus the first."""


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """The independent units behind the rows: entities when some repeat, else the rows."""

    count: int
    of_row: Codes | None
    """Shape (n,), unit of each row, 0..count-1; None when every row is its own unit."""

    @property
    def words(self) -> str:
        """Say how rows were clustered, for the method line; empty when they were not."""
        return "" if self.of_row is None else f", clustered by {self.count} entities"

    def sums(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add up the rows of each unit: shape (F, n) to (F, count)."""
        if self.of_row is None:
            return columns
        return np.stack([np.bincount(self.of_row, row, minlength=self.count) for row in columns])


def units(sample: Sample) -> Units:
    """Return the sample's units; entities that never repeat are rows."""
    if sample.entities is None:
        return Units(sample.rows, None)
    codes, of_row = np.unique(sample.entities, return_inverse=True)
    return Units(len(codes), None if len(codes) == sample.rows else of_row)


def too_few(among: Units) -> str | None:
    """Return why these units are too few to tell their spread, or None."""
    if among.of_row is not None and among.count < FEWEST_ENTITIES:
        return f"only {among.count} entities; at least {FEWEST_ENTITIES} are needed"
    if among.count < 2:
        return f"only {among.count} row; a spread needs at least 2" if among.count else "no rows"
    return None


def carrying(among: Units, of_class: NDArray[np.float64]) -> int:
    """Return how many units carry a confusion or ranking metric: no more than the rarest class.

    Args:
        among: The independent units.
        of_class: Rows of each class, shape (K,); classes without rows do not count.
    """
    return max(2, min(among.count, int(of_class[of_class > 0].min())))
