"""What the audit branch holds about one request: the orders people gave, and the records.

Both are read from a tip that was fetched already, with the request itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.core.approvals import Recorded, recorded
from bot.core.order import LARGEST, Order, read
from bot.core.record import BRANCH, order_path
from bot.world.git_log import moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.world.repository import Repository

AUDIT = "refs/lockstep/audit"
REFSPEC = f"+refs/heads/{BRANCH}*:{AUDIT}*"
"""A wildcard fetches nothing, without an error, when the branch does not exist yet."""
MOST_RECORD = 8_000_000
"""Bytes of a record; what is larger is not looked at."""
MOST_ORDERS = 1_000
"""Orders of one request, or of one hour, that are looked at; the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What was ordered and recorded about one request."""

    orders: tuple[Order, ...] = ()
    recorded: tuple[Recorded, ...] = ()


def read_ledger(repository: Repository, number: int) -> Ledger:
    """Read what the fetched audit branch holds about a request."""
    tip = repository.resolve(AUDIT)
    if tip is None:
        return Ledger()
    found = (in_place(*one) for one in _below(repository, tip, f"orders/{number}", LARGEST))
    return Ledger(
        orders=tuple(order for order in found if order is not None and order.number == number),
        recorded=_recorded(repository, tip, f"records/{number}"),
    )


def _recorded(repository: Repository, tip: str, folder: str) -> tuple[Recorded, ...]:
    """Read what records rested on, dated by when they could be read.

    A record names the moment its request was read.  The report came after that and the record
    after the report, so that an approval in between was given on the evidence before.
    """
    texts = tuple(_below(repository, tip, folder, MOST_RECORD))
    rested = [(path, one) for path, text in texts if (one := recorded(_json(text))) is not None]
    stored = _stored(repository, tip, folder) if len(rested) > 1 else {}
    return tuple(replace(one, at=max(one.at, stored.get(path, one.at))) for path, one in rested)


def _stored(repository: Repository, tip: str, folder: str) -> dict[str, datetime]:
    """Say when each file of a folder was stored, by the branch's own commits."""
    raw = repository.run(
        "log",
        "--name-only",
        "--diff-filter=A",
        "--no-renames",
        "--format=@%ct",
        "--end-of-options",
        tip,
        "--",
        folder,
    )
    found: dict[str, datetime] = {}
    at = datetime.fromtimestamp(0, UTC)
    for line in raw.decode("utf-8", "replace").splitlines():
        if line.startswith("@"):
            at = moment(line[1:])
        elif line:
            found[line] = at
    return found


def orders_since(repository: Repository, since: datetime) -> tuple[Order, ...]:
    """Read the orders of all requests that were stored since a moment."""
    tip = repository.resolve(AUDIT)
    if tip is None:
        return ()
    raw = repository.run(
        "log",
        "-z",
        "--name-only",
        "--diff-filter=A",
        "--no-renames",
        "--format=",
        f"--max-count={MOST_ORDERS}",
        f"--since={since.isoformat()}",
        "--end-of-options",
        tip,
        "--",
        "orders",
    )
    paths = {path.strip() for path in raw.decode("utf-8", "replace").split("\0")} - {""}
    blobs = ((path, repository.blob(tip, path, most=LARGEST)) for path in sorted(paths))
    found = (in_place(path, blob.text) for path, blob in blobs if blob is not None)
    return tuple(order for order in found if order is not None and order.at >= since)


def in_place(path: str, text: bytes) -> Order | None:
    """Read an order; None unless it lies in the one place for its request and its comment."""
    order = read(text)
    return order if order and path == order_path(order.number, order.comment) else None


def _below(repository: Repository, tip: str, folder: str, most: int) -> Iterator[tuple[str, bytes]]:
    """Read the files of a folder: (path, text)."""
    rows = [
        (path, oid) for _, oid, size, path in repository.tree(tip, f"{folder}/") if size <= most
    ]
    texts = repository.contents([oid for _, oid in rows]) if rows else iter(())
    return zip((path for path, _ in rows), texts, strict=True)


def _json(text: bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
