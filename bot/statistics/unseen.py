"""What was seen a few times or never: how far a confusion metric moves if it is less rare.

Replicates of a sample never draw an answer that the sample lacks, so five positives all found
would leave no doubt at all. Here each kind of rare answer in turn is made as common as its count
does not exclude, and the worst of them bounds the metric.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot.statistics.curves import STANDARD
from bot.statistics.tallies import Tallies

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bot.statistics.forms import Units
    from bot.statistics.values import Codes, Floats

FEW = 5
"""Events from which on replicates show how their number may vary."""
MOST_PAIRED = 32
"""Classes up to which all pairs are tried; beyond, into the rarest and the commonest answer."""
SUREST = 6.0
"""Normal quantile of the confidence beyond which nothing is told apart, 1 - 1e-9."""


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Ways for rows to change one model's answer, M of them.

    Attributes:
        table: Shape (K, K), rows by class and answer of the model.
        kind, out, into: Shape (M,), class of the rows, their answer before and after.
        events: Shape (M,), independent units seen to answer so.
        size: Rows of one unit.
        other: Value of the other model, 0 without one.
        sign: 1 when the model counts for the target, -1 when it is taken off.
    """

    table: Floats
    kind: Codes
    out: Codes
    into: Codes
    events: Floats
    size: float
    other: float
    sign: float

    def targets(self, finish: Callable[[Tallies], Floats], confidence: Floats) -> Floats:
        """Return the value or difference after each move at each confidence, (L,) to (L, M)."""
        from scipy.special import gammaincinv

        more = (gammaincinv(self.events + 1.0, confidence[:, None]) - self.events) * self.size
        moved = np.minimum(more, self.table[self.kind, self.out])[..., None]
        unit = np.eye(len(self.table))
        gone, come = unit[self.out], unit[self.into]
        turn = (self.into == self.kind) * 1.0 - (self.out == self.kind)
        right = unit[self.kind] * turn[:, None]
        shape = (len(confidence), *gone.shape)
        changed = Tallies(
            np.broadcast_to(self.table.diagonal(), shape) + moved * right,
            np.broadcast_to(self.table.sum(axis=0), shape) + moved * (come - gone),
            np.broadcast_to(self.table.sum(axis=1), shape))
        return self.sign * (finish(changed) - self.other)


@dataclass(frozen=True, slots=True, eq=False)
class Unseen:
    """A curve as wide as the worst move that is not excluded.

    Of e events among many units, the number to be expected is below the `confidence` quantile of
    Gamma(e + 1); with e = 0 that is the rule of three. Source: Garwood (1936).
    """

    finish: Callable[[Tallies], Floats]
    centre: float
    down: tuple[Moves, ...]
    up: tuple[Moves, ...]

    def quantile(self, p: float) -> float:
        """Return the worst value that confidence `p` does not exclude, on its side."""
        return float(self._ends(np.array([max(p, 1.0 - p)]), up=p >= 0.5)[0])

    def below(self, x: float) -> float:
        """Return the confidence whose bound is `x`; one half at the centre."""
        if x == self.centre:
            return 0.5
        up = x > self.centre
        low, high = 0.0, SUREST
        for _ in range(4):
            steps = np.linspace(low, high, 17)
            ends = self._ends(np.array([STANDARD.cdf(step) for step in steps]), up=up)
            within = int(np.count_nonzero(ends <= x if up else ends >= x))
            low, high = steps[max(within - 1, 0)], steps[min(within, 16)]
        found = STANDARD.cdf((low + high) / 2.0)
        return found if up else 1.0 - found

    def _ends(self, confidence: Floats, *, up: bool) -> Floats:
        """Return the worst value on one side at each confidence, shape (L,)."""
        moved = np.concatenate([
            moves.targets(self.finish, confidence) for moves in (self.up if up else self.down)],
            axis=1)
        return np.asarray((moved.max if up else moved.min)(axis=1, initial=self.centre))


def pairs(tables: list[Floats]) -> tuple[Codes, Codes]:
    """Return pairs of distinct classes (of the rows, of the wrong answer), shape (M,) each."""
    classes = len(tables[0])
    ends: NDArray[np.int64] = np.arange(classes)
    if classes > MOST_PAIRED:
        answered = tables[-1].sum(axis=0)
        ends = np.unique([answered.argmin(), answered.argmax()])
    kind, wrong = np.repeat(np.arange(classes), len(ends)), np.tile(ends, classes)
    return kind[kind != wrong], wrong[kind != wrong]


def unseen(
    finish: Callable[[Tallies], Floats], tables: list[Floats], worse: Floats, better: Floats,
    size: float,
) -> Unseen | None:
    """Return the curve of what rare answers leave open; None when no answer is rare.

    Args:
        finish: Tallies to the metric.
        tables: Of one model or two, shape (K, K), rows by class and answer.
        worse: Shape (K, K), units of class a that only the last model answers with b.
        better: Shape (K, K), units of class a answered with b by the other model and right by
            the last; of one model, every column says how many units of the class are right.
        size: Rows of one unit.
    """
    values = [
        float(finish(Tallies(t.diagonal(), t.sum(axis=0), t.sum(axis=1)))) for t in tables]
    kind, wrong = pairs(tables)
    sides = [(tables[-1], values[0] if len(tables) == 2 else 0.0, 1.0)]
    if len(tables) == 2:
        sides.append((tables[0], values[1], -1.0))
    down: list[Moves] = []
    up: list[Moves] = []
    for table, other, sign in sides:
        for events, to_wrong, side in ((worse, sign > 0, down), (better, sign < 0, up)):
            out, into = (kind, wrong) if to_wrong else (wrong, kind)
            rare = (events[kind, wrong] < FEW) & (table[kind, out] > 0)
            side.append(Moves(table, kind[rare], out[rare], into[rare],
                              events[kind, wrong][rare], size, other, sign))
    if not any(len(m.kind) for m in (*down, *up)):
        return None
    centre = values[-1] - (values[0] if len(values) == 2 else 0.0)
    return Unseen(finish, centre, tuple(down), tuple(up))


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Rows and units by group (a slice), class and answer, shape (G, K, K) each.

    `tables` has one entry per model; `worse` and `better` are as in `unseen`.
    """

    tables: list[Floats]
    worse: Floats
    better: Floats

    def curve(
        self, finish: Callable[[Tallies], Floats], group: int, size: float
    ) -> Unseen | None:
        """Return the curve of one group, whose units have `size` rows each."""
        return unseen(finish, [table[group] for table in self.tables], self.worse[group],
                      self.better[group], size)


def counts(
    target: Codes, answers: Codes, times: Codes, classes: int, among: Units,
    group: Codes | int = 0, groups: int = 1,
) -> Counts:
    """Count answers of cells, shape (C,) and (models, C), that stand for `times` rows each."""
    shape = (groups, classes, classes)
    base = (group * np.int64(classes) + target) * classes
    size = int(np.prod(shape))
    tables = [np.bincount(base + answer, times, size).astype(np.float64, copy=False)
              .reshape(shape) for answer in answers]

    def seen(chosen: NDArray[np.bool_], answer: Codes) -> Floats:
        kept = np.flatnonzero(chosen)
        of_row = None if among.of_row is None else among.of_row[kept]
        return _events((base + answer)[kept], size, times[kept], of_row, among).reshape(shape)

    right = [answer == target for answer in answers]
    if len(answers) == 1:
        worse, found = (seen(chosen, answers[0]) for chosen in (~right[0], right[0]))
        better = np.broadcast_to(np.diagonal(found, axis1=1, axis2=2)[..., None], shape)
        return Counts(tables, worse, better)
    return Counts(tables, seen(right[0] & ~right[1], answers[1]),
                  seen(right[1] & ~right[0], answers[0]))


def _events(
    cell: Codes, size: int, times: Codes, of_row: Codes | None, among: Units
) -> Floats:
    """Return how many units each cell holds, shape (size,); common cells may count rows."""
    events: Floats = np.bincount(cell, times, size).astype(np.float64, copy=False)
    if of_row is None or not len(cell):
        return events
    unsure = events < FEW * int(np.bincount(of_row).max())
    inside = np.flatnonzero(unsure[cell])
    distinct = np.unique(cell[inside] * among.count + of_row[inside])
    events[unsure] = np.bincount(distinct // among.count, minlength=size)[unsure]
    return events
