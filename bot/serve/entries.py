"""What the ledger holds: deliveries and jobs as values, and the rules by which jobs queue.

delivery   queued -> carried | failed, or ignored
job        waiting -> running -> gone | waiting again | parked
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from bot.serve.errands import Errand

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

FORMAT = 1
TABLES = f"""
create table if not exists delivery (
  guid text primary key, event text not null, repository text not null, at real not null,
  state text not null, why text not null, job integer
);
create index if not exists delivery_job on delivery (job);
create table if not exists job (
  id integer primary key autoincrement, key text not null, kind text not null,
  repository text not null, about text not null, detail text not null,
  state text not null, urgency integer not null, at real not null, due real not null,
  attempts integer not null default 0, kills integer not null default 0,
  why text not null default ''
);
create index if not exists job_next on job (state, urgency, id);
create index if not exists job_key on job (key, state);
create table if not exists note (name text primary key, value real not null);
pragma user_version = {FORMAT};
"""


class Receipt(Enum):
    """What became of a delivery at the door."""

    QUEUED = "queued"
    REPEATED = "repeated"
    IGNORED = "ignored"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message of GitHub; a redelivery carries the same GUID."""

    guid: str
    event: str
    repository: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An errand that was taken up."""

    id: int
    errand: Errand
    attempts: int
    """How often it was tried before."""
    waited_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How much there is to do."""

    waiting: int
    running: int
    parked: int
    oldest_s: float
    """How long the oldest waiting job has waited."""


def enqueue(
    db: sqlite3.Connection, errand: Errand, *, now: float, urgency: int, most: int
) -> int | None:
    """Let an errand join the last one of its key that it replaces, or wait behind it.

    Returns:
        The job it became, or None when `most` jobs wait already.
    """
    # What waits for another try is tried when there is news, and goes as soon as the news.
    db.execute(
        "update job set due = min(due, ?), urgency = min(urgency, ?) "
        "where key = ? and state = 'waiting'",
        (now, urgency, errand.key),
    )
    detail = json.dumps(dict(errand.detail))
    if errand.replaces and (last := _replaced(db, errand)) is not None:
        db.execute("update job set detail = ?, attempts = 0 where id = ?", (detail, last))
        return last
    if db.execute("select count(*) from job where state = 'waiting'").fetchone()[0] >= most:
        return None
    added = db.execute(
        "insert into job (key, kind, repository, about, detail, state, urgency, at, due) "
        "values (?, ?, ?, ?, ?, 'waiting', ?, ?, ?)",
        (errand.key, errand.kind, errand.repository, errand.about, detail, urgency, now, now),
    )
    return added.lastrowid


def _replaced(db: sqlite3.Connection, errand: Errand) -> int | None:
    """Find the waiting job that an errand says anew; what was parked is asked again as well."""
    db.execute(
        "delete from job where key = ? and kind = ? and state = 'parked'",
        (errand.key, errand.kind),
    )
    last = db.execute(
        "select id, kind from job where key = ? and state = 'waiting' order by id desc limit 1",
        (errand.key,),
    ).fetchone()
    return int(last["id"]) if last and last["kind"] == errand.kind else None


def put_aside(db: sqlite3.Connection, jobs: Sequence[int], why: str) -> None:
    """Park jobs; their deliveries have failed."""
    for one in jobs:
        db.execute("update job set state = 'parked', why = ? where id = ?", (why, one))
        db.execute("update delivery set state = 'failed', why = ? where job = ?", (why, one))


def job_of(row: sqlite3.Row, now: float) -> Job:
    """Read a job."""
    errand = Errand(
        kind=row["kind"],
        repository=row["repository"],
        about=row["about"],
        detail=json.loads(row["detail"]),
    )
    waited = max(now - row["at"], 0.0)
    return Job(id=row["id"], errand=errand, attempts=row["attempts"], waited_s=waited)
