"""Metrics of ranks: average precision and the median error, from blocks by bins.

Rows are put in order and cut into bins, and independently into blocks (entities stay whole). A
replicate is a Poisson weighting of blocks, so all replicates are one matrix product with the
table (block, bin). Few distinct values get a bin each and the table is exact; many are binned,
and replicates are moved by the binning's own error on the whole sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bot.statistics import bootstrap
from bot.statistics.blocks import BLOCKS, block_of
from bot.statistics.concordance import tie_ends
from bot.statistics.forms import (
    SMALL,
    Answer,
    Finding,
    Resampling,
    Undecidable,
    Units,
    carrying,
    too_few,
    units,
)
from bot.statistics.losses import absolute_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.statistics.values import Codes, Floats, Sample

BINS = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Binned:
    """The table of one model: `counts` of shape (blocks, bins * kinds), bins in rank order.

    Tables of two partitions with the same bins add.
    """

    counts: NDArray[np.float32]
    edges: Floats
    """Smallest and largest value of each bin, shape (2, bins)."""

    def __add__(self, other: Binned) -> Binned:
        """Return the table of both partitions."""
        return Binned(self.counts + other.counts, self.edges)


class Ranked(Protocol):
    """What a rank metric must say to be resampled."""

    def value(self, sample: Sample, weights: NDArray[Any] | None = None) -> float:
        """Return the metric on the rows."""

    def table(self, sample: Sample, blocks: Codes, count: int) -> Binned:
        """Return the table of a sample whose rows lie in these blocks, shape (n,)."""

    def finish(self, counts: NDArray[Any], binned: Binned) -> Floats:
        """Return the metric of each weighted histogram, shape (B, bins * kinds) to (B,)."""

    def carrying(self, sample: Sample, among: Units) -> int:
        """Return how many independent units carry the metric."""


def fold(among: Units, rows: int) -> tuple[Codes, int]:
    """Return each row's block and how many there are: the units, or hashed blocks of them."""
    keys = np.arange(rows) if among.of_row is None else among.of_row
    if among.count < SMALL:
        return keys, among.count
    return block_of(keys), BLOCKS


def find(
    metric: Ranked, samples: tuple[Sample, ...], resampling: Resampling
) -> Answer:
    """Return the BCa curve of the value, or of the second value minus the first."""
    among = units(samples[0])
    if reason := too_few(among):
        return Undecidable(reason=reason)
    values = tuple(metric.value(sample) for sample in samples)
    blocks, count = fold(among, samples[0].rows)
    weights = bootstrap.poisson_weights(resampling.seed, resampling.replicates, count)
    drawn, left_out = np.zeros(len(weights)), np.zeros(count)
    for sign, value, sample in zip((-1.0, 1.0)[-len(samples) :], values, samples, strict=True):
        table = metric.table(sample, blocks, count)
        whole = table.counts.sum(axis=0, dtype=np.float64)
        moved = value - float(metric.finish(whole[None, :], table)[0])
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn += sign * (moved + _replicates(metric, weights, table))
            left_out += sign * (moved + _without_each(metric, whole, table))
    if not bootstrap.enough(drawn):
        return Undecidable(reason="too few rows to resample", values=values)
    error = float(np.nanstd(drawn))
    if error == 0.0:
        return Undecidable(reason="no spread between the rows", values=values)
    centre = values[-1] - (values[0] if len(values) == 2 else 0.0)
    what = "units" if count == among.count else "hashed blocks"
    curve = bootstrap.bca(drawn, centre, left_out, None, metric.carrying(samples[0], among))
    return Finding(values=values, curve=curve, error=error,
                   method=f"BCa of {count} {what}, {resampling.replicates} replicates{among.words}")


def _replicates(metric: Ranked, weights: NDArray[np.uint8], table: Binned) -> Floats:
    slab = max(1, 2**21 // table.counts.shape[1])
    return np.concatenate([
        metric.finish(weights[i : i + slab].astype(np.float32) @ table.counts, table)
        for i in range(0, len(weights), slab)])


def _without_each(metric: Ranked, whole: Floats, table: Binned) -> Floats:
    slab = max(1, 2**21 // table.counts.shape[1])
    return np.concatenate([
        metric.finish(whole - table.counts[i : i + slab], table)
        for i in range(0, len(table.counts), slab)])


def _histogram(blocks: Codes, columns: Codes, shape: tuple[int, int]) -> NDArray[np.float32]:
    found = np.bincount(blocks * shape[1] + columns, minlength=shape[0] * shape[1])
    return found.astype(np.float32).reshape(shape)


@dataclass(frozen=True, slots=True)
class AveragePrecision:
    """The area under the steps of the precision-recall curve."""

    @property
    def family(self) -> str:
        """Return the family in words."""
        return "ranks, by blocks and bins"

    def value(self, sample: Sample, weights: NDArray[Any] | None = None) -> float:
        """Return the average precision; NaN without a positive row."""
        if sample.scores is None:
            raise ValueError("the metric reads scores and the sample has none")
        order = np.argsort(-sample.scores[:, 1])
        weight = np.ones(sample.rows) if weights is None else np.asarray(weights)[order]
        found, seen = np.cumsum(weight * (sample.target[order] == 1)), np.cumsum(weight)
        if not sample.rows or found[-1] == 0:
            return float("nan")
        ends = tie_ends(sample.scores[order, 1])
        if ends is not None:
            found, seen = found[ends], seen[ends]
        precision = np.divide(found, seen, out=np.zeros(len(seen)), where=seen > 0)
        return float(np.diff(found, prepend=0.0) @ precision / found[-1])

    def table(self, sample: Sample, blocks: Codes, count: int) -> Binned:
        """Return counts of shape (count, 2 * bins): positives of each bin, then all its rows.

        Many scores share bins of about equal numbers of rows and of positives, highest first.
        """
        assert sample.scores is not None  # noqa: S101 - `intervals` has looked
        order = np.argsort(-sample.scores[:, 1])
        ends = tie_ends(sample.scores[order, 1])
        ends = np.arange(sample.rows) if ends is None else ends
        positive = np.asarray(sample.target == 1)
        if len(ends) <= 2 * BINS:
            bins, exact = np.arange(len(ends)), 1.0
        else:
            found = np.cumsum(positive[order])
            share = found[ends] / found[-1] + (ends + 1.0) / sample.rows
            bins, exact = np.minimum(share * (BINS // 2), BINS - 1).astype(np.int64), 0.0
        width = int(bins[-1]) + 1
        of_row = np.empty(sample.rows, np.int64)
        of_row[order] = np.repeat(bins, np.diff(ends, prepend=-1))
        found_in = _histogram(blocks[positive], of_row[positive], (count, width))
        all_in = _histogram(blocks, of_row, (count, width))
        return Binned(np.concatenate([found_in, all_in], axis=1), np.array([[exact]]))

    def finish(self, counts: NDArray[Any], binned: Binned) -> Floats:
        """Return the average precision, taken at the end of exact bins and amid wide ones."""
        width = counts.shape[1] // 2
        back = 0.0 if binned.edges[0, 0] else 0.5
        inside, rows = counts[:, :width], counts[:, width:]
        found = np.cumsum(inside, axis=1) - back * inside
        seen = np.cumsum(rows, axis=1) - back * rows
        precision = np.divide(found, seen, out=np.zeros_like(found), where=seen > 0)
        return np.asarray((inside * precision).sum(axis=1, dtype=np.float64)
                          / inside.sum(axis=1, dtype=np.float64))

    def carrying(self, sample: Sample, among: Units) -> int:
        """Return the rows of the rarer class, or the entities when they are fewer."""
        return carrying(among, np.bincount(sample.target).astype(np.float64))

    def find(self, samples: tuple[Sample, ...], resampling: Resampling) -> Answer:
        """Return the curve of the value, or of the second value minus the first."""
        return find(self, samples, resampling)


@dataclass(frozen=True, slots=True)
class MedianError:
    """The median of the absolute errors."""

    @property
    def family(self) -> str:
        """Return the family in words."""
        return "ranks, by blocks and bins"

    def value(self, sample: Sample, weights: NDArray[Any] | None = None) -> float:
        """Return the median; NaN on no rows."""
        errors = absolute_error(sample)
        if not sample.rows:
            return float("nan")
        if weights is None:
            return float(np.median(errors))
        order = np.argsort(errors)
        running = np.cumsum(np.asarray(weights)[order])
        middle = np.array([(running[-1] - 1) // 2, running[-1] // 2])
        return float(errors[order][np.searchsorted(running, middle, side="right")].mean())

    def table(self, sample: Sample, blocks: Codes, count: int) -> Binned:
        """Return counts of shape (count, bins); wide bins only far from the median."""
        errors = absolute_error(sample)
        ordered = np.sort(errors)
        if sample.rows <= 2 * BINS:
            starts = np.flatnonzero(np.diff(ordered, prepend=-1.0))
        else:
            # Replicates of the median stay within 10 standard errors of their widest case.
            reach = min(0.5, 5.0 / np.sqrt(count))
            marks = np.linspace(0.5 - reach, 0.5 + reach, BINS)
            values = np.unique(ordered[(marks * (sample.rows - 1)).astype(np.int64)])
            starts = np.unique(np.append(0, np.searchsorted(ordered, values)))
        edges = np.stack([ordered[starts], ordered[np.append(starts[1:], sample.rows) - 1]])
        bins = np.searchsorted(edges[0], errors, side="right") - 1
        return Binned(_histogram(blocks, bins, (count, len(starts))), edges)

    def finish(self, counts: NDArray[Any], binned: Binned) -> Floats:
        """Return the mean of the two middle values, interpolated inside a bin."""
        running = np.cumsum(counts, axis=1, dtype=np.float64)
        rows = np.arange(len(counts))
        found = np.zeros(len(counts))
        for middle in ((running[:, -1] - 1) // 2, running[:, -1] // 2):
            at = (running > middle[:, None]).argmax(axis=1)
            inside = np.asarray(counts[rows, at], np.float64)
            passed = (middle + 0.5 - (running[rows, at] - inside)) / np.maximum(inside, 1.0)
            low, high = binned.edges[:, at]
            found += 0.5 * (low + (high - low) * passed)
        return np.where(running[:, -1] > 0, found, np.nan)

    def carrying(self, sample: Sample, among: Units) -> int:  # noqa: ARG002 - the protocol's
        """Return the independent units."""
        return among.count

    def find(self, samples: tuple[Sample, ...], resampling: Resampling) -> Answer:
        """Return the curve of the value, or of the second value minus the first."""
        return find(self, samples, resampling)
