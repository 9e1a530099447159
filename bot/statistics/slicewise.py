"""Paired differences of every slice at once, by grouped sums and the delta method.

A slice is rows of one code. Each family reduces rows to sums per slice in one pass; the influence
of a row on its own slice's difference gives the standard error, entities added up inside a slice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bot.statistics import delta
from bot.statistics.cells import Cells, Table, counted, split
from bot.statistics.curves import STUDENT_BELOW, Normal, Wider
from bot.statistics.forms import (
    FEWEST_DIFFERING,
    FEWEST_ENTITIES,
    NO_SPREAD,
    Finding,
    Units,
    units,
)
from bot.statistics.shares import ScoreDifference, Share
from bot.statistics.smooth import Smooth
from bot.statistics.unseen import Unseen, counts

if TYPE_CHECKING:
    from bot.statistics.forms import Form
    from bot.statistics.values import Codes, Floats, Sample

MOST_COUNTED = 2**22
"""Slices times pairs of classes up to which answers are counted in one table."""


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """Rows that belong to a slice: `code` of each, shape (n,), 0..count-1."""

    code: Codes
    count: int
    among: Units

    def add(self, values: Floats) -> Floats:
        """Return the sums per slice, shape (count,)."""
        return np.bincount(self.code, values, self.count).astype(np.float64, copy=False)

    def errors(self, influence: Floats) -> tuple[Floats, Codes]:
        """Return the standard error and the independent units of each slice, shape (count,)."""
        if self.among.of_row is None:
            squares = self.add(influence**2)
            have: Codes = np.bincount(self.code, minlength=self.count)
        else:
            pair, of_row = np.unique(
                self.code.astype(np.int64) * self.among.count + self.among.of_row,
                return_inverse=True)
            summed = np.bincount(of_row, influence)
            slice_of = pair // self.among.count
            squares = np.bincount(slice_of, summed**2, self.count).astype(np.float64, copy=False)
            have = np.bincount(slice_of, minlength=self.count)
        return np.sqrt(have / np.maximum(have - 1.0, 1.0) * squares), have


def cut(champion: Sample, codes: Codes, count: int) -> Cut:
    """Return the cut of a sample's rows by these codes."""
    return Cut(codes, count, units(champion))


def findings(form: Form, champion: Sample, challenger: Sample, by: Cut) -> dict[int, Finding]:
    """Return what closed forms say, by slice; a slice missing there needs a look of its own."""
    match form:
        case Share():
            return _shares(form, champion, challenger, by)
        case Smooth():
            return _smooth(form, champion, challenger, by)
        case Cells():
            return _cells(form, champion, challenger, by)
        case _:
            return {}


def _shares(form: Share, champion: Sample, challenger: Sample, by: Cut) -> dict[int, Finding]:
    counted = form.counted(champion)
    first, second = form.hits(champion), form.hits(challenger)
    rows, gained, lost, before = (
        by.add(part.astype(np.float64)) for part in
        (counted, second & ~first, first & ~second, first))
    some = np.maximum(rows, 1.0)
    values = np.stack([before, before + gained - lost]) / some
    change = second.astype(np.float64) - first
    influence = (change - counted * ((gained - lost) / some)[by.code]) / some[by.code]
    error, have = by.errors(influence)
    if by.among.of_row is not None:
        return _normal(values, error, have, by, "mean of paired differences")
    return {
        s: Finding(
            values=(float(values[0, s]), float(values[1, s])), error=float(error[s]),
            curve=ScoreDifference(int(gained[s]), int(lost[s]), int(rows[s])),
            method="Tango score, paired")
        for s in np.flatnonzero(gained + lost > 0).tolist()
    }


def _smooth(form: Smooth, champion: Sample, challenger: Sample, by: Cut) -> dict[int, Finding]:
    joint = form.joint((champion, challenger))
    sums = np.stack([by.add(row) for row in joint], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.stack(form.values(sums, 2))
        slopes = form.slope(sums, 2)
    influence = sum(slopes[by.code, i] * row for i, row in enumerate(joint))
    error, have = by.errors(np.asarray(influence))
    error = np.where(_differing(form, joint, by) < FEWEST_DIFFERING, np.nan, error)
    return _normal(values, error, have, by, "delta method", NO_SPREAD * np.abs(values).max(axis=0))


def _differing(form: Smooth, joint: Floats, by: Cut) -> Floats:
    """Return how many units of each slice have another loss, shape (count,)."""
    differ = form.differ(joint)
    if by.among.of_row is None:
        return by.add(differ.astype(np.float64))
    pair = np.unique((by.code.astype(np.int64) * by.among.count + by.among.of_row)[differ])
    return np.bincount(pair // by.among.count, minlength=by.count).astype(np.float64)


def _cells(form: Cells, champion: Sample, challenger: Sample, by: Cut) -> dict[int, Finding]:
    classes = max(champion.classes, challenger.classes)
    if by.count * classes**2 > MOST_COUNTED:
        return {}
    answers = np.stack([champion.predicted, challenger.predicted])
    if by.among.of_row is None:
        table, slice_of = _grouped(champion.target, answers, classes, by)
    else:
        table = Table(champion.target, answers, np.ones(champion.rows, np.int64), classes)
        slice_of = by.code
    sums = _cell_sums(table, slice_of, by.count)
    values = np.stack([form.finish(tallies) for tallies in split(sums, classes)])
    rows = sums[:, :classes].sum(axis=1, keepdims=True)
    slopes = delta.gradient(
        lambda s: form.target(s, classes), sums, np.broadcast_to(rows, sums.shape))
    influence = _cell_influence(table, slice_of, slopes)
    if by.among.of_row is not None:
        error, have = by.errors(influence)
    else:
        have = np.rint(rows[:, 0]).astype(np.int64)
        squares = np.bincount(slice_of, table.times * influence**2, by.count)
        error = np.sqrt(have / np.maximum(have - 1.0, 1.0) * squares)
    found = _normal(values, error, have, by, "delta method of the cells")
    rare = counts(table.target, table.answers, table.times, classes, by.among, slice_of, by.count)
    return {s: _widened(one, rare.curve(form.finish, s, float(rows[s, 0] / have[s])))
            for s, one in found.items()}


def _widened(found: Finding, rare: Unseen | None) -> Finding:
    """Return the finding with what rare answers leave open."""
    if rare is None:
        return found
    return replace(found, curve=Wider((found.curve, rare)),
                   method=f"{found.method}, rare answers bounded")


def _grouped(target: Codes, answers: Codes, classes: int, by: Cut) -> tuple[Table, Codes]:
    """Return the cells inside slices, and the slice of each."""
    code = by.code.astype(np.int64) * classes + target
    for answer in answers:
        code = code * classes + answer
    found, times = counted(code, by.count * classes**3)
    rest, second = np.divmod(found, classes)
    rest, first = np.divmod(rest, classes)
    slice_of, kind = np.divmod(rest, classes)
    return Table(kind, np.stack([first, second]), times, classes), slice_of


def _cell_sums(table: Table, slice_of: Codes, count: int) -> Floats:
    """Return the sums of `Table.columns` per slice, shape (count, F)."""
    size, base = table.classes, slice_of * table.classes

    def tallied(kind: Codes, times: Codes) -> Floats:
        found = np.bincount(base + kind, times, count * size)
        return found.astype(np.float64, copy=False).reshape(count, size)

    pieces = [tallied(table.target, table.times)]
    for answer in table.answers:
        pieces += [tallied(answer, table.times * (answer == table.target)),
                   tallied(answer, table.times)]
    return np.concatenate(pieces, axis=1)


def _cell_influence(table: Table, slice_of: Codes, slopes: Floats) -> Floats:
    """Return how much one row of each cell moves its slice's difference, shape (C,)."""
    pieces = slopes.reshape(len(slopes), -1, table.classes)
    moved: Floats = pieces[slice_of, 0, table.target]
    for model, answer in enumerate(table.answers):
        moved = moved + pieces[slice_of, 2 + 2 * model, answer]
        moved = moved + pieces[slice_of, 1 + 2 * model, answer] * (answer == table.target)
    return moved


def _normal(
    values: Floats, error: Floats, have: Codes, by: Cut, method: str,
    least: Floats | float = delta.ROUNDING,
) -> dict[int, Finding]:
    """Return normal curves where there is a spread and enough units; the rest is left out."""
    fewest = 2 if by.among.of_row is None else FEWEST_ENTITIES
    words = "" if by.among.of_row is None else ", clustered by entities"
    sound = np.isfinite(values).all(axis=0) & np.isfinite(error) & (have >= fewest)
    sound &= error > least
    return {
        s: Finding(
            values=(float(values[0, s]), float(values[1, s])), error=float(error[s]),
            curve=Normal(float(values[1, s] - values[0, s]), float(error[s]), int(have[s])),
            method=f"{method}, {'normal' if have[s] > STUDENT_BELOW else 'Student'}{words}")
        for s in np.flatnonzero(sound).tolist()
    }
