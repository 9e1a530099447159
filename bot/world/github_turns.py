"""Processes that share one GitHub token take turns, so that together they keep its limits.

GitHub counts for the token and not for the process: 900 points a minute (a question is 1, a
write 5), 80 writes of content a minute and 500 an hour.  Who would pass a limit waits; who is
told to wait lets all others wait as well.  The turns lie in one SQLite file.

Source: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import os
import re
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.core.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILE, RUN = "LOCKSTEP_TURNS", "LOCKSTEP_RUN"
"""Environment: the file the turns lie in, and the name our own are counted under."""
HOUR_S, MINUTE_S = 3600.0, 60.0
LONGEST_WAIT_S = 120.0
"""Who would wait longer ends instead, and is started again later."""
READS = ((400, MINUTE_S),)
WRITES = ((75, MINUTE_S), (480, HOUR_S))
"""(requests, seconds): at most so many in any so long; a little below what GitHub documents."""
_TABLES = """
create table if not exists turn (at real not null, writes integer not null, run text not null);
create index if not exists turn_at on turn (writes, at);
create index if not exists turn_run on turn (run);
create table if not exists heard (name text primary key, value real not null);
"""
_MUTATION = re.compile(r'"query"\s*:\s*"\s*(?:\\n|\s)*mutation\b')


class Turns(Protocol):
    """Asked before each request, told after it."""

    def take(self, method: str, path: str, body: object) -> None:
        """Wait until a request may be sent."""

    def heard(self, status: int, headers: Mapping[str, str]) -> None:
        """Learn what an answer says about the limits."""


@dataclass(frozen=True, slots=True)
class Alone:
    """One process that paces itself; see `Pace`."""

    def take(self, method: str, path: str, body: object) -> None:
        """Wait for nobody."""

    def heard(self, status: int, headers: Mapping[str, str]) -> None:
        """Learn nothing."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Turns that several processes share."""

    file: str
    run: str = ""
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def take(self, method: str, path: str, body: object) -> None:
        """Wait until a request may be sent, and count it.

        Raises:
            Unavailable: that would take too long.
        """
        writes = is_write(method, path, body)
        now = self.clock()
        with closing(self._open()) as db, db:
            db.execute("begin immediate")
            # Turns far ahead were taken by another clock.
            db.execute(
                "delete from turn where at < ? or at > ?", (now - 2 * HOUR_S, now + 2 * HOUR_S)
            )
            at = _free(db, now, writes=writes)
            if at - now > LONGEST_WAIT_S:
                raise Unavailable(
                    f"GitHub's limits leave no request for {at - now:.0f} s; try again later"
                )
            db.execute("insert into turn values (?, ?, ?)", (at, writes, self.run))
        if at > now:
            self.sleep(at - now)

    def heard(self, status: int, headers: Mapping[str, str]) -> None:
        """Learn what is left; let everybody wait where GitHub asks one of us to."""
        left, reset = headers.get("x-ratelimit-remaining", ""), headers.get("x-ratelimit-reset", "")
        told = {"left": float(left)} if left.isdigit() else {}
        after = headers.get("retry-after", "")
        if status in {403, 429} and after.isdigit():
            told["pause"] = self.clock() + min(float(after), HOUR_S)
        elif status in {403, 429} and left == "0" and reset.isdigit():
            told["pause"] = min(float(reset), self.clock() + HOUR_S)
        if told:
            with closing(self._open()) as db, db:
                db.executemany("insert or replace into heard values (?, ?)", list(told.items()))

    def wait_s(self, writes: int) -> float:
        """Tell the seconds until so many writes could follow each other."""
        now = self.clock()
        with closing(self._open()) as db:
            return max(_free(db, now, writes=True, more=writes - 1) - now, 0.0)

    def calls(self, run: str) -> tuple[int, int]:
        """Count the questions and the writes of a run."""
        with closing(self._open()) as db:
            reads, writes = db.execute(
                "select coalesce(sum(not writes), 0), coalesce(sum(writes), 0) from turn "
                "where run = ?",
                (run,),
            ).fetchone()
        return int(reads), int(writes)

    def left(self) -> float | None:
        """Tell how many requests GitHub said are left; None before its first answer."""
        with closing(self._open()) as db:
            row = db.execute("select value from heard where name = 'left'").fetchone()
        return float(row[0]) if row else None

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.file, timeout=60, isolation_level=None)
        db.execute("pragma journal_mode = wal")
        # A turn that a power cut loses costs nothing.
        db.execute("pragma synchronous = off")
        db.executescript(_TABLES)
        return db


def turns_of(environment: Mapping[str, str] = os.environ) -> Turns:
    """Share turns where the environment names a file for them."""
    file = environment.get(FILE)
    return Shared(file, environment.get(RUN, "")) if file else Alone()


def is_write(method: str, path: str, body: object) -> bool:
    """Tell a request that makes content from a question; a GraphQL query is posted, too."""
    if method.upper() in {"GET", "HEAD"}:
        return False
    if path.partition("?")[0].endswith("/graphql"):
        return _MUTATION.search(str(body)) is not None
    return True


def _free(db: sqlite3.Connection, now: float, *, writes: bool, more: int = 0) -> float:
    """Find the earliest moment at which one request, after `more` others, passes no limit."""
    paused = db.execute("select value from heard where name = 'pause'").fetchone()
    moment = max(now, float(paused[0])) if paused else now
    for most, seconds in WRITES if writes else READS:
        row = db.execute(
            "select at from turn where writes = ? order by at desc limit 1 offset ?",
            (writes, max(most - 1 - more, 0)),
        ).fetchone()
        if row:
            moment = max(moment, float(row[0]) + seconds)
    return moment
