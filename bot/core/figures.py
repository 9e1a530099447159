"""Figures are numbers as a sentence shows them: enough digits to see the decision, no more."""

from __future__ import annotations

import math

MOST_DIGITS = 9


def figure(value: float, *beside: float) -> str:
    """Write a number with the fewest decimals (at least 3) that still tell it from `beside`.

    A report must never say `0.80 < 0.80`: decimals are added until the shown numbers
    compare as the true ones do.
    """
    if not math.isfinite(value):
        return "unbounded" if value > 0 else "-unbounded"
    return f"{value:,.{decimals(value, *beside)}f}"


def signed(value: float, *beside: float) -> str:
    """Write a number with its sign, zero as `0`."""
    if value == 0:
        return "0"
    return f"{'+' if value > 0 else ''}{figure(value, *beside)}"


def decimals(value: float, *beside: float) -> int:
    """Count the decimals that `figure` shows."""
    finite = [other for other in beside if math.isfinite(other)]
    start = 3 if abs(value) < 100 else 1
    for places in range(start, MOST_DIGITS):
        if all(_told_apart(value, other, places) for other in finite):
            return places
    return MOST_DIGITS


def _told_apart(value: float, other: float, places: int) -> bool:
    shown, beside = round(value, places), round(other, places)
    return value == other or ((shown < beside) == (value < other) and shown != beside)


def count(number: int, noun: str) -> str:
    """Write `1 row`, `1,200 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size(number: float) -> str:
    """Write bytes as `14.2 MB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            return f"{number:,.0f} {unit}" if unit == "bytes" else f"{number:,.1f} {unit}"
        number /= 1000
    raise AssertionError


def short(digest: str) -> str:
    """Write a digest as `sha256:9f2c4a…`."""
    return digest[:17] + "…" if digest.startswith("sha256:") else digest[:10] + "…"
