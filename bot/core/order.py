"""An order is what a person decided by a comment, kept in git: the comment may go, it stays.

Its bytes are canonical JSON; whatever else lies in its place is no order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from bot.core.plainjson import read_json
from bot.core.verdict import Override

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT = 1
LARGEST = 16_384
"""Bytes of a stored order."""


class Kind(Enum):
    """What can be ordered."""

    EVALUATE = "evaluate"
    HOLD = "hold"
    RELEASE = "release"
    MERGE = "merge"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One accepted command."""

    kind: Kind
    by: str
    at: datetime
    number: int
    head: str
    """The head the request had, full commit id."""
    comment: int
    url: str
    reason: str = ""
    gate: str = ""
    until: datetime | None = None
    """When an override ends."""
    keys: tuple[str, ...] = ()
    """Evidence keys that an override or a merge was ordered for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """What all orders of a request come to, for one head at one moment."""

    holds: tuple[Order, ...] = ()
    merge: Order | None = None
    overrides: tuple[Override, ...] = field(default=())


def written(order: Order) -> bytes:
    """Write an order as it is stored."""
    import rfc8785

    content: dict[str, Any] = {
        "format": FORMAT,
        "kind": order.kind.value,
        "by": order.by,
        "at": order.at.isoformat(),
        "number": order.number,
        "head": order.head,
        "comment": order.comment,
        "url": order.url,
    }
    if order.reason:
        content["reason"] = order.reason
    if order.gate:
        content["gate"] = order.gate
    if order.until is not None:
        content["until"] = order.until.isoformat()
    if order.keys:
        content["keys"] = sorted(order.keys)
    return rfc8785.dumps(content)


def read(stored: bytes) -> Order | None:
    """Read a stored order; None when the bytes are none."""
    try:
        content = read_json(stored, most=LARGEST)
        if content["format"] != FORMAT:
            return None
        until = content.get("until")
        order = Order(
            kind=Kind(content["kind"]),
            by=_text(content["by"]),
            at=_moment(content["at"]),
            number=_number(content["number"]),
            head=_text(content["head"]),
            comment=_number(content["comment"]),
            url=_text(content["url"]),
            reason=_text(content.get("reason", "")),
            gate=_text(content.get("gate", "")),
            until=None if until is None else _moment(until),
            keys=tuple(_text(key) for key in content.get("keys", ())),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return order if written(order) == stored else None


def fold(orders: Iterable[Order], head: str, now: datetime) -> Ordered:
    """Say what orders come to: who holds, who ordered the merge, what is overridden.

    A release ends every hold before it.  A hold takes back an order to merge that came before
    it: who released it says again that it may merge.  They count in the order of their comments,
    however late a delivery came.

    Args:
        orders: Those of one request, in any order.
        head: The head that is judged; other heads' merges and overrides do not count.
        now: Overrides that ended before are left out.
    """
    holds: list[Order] = []
    merge: Order | None = None
    overrides: dict[str, Override] = {}
    for order in sorted(orders, key=lambda one: one.comment):
        match order.kind:
            case Kind.HOLD:
                holds.append(order)
                merge = None
            case Kind.RELEASE:
                holds.clear()
            case Kind.MERGE:
                merge = order if order.head == head else merge
            case Kind.OVERRIDE:
                if order.head == head and order.until is not None and now < order.until:
                    overrides[order.gate] = _override(order, order.until)
            case Kind.EVALUATE:
                pass
    return Ordered(holds=tuple(holds), merge=merge, overrides=tuple(overrides.values()))


def _override(order: Order, until: datetime) -> Override:
    return Override(
        gate=order.gate,
        by=order.by,
        reason=order.reason,
        until=until,
        keys=order.keys,
        comment=order.comment,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not a whole number")
    return value


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError("a moment needs its zone")
    return moment
