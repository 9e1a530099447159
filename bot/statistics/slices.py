"""The paired difference inside every slice of the rows, corrected as one family.

"Any slice is worse" blocks, so its p-values are adjusted over all judged slices. "Every slice is
safe" must hold for all, so each slice is tested at its own level. A slice can be neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from bot.statistics import slicewise
from bot.statistics.curves import STANDARD
from bot.statistics.forms import Undecidable
from bot.statistics.intervals import difference, paired_difference, unreadable
from bot.statistics.multiplicity import benjamini_hochberg, holm
from bot.statistics.values import Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.statistics.metrics import Metric
    from bot.statistics.values import Codes, Difference, Floats, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceDifference:
    """One slice.

    Attributes:
        code: Of the slice.
        n: Rows in it.
        difference: Challenger minus champion there; undecidable when the slice is not judged.
        p_worse: One-sided p-value of H0 "gain >= -margin"; 1 when not judged.
        p_safe: One-sided p-value of H0 "gain <= -margin"; 1 when not judged.
        adjusted: `p_worse` adjusted over all judged slices.
        worse: The loss beyond the margin is significant after the correction.
        safe: The loss is shown to stay within the margin.
        judged: Enough rows, and decidable.
        shrunk: The gain pulled towards the mean of all slices as far as its noise explains it;
            None when not judged. For people to read, not for the decision.
    """

    code: int
    n: int
    difference: Difference
    p_worse: float
    p_safe: float
    adjusted: float
    worse: bool
    safe: bool
    judged: bool
    shrunk: float | None


@np.errstate(all="ignore")  # numbers too large to square end as reasons
def slice_differences(  # noqa: PLR0913 - keywords only, each a part of the policy's sentence
    metric: Metric, champion: Sample, challenger: Sample, codes: Codes | Sequence[Codes], *,
    margin: float, min_rows: int, correction: Literal["holm", "bh"], confidence: float, seed: int,
) -> tuple[SliceDifference, ...]:
    """Return every slice that has rows, by code.

    Args:
        metric: From `METRICS`.
        champion: Answers of the model in place.
        challenger: Answers of the model that asks, on the same rows.
        codes: Shape (n,), the slice of each row, -1 for none; or several such cuts with distinct
            codes, which then are one family.
        margin: Loss that is tolerated, in metric units, at least 0.
        min_rows: Rows below which a slice is not judged.
        correction: Holm over the family, or Benjamini and Hochberg.
        confidence: One-sided.
        seed: For families that resample.
    """
    cuts = [codes] if isinstance(codes, np.ndarray) else list(codes)
    found = sorted(
        (pair for one in cuts for pair in _one_cut(
            metric, champion, challenger, one, min_rows, confidence, seed)),
        key=lambda pair: pair[0])
    judged = [d.undecidable is None for _, d in found]
    p_worse = [d.p_value_worse(margin) for _, d in found]
    adjust = holm if correction == "holm" else benjamini_hochberg
    adjusted = np.ones(len(found))
    adjusted[judged] = adjust([p for p, yes in zip(p_worse, judged, strict=True) if yes])
    shrunk = shrunken([d for _, d in found])
    return tuple(
        SliceDifference(
            code=code, n=d.n, difference=d, p_worse=p_worse[i],
            p_safe=d.p_value_non_inferior(margin), adjusted=float(adjusted[i]),
            worse=judged[i] and bool(adjusted[i] <= 1.0 - confidence),
            safe=judged[i] and (d.gain[1] > -margin or (d.identical and margin >= 0.0)),
            judged=judged[i], shrunk=shrunk[i])
        for i, (code, d) in enumerate(found))


def _one_cut(
    metric: Metric, champion: Sample, challenger: Sample, codes: Codes, min_rows: int,
    confidence: float, seed: int,
) -> list[tuple[int, Difference]]:
    """Return the difference of each code of one cut: closed forms first, the rest one by one."""
    inside = np.flatnonzero(codes >= 0)
    if len(inside) < len(codes):
        champion, challenger, codes = (
            champion.take(inside), challenger.take(inside), codes[inside])
    names, rows, position = _numbered(codes)
    reason = unreadable(metric, champion) or unreadable(metric, challenger)
    closed = {} if reason else slicewise.findings(
        metric.form, champion, challenger, slicewise.cut(champion, position, len(names)))
    thin = [] if reason else _thin(metric, champion, challenger, position, len(names))
    alone = _Rows(position, rows)
    found = []
    for s, name in enumerate(names.tolist()):
        here = int(rows[s])
        few = f"only {here} rows; {min_rows} are asked for" if here < min_rows else reason
        if few:
            one = paired_difference(metric, Undecidable(reason=few), here, confidence)
        elif s in closed and not thin[s]:
            one = paired_difference(metric, closed[s], here, confidence)
        else:
            these = alone.of(s)
            one = difference(metric, champion.take(these), challenger.take(these),
                             confidence=confidence, seed=seed)
        found.append((name, one))
    return found


class _Rows:
    """The rows of single slices; sorted only when the first is asked for."""

    def __init__(self, position: Codes, rows: Codes) -> None:
        self._position, self._ends = position, np.cumsum(rows)

    @cached_property
    def _order(self) -> Codes:
        return np.argsort(self._position, kind="stable")

    def of(self, place: int) -> Codes:
        """Return the rows of the slice at this place."""
        return self._order[self._ends[place - 1] if place else 0 : self._ends[place]]


def _numbered(codes: Codes) -> tuple[Codes, Codes, Codes]:
    """Return the codes that occur, the rows of each, and the place of every row among them."""
    if not len(codes) or codes.max() > 4 * len(codes) + 2**16:
        names, position, rows = np.unique(codes, return_inverse=True, return_counts=True)
        return names, rows, position
    counts = np.bincount(codes)
    names = np.flatnonzero(counts)
    place = np.zeros(len(counts), np.int64)
    place[names] = np.arange(len(names))
    return names, counts[names], place[codes]


def _thin(
    metric: Metric, champion: Sample, challenger: Sample, position: Codes, count: int
) -> list[bool]:
    """Tell which slices lack rows of a class that the metric needs."""
    thin = np.zeros(count, np.bool_)
    if metric.found:
        for model in (champion, challenger):
            thin |= np.bincount(position, model.predicted == 1, count) < metric.found
    if metric.each:
        of_class = np.stack([
            [np.bincount(position, part == kind, count) for kind in range(champion.classes)]
            for part in (champion.target, champion.predicted, challenger.predicted)])
        thin |= (of_class.any(axis=0) & (of_class[0] < metric.each)).any(axis=0)
    if champion.task is Task.BINARY:
        for kind, fewest in ((1, metric.positives), (0, metric.negatives)):
            thin |= np.bincount(position, champion.target == kind, count) < fewest
    found: list[bool] = thin.tolist()
    return found


def shrunken(differences: Sequence[Difference]) -> list[float | None]:
    """Return each gain pulled towards the common mean, by empirical Bayes; None when undecidable.

    Gains are normal around slice truths, and those normal around a mean. The variance between
    truths is the method of moments'; when it is 0 all slices pool fully.
    Source: Morris (1983); DerSimonian & Laird (1986), eq. 9.
    """
    known = [d for d in differences if d.curve is not None]
    gain = np.array([d.gain[0] for d in known], np.float64)
    noise = np.array([_variance(d) for d in known])
    pulled = iter(_pulled(gain, noise).tolist())
    return [None if d.curve is None else next(pulled) for d in differences]


def _variance(one: Difference) -> float:
    """Return the squared error; from the width of the bounds where the method has none."""
    if one.standard_error is not None:
        return one.standard_error * one.standard_error
    width = (one.upper - one.lower) / (2.0 * STANDARD.inv_cdf(one.confidence))
    return width * width


def _pulled(gain: Floats, noise: Floats) -> Floats:
    if len(gain) < 2 or not (noise > 0).any():
        return gain
    noise = np.maximum(noise, noise[noise > 0].min())
    weight = 1.0 / noise
    mean = np.average(gain, weights=weight)
    excess = float(weight @ (gain - mean) ** 2) - (len(gain) - 1)
    between = max(0.0, excess / float(weight.sum() - (weight**2).sum() / weight.sum()))
    mean = np.average(gain, weights=1.0 / (between + noise))
    return np.asarray((between * gain + noise * mean) / (between + noise))
