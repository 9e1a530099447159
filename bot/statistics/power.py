"""How many rows would decide, and what the rows at hand can detect.

Both take the standard error to fall with the root of the rows, and promise 80 % power unless told
otherwise: if the observed effect is the true one, four of five such samples decide.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot.statistics.curves import STANDARD

if TYPE_CHECKING:
    from bot.statistics.values import Difference


MOST_ROWS = 10**15
"""Rows beyond which nobody labels them."""


def required_rows(difference: Difference, margin: float, power: float = 0.8) -> int | None:
    """Return the rows that would decide "gain > -margin" or "gain < -margin", whichever it looks.

    None when no number of rows would: the gain sits on the limit, its error is not known, or it
    takes more than `MOST_ROWS`.
    A negative margin asks for a gain above that much.
    """
    gain = difference.gain[0]
    error = difference.standard_error
    if gain is None or not error or gain + margin == 0.0:
        return None
    # Plain floats overflow to infinity; NumPy's would warn.
    wanted = _reach(difference.confidence, power) * float(error) / abs(float(gain) + margin)
    rows = difference.n * wanted * wanted
    return max(2, math.ceil(rows)) if rows <= MOST_ROWS else None


def detectable(difference: Difference, power: float = 0.8) -> float | None:
    """Return the smallest distance from a limit that these rows decide; None without an error."""
    if difference.standard_error is None:
        return None
    reach = _reach(difference.confidence, power) * difference.standard_error
    return reach if math.isfinite(reach) else None


def _reach(confidence: float, power: float) -> float:
    return STANDARD.inv_cdf(confidence) + STANDARD.inv_cdf(power)
