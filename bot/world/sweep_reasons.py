"""Why an open pull request is to be judged again: what no event told, time or others changed.

Whatever is judged again and says the same keeps its status and its date, so that a reason that
lasts must come round at a pace of its own, or every sweep would judge it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from bot.core.docket import SHARED
from bot.core.order import Kind
from bot.report.status import BASE_DIGITS, CLEARED, base_in

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

    from bot.core.order import Order
    from bot.core.policy import Freeze
    from bot.world.forge import Status, Surveyed

SOON, LATE, EXPIRED = timedelta(hours=6), timedelta(hours=6), timedelta(days=7)
"""How often what waits, what erred and what stands is judged again though nothing moved."""
WINDOW = timedelta(hours=1)
"""How long such a moment lasts; sweeps come twice in it."""
SPARE = timedelta(hours=3)
"""How long a moment lasts that must not be missed, since sweeps are skipped now and then."""
AT_ONCE, FRESH = timedelta(minutes=30), timedelta(days=1)
"""How long what happened is taken up by every sweep, and for how long by a round of six hours.

What it changed shows in the status; what changed nothing does not, and must end by itself.
"""
CUT_SHORT = timedelta(minutes=10)
"""How long a run may take from its green status to its merge."""
NOTHING, FROZEN = "No promotion", "FROZEN"
"""What a description says of such a request."""
_UNTIL = re.compile(rf"{FROZEN}: \D{{0,40}}(\d{{4}}-\d{{2}}-\d{{2}})")


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
    shared: Container[str] = frozenset()
    """Heads that more than one open request has."""


def why(seen: Surveyed, ground: Ground) -> str:
    """Say why a request is to be judged; empty when it is not."""
    status, said_at = seen.status, seen.said_at
    if seen.draft:
        return ""
    if status is None or said_at is None:
        return "it has no verdict yet"
    if ground.tip[:BASE_DIGITS] != base_in(status.description) and seen.conflicting:
        return "it conflicts with its base"
    if SHARED in status.description and seen.head_sha not in ground.shared:
        return "the other request with its head is closed"
    age = ground.now - said_at
    return (
        ground.moved(seen, status.description)
        or _ordered(ground.orders.get(seen.number, ()), said_at, ground.now)
        or _reviewed(seen.reviewed_at, said_at, ground.now)
        or _thawed(status, said_at, ground)
        or _aged(status, age)
    )


def _ordered(orders: Sequence[Order], said_at: datetime, now: datetime) -> str:
    for order in orders:
        if said_at < order.at and _taken_up(now - order.at):
            return f"{order.kind.value} was ordered after its verdict"
        ended = order.until is not None and said_at < order.until and _taken_up(now - order.until)
        if order.kind is Kind.OVERRIDE and ended:
            return "an override ended"
    return ""


def _reviewed(at: datetime | None, said_at: datetime, now: datetime) -> str:
    late = at is not None and said_at <= at and _taken_up(now - at)
    return "it was reviewed after its verdict" if late else ""


def _thawed(status: Status, said_at: datetime, ground: Ground) -> str:
    """Say that the freeze it waits for ended, or that one began; what is exempt goes on."""
    today = ground.now.date()
    frozen = [freeze for freeze in ground.freezes if freeze.since <= today <= freeze.until]
    if status.description.startswith(FROZEN):
        until = _until(status.description)
        return "the freeze ended" if not frozen or (until and until < today) else ""
    begun = (datetime.combine(freeze.since, time(), UTC) for freeze in frozen)
    since = [ground.now - moment for moment in begun if said_at < moment]
    begins = any(past < SPARE or _taken_up(past) for past in since)
    waits = status.state == "success" and not status.description.startswith(NOTHING)
    return "a freeze began" if begins and waits else ""


def _until(description: str) -> date | None:
    """Read the last day of the freeze that a description names."""
    found = _UNTIL.match(description)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def _aged(status: Status, age: timedelta) -> str:
    match status.state:
        case "pending":
            return "it waits for long" if _comes_round(age, SOON) else ""
        case "success" if CLEARED in status.description and age >= CUT_SHORT:
            short = age < 2 * WINDOW or _comes_round(age, SOON)
            return "it passed, and its merge was cut short" if short else ""
        case "error":
            return "what could not be answered may be there now" if _comes_round(age, LATE) else ""
        case _:
            old = _comes_round(age, EXPIRED, SPARE) and not status.description.startswith(NOTHING)
            return "its evidence has expired" if old else ""


def _taken_up(since: timedelta) -> bool:
    """Tell whether what happened so long ago is due now: at once, or in a round of its day."""
    first = timedelta(0) <= since < AT_ONCE
    return first or (since < FRESH and _comes_round(since, SOON))


def _comes_round(age: timedelta, pace: timedelta, window: timedelta = WINDOW) -> bool:
    return age >= pace and age % pace < window
