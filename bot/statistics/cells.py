"""Confusion metrics from the joint cells (target, champion's answer, challenger's answer).

The cells are sufficient: drawing their counts is the exact bootstrap of the rows, at a cost that
does not grow with the rows. Entities are drawn whole. Too many cells or entities to draw:
delta method.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.statistics import bootstrap, delta
from bot.statistics.curves import Limits, Normal
from bot.statistics.forms import (
    Answer,
    Finding,
    Resampling,
    Undecidable,
    Units,
    carrying,
    too_few,
    units,
)
from bot.statistics.tallies import Tallies, tally

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bot.statistics.values import Codes, Floats, Sample

MOST_DRAWN = 2**22
"""Atoms times columns up to which replicates are drawn; beyond it the delta method serves."""
MOST_ATOMS = 4096
MOST_PAIRED = 32
"""Classes up to which flips between all pairs are tried; beyond, into the rarest and commonest."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Rows grouped into cells of alike rows.

    Attributes:
        target: Shape (C,), class of each cell.
        answers: Shape (models, C), what each model answers there.
        times: Shape (C,), rows in the cell.
        classes: K.
    """

    target: Codes
    answers: Codes
    times: Codes
    classes: int

    def __add__(self, other: Table) -> Table:
        """Return the cells of both partitions together."""
        return table_of(
            np.concatenate([self.target, other.target]),
            np.concatenate([self.answers, other.answers], axis=1),
            max(self.classes, other.classes),
            np.concatenate([self.times, other.times]),
        )

    def columns(self) -> Floats:
        """Return 0/1 columns (actual, then hits and predictions per model), shape (F, C)."""
        kinds = np.arange(self.classes)[:, None]
        actual = self.target == kinds
        found = [actual]
        for answer in self.answers:
            found += [(answer == kinds) & actual, answer == kinds]
        return np.concatenate(found).astype(np.float64)


def table_of(target: Codes, answers: Codes, classes: int, times: Codes | None = None) -> Table:
    """Group rows, shape (n,) and (models, n), into their distinct cells, in order of code."""
    code = target.astype(np.int64)
    for answer in answers:
        code = code * classes + answer
    found, times = counted(code, classes ** (1 + len(answers)), times)
    parts = []
    for _ in answers:
        found, answer = np.divmod(found, classes)
        parts.append(answer)
    return Table(found, np.stack(parts[::-1]), times, classes)


def counted(code: Codes, size: int, times: Codes | None = None) -> tuple[Codes, Codes]:
    """Return the codes below `size` that occur, ascending, and how often each."""
    if size <= max(2**16, len(code)):
        counts = np.bincount(code, times, minlength=size)
        found = np.flatnonzero(counts)
        counts = counts[found]
    else:
        found, of_row = np.unique(code, return_inverse=True)
        counts = np.bincount(of_row, times)
    return found, np.rint(counts).astype(np.int64)


def split(sums: Floats, classes: int) -> list[Tallies]:
    """Return the tallies of each model from sums of `Table.columns`, shape (..., F)."""
    pieces = [sums[..., i : i + classes] for i in range(0, sums.shape[-1], classes)]
    return [Tallies(pieces[i], pieces[i + 1], pieces[0]) for i in range(1, len(pieces), 2)]


@dataclass(frozen=True, slots=True)
class Cells:
    """A metric that `finish` computes from tallies, of shape (...)."""

    finish: Callable[[Tallies], Floats]

    @property
    def family(self) -> str:
        """Return the family in words."""
        return "counts of a confusion matrix"

    def value(self, sample: Sample, weights: NDArray[Any] | None = None) -> float:
        """Return the metric; NaN on no rows."""
        if not sample.rows:
            return float("nan")
        counts = tally(sample.target, sample.predicted, sample.classes, weights)
        return float(self.finish(counts))

    def find(self, samples: tuple[Sample, ...], resampling: Resampling) -> Answer:
        """Return the curve of the value, or of the second value minus the first."""
        among = units(samples[0])
        if reason := too_few(among):
            return Undecidable(reason=reason)
        classes = max(sample.classes for sample in samples)
        answers = np.stack([sample.predicted for sample in samples])
        if among.of_row is None:
            table = table_of(samples[0].target, answers, classes)
        else:
            table = Table(samples[0].target, answers, np.ones(len(among.of_row), np.int64), classes)
        sums = self.sums(table)
        values = tuple(float(self.finish(tallies)) for tallies in split(sums, classes))
        if len(samples) == 2 and np.array_equal(answers[0], answers[1]):
            return self.bounded(table, values, among, resampling.confidence)
        error = self.error(table, sums, among)
        if error <= delta.ROUNDING and len(samples) == 1:
            return self.bounded(table, values, among, resampling.confidence)
        if error <= delta.ROUNDING:
            return Undecidable(reason="no spread between the rows", values=values)
        if (atoms := self._atoms(table, among)) is not None:
            return self._resampled(*atoms, values, error, among, resampling)
        centre = values[-1] - (values[0] if len(values) == 2 else 0.0)
        return Finding(values=values, curve=Normal(centre, error, among.count), error=error,
                       method=f"delta method of the cells, normal{among.words}")

    def sums(self, table: Table) -> Floats:
        """Return the sums of `Table.columns` over all rows, shape (F,)."""
        pieces = [np.bincount(table.target, table.times, table.classes)]
        for answer in table.answers:
            right = table.times * (answer == table.target)
            pieces += [np.bincount(answer, right, table.classes),
                       np.bincount(answer, table.times, table.classes)]
        return np.concatenate(pieces).astype(np.float64)

    def target(self, sums: Floats, classes: int) -> Floats:
        """Return the value, or the second model's value minus the first's, shape (...)."""
        found = [self.finish(tallies) for tallies in split(sums, classes)]
        return found[-1] - found[0] if len(found) == 2 else found[0]

    def influence(self, table: Table, slopes: Floats) -> NDArray[Any]:
        """Return how much one row of each cell moves the target, shape (C,), from its gradient."""
        pieces = slopes.reshape(-1, table.classes)
        moved: NDArray[Any] = pieces[0][table.target]
        for model, answer in enumerate(table.answers):
            hits, predicted = pieces[1 + 2 * model], pieces[2 + 2 * model]
            moved = moved + predicted[answer] + hits[answer] * (answer == table.target)
        return moved

    def error(self, table: Table, sums: Floats, among: Units) -> float:
        """Return the delta method's standard error of the target."""
        rows = float(table.times.sum())
        slopes = delta.gradient(
            lambda s: self.target(s, table.classes), sums, np.full(sums.shape, rows))
        influence = self.influence(table, slopes)
        if among.of_row is not None:
            return delta.error_of(influence, among)
        return float(np.sqrt(rows / (rows - 1.0) * (table.times * influence**2).sum()))

    def _atoms(self, table: Table, among: Units) -> tuple[Floats, Codes | None, int] | None:
        """Return what replicates draw: columns (F, A), times each; None when that is too much."""
        width = table.classes * (1 + 2 * len(table.answers))
        count = len(table.times) if among.of_row is None else among.count
        if count > MOST_ATOMS or count * width > MOST_DRAWN:
            return None
        if among.of_row is None:
            return table.columns(), table.times, table.classes
        if len(table.times) * width > 4 * MOST_DRAWN:
            return None
        return among.sums(table.columns()), None, table.classes

    def _resampled(
        self, columns: Floats, times: Codes | None, classes: int, values: tuple[float, ...],
        error: float, among: Units, resampling: Resampling,
    ) -> Answer:
        """Return the BCa curve from drawn atoms, columns of shape (F, A)."""
        seed, count = resampling.seed, resampling.replicates
        weights: NDArray[Any] = (
            bootstrap.poisson_weights(seed, count, columns.shape[1]) if times is None
            else bootstrap.poisson_counts(seed, count, times))
        whole = columns.sum(axis=1) if times is None else columns @ times
        replicates = bootstrap.in_slabs(lambda s: self.target(s, classes), weights, columns)
        left_out = self.target((whole[:, None] - columns).T, classes)
        centre = float(self.target(whole, classes))
        curve = bootstrap.bca(
            replicates, centre, left_out, times, carrying(among, whole[:classes]))
        what = "entities" if times is None else "multinomial cells"
        return Finding(values=values, curve=curve, error=error,
                       method=f"{what}, BCa, {count} replicates"
                       + (among.words if times is None else ""))

    def bounded(
        self, table: Table, values: tuple[float, ...], among: Units, confidence: float
    ) -> Answer:
        """Return what can be said when no row errs, or none is answered differently.

        See `worst_flips`; with entities, as many average entities may flip.
        """
        size = float(table.times.sum()) / among.count
        reach = worst_flips(self.finish, self.sums(table)[: 3 * table.classes], table.classes,
                            -float(np.log1p(-confidence)) * size)
        centre = values[0] if len(values) == 1 else 0.0
        seen = "error" if len(values) == 1 else "disagreement"
        return Finding(values=values, curve=Limits(centre - reach, centre + reach, confidence),
                       error=None, method=f"no {seen} seen; bound by the worst flips not excluded")


def worst_flips(
    finish: Callable[[Tallies], Floats], sums: Floats, classes: int, flips: float
) -> float:
    """Return how far the metric could move if `flips` right answers became wrong.

    Zero events among n rows exclude a rate above -ln(1 - confidence) / n (the rule of
    three), so that many rows may still flip, and we let all of them flip in the worst way.
    """
    base = split(sums, classes)[0]
    kinds = np.eye(classes)
    ends = range(classes) if classes <= MOST_PAIRED else (
        int(base.predicted.argmin()), int(base.predicted.argmax()))
    moves = [(a, b) for a in range(classes) for b in ends if a != b]
    out, into = (kinds[[m[i] for m in moves]] for i in (0, 1))
    size = np.minimum(flips, base.hits[[m[0] for m in moves]])[:, None]
    changed = Tallies(base.hits - size * out, base.predicted + size * (into - out),
                      np.broadcast_to(base.actual, out.shape))
    return float(np.abs(finish(changed) - finish(base)).max())
