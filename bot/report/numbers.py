"""Numbers as a table shows them: one precision per measure, and never a comparison that lies.

A value, the champion's value and the limit of one measure share their decimals, and
decimals are added until the shown numbers compare as the true ones do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.figures import size
from bot.core.verdict import Bounds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.core.verdict import Measure

MINUS = "\N{MINUS SIGN}"
NONE = "\N{EN DASH}"
MOST_DECIMALS = 12
_BYTES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "bytes"))


@dataclass(frozen=True, slots=True)
class Scale:
    """How the numbers of one measure are written."""

    decimals: int | None
    """Digits after the point; None writes every digit the number has."""
    divisor: float = 1.0
    suffix: str = ""

    def plain(self, number: float) -> str:
        """Write a number with its unit."""
        return self.bare(number) + self.suffix

    def bare(self, number: float) -> str:
        """Write a number without its unit."""
        return (MINUS if number < 0 else "") + self._size(number)

    def signed(self, number: float) -> str:
        """Write a change with its unit: always with its sign, unless it is exactly zero."""
        return self.bare_signed(number) + self.suffix

    def bare_signed(self, number: float) -> str:
        """Write a change without its unit."""
        sign = "+" if number > 0 else MINUS if number < 0 else ""
        return sign + self._size(number)

    def _size(self, number: float) -> str:
        if math.isnan(number):
            return "not a number"
        if math.isinf(number):
            return "∞"
        scaled = abs(number) / self.divisor
        return repr(scaled) if self.decimals is None else f"{scaled:,.{self.decimals}f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One measure in words, ready for cells."""

    challenger: str = ""
    champion: str = ""
    difference: str = ""
    limit: str = ""
    n: str = ""


def judged(measure: Measure) -> Bounds | float | None:
    """Pick what the limit is about: the difference if there is one, else the challenger."""
    return measure.difference if measure.difference is not None else measure.challenger


def point(quantity: Bounds | float) -> float:
    """Take the value without its bounds."""
    return quantity.value if isinstance(quantity, Bounds) else quantity


def ends(quantity: Bounds | float) -> tuple[float, float]:
    """Take lower and upper bound; a bare number is its own bound."""
    if isinstance(quantity, Bounds):
        return quantity.lower, quantity.upper
    return quantity, quantity


def figures(measure: Measure) -> Figures:
    """Write every number of a measure with the same decimals."""
    if _far_apart(measure):
        return _own_units(measure)
    scale = scale_of(measure)
    compared = measure.difference is not None
    write = scale.signed if compared else scale.plain
    sign = "≥" if measure.direction == "higher" else "≤"
    return Figures(
        challenger=_quantity(measure.challenger, scale, bounded=not compared),
        champion=_quantity(measure.champion, scale, bounded=False),
        difference=_difference(measure, scale),
        limit="" if measure.limit is None else f"{sign} {write(measure.limit)}",
        n="" if measure.n is None else f"{measure.n:,}",
    )


def _far_apart(measure: Measure) -> bool:
    """Say whether one unit of bytes would show the smaller numbers as nothing."""
    quantities = (measure.challenger, measure.champion, measure.limit)
    sizes = [abs(point(q)) for q in quantities if q is not None and point(q)]
    bare = not any(isinstance(q, Bounds) for q in quantities) and measure.difference is None
    return measure.unit == "bytes" and bare and bool(sizes) and max(sizes) >= 1e3 * min(sizes)


def _own_units(measure: Measure) -> Figures:
    challenger, champion, limit = (
        "" if q is None else size(point(q))
        for q in (measure.challenger, measure.champion, measure.limit)
    )
    sign = "≥" if measure.direction == "higher" else "≤"
    return Figures(
        challenger=challenger,
        champion=champion,
        difference="",
        limit=limit and f"{sign} {limit}",
        n="" if measure.n is None else f"{measure.n:,}",
    )


def scale_of(measure: Measure) -> Scale:
    """Choose unit and decimals for all numbers of a measure.

    Three significant digits of the largest value, one of the smallest and of the width of
    the difference, and as many more as it takes to tell the judged quantity and its bounds
    from the limit.
    """
    shown = list(_finite([measure.challenger, measure.champion, measure.difference]))
    limit = [measure.limit] if measure.limit is not None and math.isfinite(measure.limit) else []
    top = max((abs(number) for number in shown + limit), default=0.0)
    divisor, suffix = _unit(measure.unit, top)
    if suffix and all(number == int(number / divisor) * divisor for number in shown + limit):
        start = 0
    else:
        start = max(
            _decimals(top / divisor, suffix),
            _of_width(measure, divisor),
            _of_smallest(measure, divisor),
            1 if divisor > 1 else 0,
        )
    decisive = list(_finite([judged(measure)])) if limit else []
    for decimals in range(start, MOST_DECIMALS + 1):
        if all(_told_apart(n / divisor, limit[0] / divisor, decimals) for n in decisive):
            return Scale(decimals, divisor, suffix)
    return Scale(None, divisor, suffix)


def percent(share: float) -> str:
    """Write a share of one as percent: 0.95 is `95 %`."""
    return f"{share * 100:.10g} %"


def plural(number: int, noun: str) -> str:
    """Write `1 gate`, `1,200 gates`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _finite(quantities: Iterable[Bounds | float | None]) -> Iterable[float]:
    for quantity in quantities:
        if quantity is not None:
            yield from filter(math.isfinite, (point(quantity), *ends(quantity)))


def _unit(unit: str, top: float) -> tuple[float, str]:
    if unit in {"bytes", "B"}:
        return next(((d, f" {name}") for d, name in _BYTES if top >= d), (1.0, " bytes"))
    return 1.0, f" {unit}" if unit else ""


def _decimals(top: float, suffix: str) -> int:
    if top == 0:
        return 0 if suffix else 3
    decimals = max(0, min(6, 2 - math.floor(math.log10(top))))
    return decimals if suffix or top >= 10 else max(3, decimals)


def _of_width(measure: Measure, divisor: float) -> int:
    if measure.difference is None:
        return 0
    width = (measure.difference.upper - measure.difference.lower) / divisor
    if not math.isfinite(width) or width <= 0:
        return 0
    return max(0, min(6, -math.floor(math.log10(width))))


def _of_smallest(measure: Measure, divisor: float) -> int:
    """Count the decimals that show a digit of the smallest value that is not zero."""
    quantities = (measure.challenger, measure.champion, measure.difference)
    sizes = [abs(point(q)) / divisor for q in quantities if q is not None]
    small = [one for one in sizes if 0 < one < 1]
    return max((min(6, -math.floor(math.log10(one))) for one in small), default=0)


def _told_apart(number: float, limit: float, decimals: int) -> bool:
    shown, beside = float(f"{number:.{decimals}f}"), float(f"{limit:.{decimals}f}")
    return (shown > beside) == (number > limit) and (shown < beside) == (number < limit)


def _quantity(quantity: Bounds | float | None, scale: Scale, *, bounded: bool) -> str:
    if quantity is None:
        return ""
    value = scale.plain(point(quantity))
    if not bounded or not isinstance(quantity, Bounds):
        return value
    return f"{value} ({scale.bare(quantity.lower)}, {scale.bare(quantity.upper)})"


def _difference(measure: Measure, scale: Scale) -> str:
    change = measure.difference
    if change is None:
        return ""
    better = change.value > 0 if measure.direction == "higher" else change.value < 0
    word = " better" if better else " worse"
    if change.lower <= 0 <= change.upper:
        # Neither is shown by an interval that contains 0.
        word = " equal" if change.lower == change.upper else ""
    between = f"({scale.bare_signed(change.lower)}, {scale.bare_signed(change.upper)})"
    return f"{scale.signed(change.value)} {between}{word}"
