"""Figures are numbers as a sentence shows them: enough digits to see the decision, no more."""

from __future__ import annotations

import math

MOST_DIGITS = 6


def figure(value: float, *beside: float) -> str:
    """Write a number with the fewest decimals that still tell it from `beside`.

    A report must never say `0.80 < 0.80`: decimals are added until the shown numbers
    compare as the true ones do, and when six are not enough every digit is shown.
    """
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "unbounded" if value > 0 else "-unbounded"
    places = decimals(value, *beside)
    return repr(float(value)) if places is None else f"{value:,.{places}f}"


def signed(value: float, *beside: float) -> str:
    """Write a number with its sign, zero as `0`."""
    if value == 0:
        return "0"
    return f"{'+' if value > 0 else ''}{figure(value, *beside)}"


def decimals(value: float, *beside: float) -> int | None:
    """Count the decimals that `figure` shows; None when six do not tell the numbers apart."""
    finite = [other for other in beside if math.isfinite(other)]
    start = 3 if abs(value) < 10 else 2 if abs(value) < 100 else 1
    for places in range(start, MOST_DIGITS + 1):
        if all(_told_apart(value, other, places) for other in finite):
            return places
    return None


def _told_apart(value: float, other: float, places: int) -> bool:
    shown, beside = float(f"{value:.{places}f}"), float(f"{other:.{places}f}")
    return (shown < beside) == (value < other) and (shown > beside) == (value > other)


def count(number: int, noun: str, plural: str = "") -> str:
    """Write `1 row`, `1,200 rows`; `plural` for nouns that take more than an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def percent(share: float) -> str:
    """Write a share of one as `95 %`, with every digit it has."""
    return f"{100 * share:.10g} %"


def about(number: int) -> str:
    """Round up to two digits: nobody plans 13,482 rows, but 14,000."""
    step = 10 ** max(0, len(str(number)) - 2)
    return f"{-(-number // step) * step:,}"


def size(number: float) -> str:
    """Write bytes as `14.2 MB`."""
    for unit, next_unit in (("bytes", 1e3), ("kB", 1e6), ("MB", 1e9)):
        if number < next_unit:
            return (
                f"{number:,.0f} bytes"
                if unit == "bytes"
                else f"{number * 1e3 / next_unit:,.1f} {unit}"
            )
    return f"{number / 1e9:,.1f} GB"


def short(digest: str) -> str:
    """Write a digest as `sha256:9f2c4a1b0d…`."""
    return f"{digest[:17]}…"
