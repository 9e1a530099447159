"""The ledger remembers every delivery and every job across restarts, in one SQLite file.

A delivery and its job are written in one transaction, before GitHub has its answer.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.serve.entries import TABLES, Depth, Receipt, enqueue, job_of, put_aside
from bot.serve.errands import FOUND, URGENCY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from bot.serve.entries import Delivery, Job
    from bot.serve.errands import Errand

KEEP_DELIVERIES_S = 7 * 86_400.0
"""GitHub redelivers what is at most three days old."""
KEEP_PARKED_S = 30 * 86_400.0
MOST_KILLS = 3
"""A job that was running when the server died so often is parked: it may be what killed it."""


class Ledger:
    """One file, one writer at a time."""

    def __init__(
        self, file: Path, *, most: int = 1_000, clock: Callable[[], float] = time.time
    ) -> None:
        """Open or create it; `most` jobs may wait at once."""
        self._most = most
        self._clock = clock
        self._turn = threading.Lock()
        self._db = sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        # A delivery that was answered survives a power cut.
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.executescript(TABLES)

    def close(self) -> None:
        """Close the file."""
        with self._turn:
            self._db.close()

    def receive(self, delivery: Delivery, errand: Errand | None, why: str = "") -> Receipt:
        """Write a delivery down with what it asks for; nothing is kept when the queue is full.

        A delivery that was carried, or waits, is not taken twice.  One that failed is: a person
        who lets GitHub deliver it again wants it done.
        """
        with self._writing() as db:
            known = db.execute(
                "select state, job from delivery where guid = ?", (delivery.guid,)
            ).fetchone()
            if known and known["state"] != "failed":
                return Receipt.REPEATED
            job = None
            if errand:
                urgency, now = URGENCY[errand.kind], self._clock()
                job = enqueue(db, errand, now=now, urgency=urgency, most=self._most)
                if job is None:
                    return Receipt.FULL
            if known:
                db.execute("delete from job where id = ? and state = 'parked'", (known["job"],))
            state = "queued" if errand else "ignored"
            db.execute(
                "insert or replace into delivery values (?, ?, ?, ?, ?, ?, ?)",
                (
                    delivery.guid,
                    delivery.event,
                    delivery.repository,
                    self._clock(),
                    state,
                    why,
                    job,
                ),
            )
        return Receipt.QUEUED if errand else Receipt.IGNORED

    def add(self, errand: Errand) -> None:
        """Queue what no delivery asked for."""
        with self._writing() as db:
            urgency = URGENCY[errand.kind]
            enqueue(db, errand, now=self._clock(), urgency=urgency, most=sys.maxsize)

    def take(self) -> Job | None:
        """Take up the most urgent job that is due; those about one thing keep their order."""
        now = self._clock()
        with self._writing() as db:
            row = db.execute(
                "select * from job as mine where state = 'waiting' and due <= ? and not exists ("
                "  select 1 from job as other where other.key = mine.key and ("
                "    other.state = 'running' or (other.state = 'waiting' and other.id < mine.id)))"
                "order by urgency, id limit 1",
                (now,),
            ).fetchone()
            if row is None:
                return None
            db.execute("update job set state = 'running' where id = ?", (row["id"],))
        return job_of(row, now)

    def carried(self, job: Job, following: Sequence[Errand] = ()) -> int:
        """Cross off a job that was done, with its deliveries, and queue what follows from it.

        What a sweep finds fills half of the queue at most; the next sweep finds the rest.
        """
        now, found = self._clock(), job.errand.kind == "sweep"
        most = max(self._most // 2, 1) if found else sys.maxsize
        with self._writing() as db:
            db.execute("update delivery set state = 'carried' where job = ?", (job.id,))
            db.execute("delete from job where id = ?", (job.id,))
            queued = [
                enqueue(db, one, now=now, urgency=FOUND if found else URGENCY[one.kind], most=most)
                for one in following
            ]
        return sum(one is not None for one in queued)

    def retry(self, job: Job, why: str, after_s: float) -> None:
        """Let a job wait and be tried again; a newer errand of its key may replace it."""
        with self._writing() as db:
            db.execute(
                "update job set state = 'waiting', attempts = attempts + 1, due = ?, why = ? "
                "where id = ?",
                (self._clock() + after_s, why, job.id),
            )

    def park(self, job: Job, why: str) -> None:
        """Put a job aside for a person to look at; GitHub may deliver it again."""
        with self._writing() as db:
            put_aside(db, [job.id], why)

    def give_back(self, job: Job) -> None:
        """Return a job that was not finished because the server stops."""
        with self._writing() as db:
            db.execute("update job set state = 'waiting' where id = ?", (job.id,))

    def recover(self) -> int:
        """Find the jobs that were running when the server died; say how many run again."""
        with self._writing() as db:
            db.execute("update job set kills = kills + 1 where state = 'running'")
            fatal = db.execute(
                "select id from job where state = 'running' and kills >= ?", (MOST_KILLS,)
            ).fetchall()
            put_aside(
                db, [row["id"] for row in fatal], f"the server died {MOST_KILLS} times with it"
            )
            again = db.execute("update job set state = 'waiting' where state = 'running'")
            return again.rowcount

    def depth(self) -> Depth:
        """Count the jobs."""
        with self._turn:
            rows = self._db.execute(
                "select state, count(*) as many, min(at) as oldest from job group by state"
            ).fetchall()
        found = {row["state"]: row for row in rows}
        many = {state: row["many"] for state, row in found.items()}
        now = self._clock()
        oldest = found["waiting"]["oldest"] if "waiting" in found else now
        return Depth(
            waiting=many.get("waiting", 0),
            running=many.get("running", 0),
            parked=many.get("parked", 0),
            oldest_s=max(now - oldest, 0.0),
        )

    def has_room(self) -> bool:
        """Tell whether one more job could wait."""
        return self.depth().waiting < self._most

    def parked(self) -> list[tuple[int, str, str, str]]:
        """List the jobs that were put aside: id, kind, key, why."""
        with self._turn:
            rows = self._db.execute(
                "select id, kind, key, why from job where state = 'parked' order by id"
            ).fetchall()
        return [(row["id"], row["kind"], row["key"], row["why"]) for row in rows]

    def note(self, name: str) -> None:
        """Remember that something happened now."""
        with self._writing() as db:
            db.execute("insert or replace into note values (?, ?)", (name, self._clock()))

    def noted(self, name: str) -> float | None:
        """Tell when something happened last, in seconds since the epoch."""
        with self._turn:
            row = self._db.execute("select value from note where name = ?", (name,)).fetchone()
        return float(row["value"]) if row else None

    def prune(self) -> int:
        """Forget what GitHub cannot deliver again, and what nobody came to look at."""
        now = self._clock()
        with self._writing() as db:
            old = db.execute(
                "delete from delivery where state != 'queued' and at < ?",
                (now - KEEP_DELIVERIES_S,),
            )
            db.execute("delete from job where state = 'parked' and at < ?", (now - KEEP_PARKED_S,))
            return old.rowcount

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Do everything or nothing."""
        with self._turn, self._db:
            self._db.execute("begin immediate")
            yield self._db
