"""A strip shows in one line of text where an interval stands against its limit.

`─┼────┣━●━┫──`: the limit ┼, the bounds ┣ ┫, the value ●.  Rounding to columns never
changes which of two different numbers is the larger.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.report.numbers import ends, judged, point

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.core.verdict import Bounds, Measure

WIDTH = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A strip as text, as words, and as places between 0 (left) and 1 (right) for a drawing."""

    text: str
    words: str
    lower: float
    value: float
    upper: float
    limit: float


Key = tuple[str, bool]
"""Measures share a scale when their unit agrees and both are differences, or neither is."""
Range = tuple[float, float]


def key(measure: Measure) -> Key:
    """Say which scale a measure is drawn on."""
    return measure.unit, measure.difference is not None


def ranges(measures: Iterable[Measure]) -> Mapping[Key, Range]:
    """Find the range of each shared scale, over every finite number drawn on it."""
    found: dict[Key, Range] = {}
    for measure in measures:
        quantity = judged(measure)
        if quantity is None or measure.limit is None:
            continue
        numbers = [n for n in (*ends(quantity), point(quantity), measure.limit) if math.isfinite(n)]
        for number in numbers:
            low, high = found.get(key(measure), (number, number))
            found[key(measure)] = min(low, number), max(high, number)
    return found


def strip(measure: Measure, scales: Mapping[Key, Range]) -> Strip | None:
    """Draw one measure on its shared scale; None when there is nothing to compare."""
    quantity, limit = judged(measure), measure.limit
    if quantity is None or limit is None:
        return None
    lower, upper = ends(quantity)
    if any(map(math.isnan, (lower, upper))):
        return None
    if not all(map(math.isfinite, (point(quantity), limit))):
        return None
    low, high = scales[key(measure)]

    def place(number: float) -> float:
        share = (number - low) / (high - low) if high > low else 0.5
        return min(1.0, max(0.0, share))

    return Strip(
        text=_text(quantity, limit, {n: place(n) for n in (lower, point(quantity), upper, limit)}),
        words=_words(lower, upper, limit),
        lower=place(lower),
        value=place(point(quantity)),
        upper=place(upper),
        limit=place(limit),
    )


def _text(quantity: Bounds | float, limit: float, places: Mapping[float, float]) -> str:
    columns = _columns(places)
    lower, upper = ends(quantity)
    cells = ["─"] * WIDTH
    for column in range(columns[lower], columns[upper] + 1):
        cells[column] = "━"
    if lower < upper:
        cells[columns[lower]] = "┣" if math.isfinite(lower) else "━"
        cells[columns[upper]] = "┫" if math.isfinite(upper) else "━"
    cells[columns[limit]] = "┼"
    cells[columns[point(quantity)]] = "●"
    return "".join(cells)


def _columns(places: Mapping[float, float]) -> Mapping[float, int]:
    """Round places to columns so that a larger number always stands further right."""
    numbers = sorted(places)
    columns = [round(places[number] * (WIDTH - 1)) for number in numbers]
    for i in range(1, len(columns)):
        columns[i] = max(columns[i], columns[i - 1] + 1)
    for i in range(len(columns) - 1, -1, -1):
        columns[i] = min(columns[i], WIDTH - len(columns) + i)
    return dict(zip(numbers, columns, strict=True))


def _words(lower: float, upper: float, limit: float) -> str:
    if lower > limit:
        return "wholly above it"
    if upper < limit:
        return "wholly below it"
    if lower == upper:
        return "exactly on it"
    if limit in {lower, upper}:
        return "touching it"
    return "on both sides of it"
