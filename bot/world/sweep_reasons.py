"""Why an open pull request is to be judged again: what no event told, time or others changed.

Whatever is judged again and says the same keeps its status and its date, so that a reason that
lasts must come round at a pace of its own, or every sweep would judge it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.core.order import Kind
from bot.report.status import BASE_DIGITS, base_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from bot.core.order import Order
    from bot.core.policy import Freeze
    from bot.world.forge import Status, Surveyed

SOON, LATE, EXPIRED = timedelta(hours=6), timedelta(hours=6), timedelta(days=7)
"""How often what waits, what erred and what stands is judged again though nothing moved."""
WINDOW = timedelta(hours=1)
"""How long such a moment lasts; sweeps come twice in it."""
FRESH = timedelta(days=1)
"""How long an order that changed nothing is taken up again."""
CUT_SHORT = timedelta(minutes=10)
"""How long a run may take from its green status to its merge."""
NOTHING, FROZEN, MERGES = "No promotion", "FROZEN", "Merges now."
"""What a description says of such a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a sweep holds every request against."""

    now: datetime
    tip: str
    """Of the base branch."""
    moved: Callable[[Surveyed, str], str]
    """Says what a request rests on that changed between a base and the tip; empty for nothing."""
    orders: Mapping[int, Sequence[Order]]
    """What people ordered, by request."""
    freezes: Sequence[Freeze]
    """Of all policies at the tip."""


def why(seen: Surveyed, ground: Ground) -> str:
    """Say why a request is to be judged; empty when it is not."""
    status, said_at = seen.status, seen.said_at
    if seen.draft:
        return ""
    if status is None or said_at is None:
        return "it has no verdict yet"
    if ground.tip[:BASE_DIGITS] != base_in(status.description) and seen.conflicting:
        return "it conflicts with its base"
    age = ground.now - said_at
    return (
        ground.moved(seen, status.description)
        or _ordered(ground.orders.get(seen.number, ()), said_at, ground.now)
        or _thawed(status, ground)
        or _aged(status, age)
    )


def _ordered(orders: Sequence[Order], said_at: datetime, now: datetime) -> str:
    for order in orders:
        if said_at < order.at and now - order.at < FRESH:
            return f"{order.kind.value} was ordered after its verdict"
        ended = order.until is not None and said_at < order.until <= now
        if order.kind is Kind.OVERRIDE and ended:
            return "an override ended"
    return ""


def _thawed(status: Status, ground: Ground) -> str:
    """Say that a freeze ended or began; a rollback is exempt, so one day's beginning is enough."""
    today = ground.now.date()
    frozen = [freeze for freeze in ground.freezes if freeze.since <= today <= freeze.until]
    if status.description.startswith(FROZEN):
        return "" if frozen else "the freeze ended"
    begins = any(freeze.since == today for freeze in frozen)
    waits = status.state == "success" and not status.description.startswith(NOTHING)
    return "a freeze began" if begins and waits else ""


def _aged(status: Status, age: timedelta) -> str:
    match status.state:
        case "pending":
            return "it waits for long" if _comes_round(age, SOON) else ""
        case "success" if MERGES in status.description and age >= CUT_SHORT:
            short = age < 2 * WINDOW or _comes_round(age, SOON)
            return "it passed, and its merge was cut short" if short else ""
        case "error":
            return "what could not be answered may be there now" if _comes_round(age, LATE) else ""
        case _:
            old = _comes_round(age, EXPIRED) and not status.description.startswith(NOTHING)
            return "its evidence has expired" if old else ""


def _comes_round(age: timedelta, pace: timedelta) -> bool:
    return age >= pace and age % pace < WINDOW
