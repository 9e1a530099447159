"""Confusion metrics from the joint cells (target, champion's answer, challenger's answer).

The cells are sufficient: drawing their counts is the exact bootstrap of the rows, at a cost that
does not grow with the rows. Entities are drawn whole. Too many cells or entities to draw:
delta method. Answers seen less than 5 times bound the metric on their own (see `unseen`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.statistics import bootstrap, delta
from bot.statistics.curves import Curve, Normal, Wider
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
from bot.statistics.tallies import Tallies, tally
from bot.statistics.unseen import Unseen, counts

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bot.statistics.values import Codes, Floats, Sample

MOST_DRAWN = 2**22
"""Atoms times columns up to which replicates are drawn; beyond it the delta method serves."""
MOST_ATOMS = 4096


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
        rare = counts(table.target, table.answers, table.times, classes, among).curve(
            self.finish, 0, samples[0].rows / among.count)
        if np.array_equal(answers[-1], answers[0] if len(answers) == 2 else samples[0].target):
            return bounded(rare, values, "disagreement" if len(answers) == 2 else "error")
        error = self.error(table, sums, among)
        if error > delta.ROUNDING:
            curve, method = self._curve(table, sums, error, among, resampling)
            if rare is not None:
                curve, method = Wider((curve, rare)), f"{method}, rare answers bounded"
            return Finding(values=values, curve=curve, error=error, method=method)
        return bounded(rare if len(samples) == 1 else None, values, "spread")

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

    def _atoms(self, table: Table, among: Units) -> tuple[Floats, Codes | None] | None:
        """Return what replicates draw: columns (F, A), times each; None when that is too much."""
        width = table.classes * (1 + 2 * len(table.answers))
        count = len(table.times) if among.of_row is None else among.count
        if count > MOST_ATOMS or count * width > MOST_DRAWN:
            return None
        if among.of_row is None:
            return table.columns(), table.times
        if len(table.times) * width > 4 * MOST_DRAWN:
            return None
        return among.sums(table.columns()), None

    def _curve(
        self, table: Table, sums: Floats, error: float, among: Units, resampling: Resampling
    ) -> tuple[Curve, str]:
        """Return the curve and its method: of drawn cells or entities, else the delta method.

        When few units carry the metric, replicates of few disagreements are too sure; Student's t
        with the delta method's error is held against them.
        """
        atoms = self._atoms(table, among)
        centre = float(self.target(sums, table.classes))
        if atoms is None:
            return (Normal(centre, error, among.count),
                    f"delta method of the cells, normal{among.words}")
        columns, times = atoms
        seed, count = resampling.seed, resampling.replicates
        weights: NDArray[Any] = (
            bootstrap.poisson_weights(seed, count, columns.shape[1]) if times is None
            else bootstrap.poisson_counts(seed, count, times))
        replicates = bootstrap.in_slabs(lambda s: self.target(s, table.classes), weights, columns)
        left_out = self.target((sums[:, None] - columns).T, table.classes)
        carried = carrying(among, sums[: table.classes])
        curve: Curve = bootstrap.bca(replicates, centre, left_out, times, carried)
        what = "entities, BCa" if times is None else "multinomial cells, BCa"
        if carried < SMALL:
            curve, what = Wider((curve, Normal(centre, error, carried))), f"{what} or Student's t"
        return curve, f"{what}, {count} replicates" + (among.words if times is None else "")


def bounded(rare: Unseen | None, values: tuple[float, ...], nothing: str) -> Answer:
    """Return what can be said when nothing varies: only what rare answers leave open."""
    if rare is None:
        return Undecidable(reason="no spread between the rows", values=values)
    return Finding(values=values, curve=rare, error=None,
                   method=f"no {nothing} seen; bound by the worst flips not excluded")
