"""The crew carries jobs: so many at once, one about each thing, and each in its own process."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import shutil
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from bot.serve.child import OUTPUT, rooms_of, run, workroom
from bot.serve.endings import Again, Aside, Carried, ending_of
from bot.serve.errands import command_line, sweeping
from bot.world.github_turns import FILE, RUN, Shared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.serve.child import Ended
    from bot.serve.endings import Ending
    from bot.serve.entries import Job
    from bot.serve.figures import Figures
    from bot.serve.journal import Journal
    from bot.serve.ledger import Ledger

POLL_S = 1.0
ROUND_S = 15.0
"""How often somebody looks whether it is time to sweep."""
HOUR_S = 3600.0
WRITES_OF_A_JOB = 4
"""Comment, status, merge, edit: no job is started that GitHub's limits would cut in two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How the crew works."""

    workers: int = 2
    job_s: float = 1800.0
    """How long a job may take."""
    grace_s: float = 60.0
    """How long jobs may go on when the server stops."""
    sweep_s: float = 1800.0
    """Seconds between two sweeps of a repository; 0 for none."""
    forks: bool = False
    """Whether requests from forks are judged before somebody asks for it."""


@dataclass(slots=True)
class Crew:
    """Workers, and the clock that sends them sweeping."""

    ledger: Ledger
    figures: Figures
    journal: Journal
    repositories: Sequence[str]
    folder: Path
    """Kept between runs; the turns lie there."""
    verb: Sequence[str]
    """What starts a verb: the interpreter and the program."""
    environment: Mapping[str, str]
    terms: Terms = field(default_factory=Terms)
    _news: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list, init=False)
    _rooms: Path = field(default=Path(), init=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, init=False)
    _stopping: bool = field(default=False, init=False)

    @property
    def turns(self) -> Shared:
        """Turns of everybody who uses this server's token."""
        return Shared(str(self.folder / "turns.sqlite"))

    def start(self) -> None:
        """Begin, with what a server before this one left."""
        self._loop = asyncio.get_running_loop()
        self._rooms = rooms_of(self.folder)
        again = self.ledger.recover()
        self.journal.say("started", recovered=again, workers=self.terms.workers)
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self.terms.workers)]
        self._tasks.append(asyncio.create_task(self._watch()))

    def wake(self) -> None:
        """Say that there is something to do, from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._news.set)

    async def stop(self) -> None:
        """Take up nothing more; let what runs end in its grace time, and give back the rest."""
        self._stopping = True
        self._news.set()
        watch, workers = self._tasks[-1], self._tasks[:-1]
        watch.cancel()
        _, late = await asyncio.wait(workers, timeout=self.terms.grace_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        shutil.rmtree(self._rooms, ignore_errors=True)
        self.journal.say("stopped", given_back=len(late))

    def trouble(self) -> str | None:
        """Say why nothing is carried; None when all is well."""
        if self._stopping:
            return "stopping"
        dead = [task for task in self._tasks if task.done()]
        return f"{len(dead)} of {len(self._tasks)} workers are gone" if dead else None

    async def _work(self) -> None:
        """Carry one job after another."""
        while not self._stopping:
            self._news.clear()
            pause = await asyncio.to_thread(self.turns.wait_s, WRITES_OF_A_JOB)
            job = None if pause else await asyncio.to_thread(self.ledger.take)
            if job is None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), max(min(pause, ROUND_S), POLL_S))
                continue
            try:
                await self._carry(job)
            except Exception as bug:  # noqa: BLE001 -- one job's bug ends the job, not the worker
                self.journal.say("bug", job=job.id, why="".join(traceback.format_exception(bug)))
                self.ledger.park(job, f"a bug of the server: {type(bug).__name__}")

    async def _carry(self, job: Job) -> None:
        """Run a job to its end and write down how it ended."""
        name = f"{job.id}.{job.attempts}.{time.time_ns()}"
        self.figures.waited.observe(job.waited_s)
        self.journal.say("job", job=job.id, verb=job.errand.kind, key=job.errand.key)
        try:
            with workroom(self._rooms) as room:
                told = {FILE: self.turns.file, RUN: name, "GITHUB_OUTPUT": str(room / OUTPUT)}
                ended = await run(
                    [*self.verb, *command_line(job.errand, room, forks=self.terms.forks)],
                    folder=room,
                    environment={**self.environment, **told},
                    seconds=self.terms.job_s,
                )
        except asyncio.CancelledError:
            self.ledger.give_back(job)
            raise
        ending = ending_of(job.errand, ended, job.attempts)
        await asyncio.to_thread(self._settle, job, ending)
        await asyncio.to_thread(self._tell, job, ended, ending, name)
        self._news.set()

    def _settle(self, job: Job, ending: Ending) -> None:
        match ending:
            case Carried():
                if job.errand.kind == "sweep":
                    self.ledger.note(_sweep(job.errand.repository))
                queued = self.ledger.carried(job, ending.next)
                if ending.next:
                    self.journal.say("found", job=job.id, errands=len(ending.next), queued=queued)
            case Again():
                self.ledger.retry(job, ending.why, ending.after_s)
            case Aside():
                self.ledger.park(job, ending.why)
            case _:
                assert_never(ending)

    def _tell(self, job: Job, ended: Ended, ending: Ending, name: str) -> None:
        """Count and log how a job ended."""
        verb, turns = job.errand.kind, self.turns
        match ending:
            case Carried():
                end, why = ending.end, None
            case Again():
                end, why = "again", ending.why
            case Aside():
                end, why = "parked", ending.why
            case _:
                assert_never(ending)
        reads, writes = turns.calls(name)
        left = turns.left()
        self.figures.jobs.labels(verb=verb, end=end).inc()
        self.figures.seconds.labels(verb=verb).observe(ended.seconds)
        self.figures.calls.labels(kind="read").inc(reads)
        self.figures.calls.labels(kind="write").inc(writes)
        self.figures.memory.set(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
        if left is not None:
            self.figures.left.set(left)
        self.journal.say(
            "ended",
            job=job.id,
            verb=verb,
            key=job.errand.key,
            end=end,
            why=why,
            code=ended.code,
            seconds=round(ended.seconds, 3),
            reads=reads,
            writes=writes,
            left=left,
        )

    async def _watch(self) -> None:
        """Send the crew sweeping when it is time, and forget what is old."""
        asked: dict[str, float] = {}
        pruned = 0.0
        while True:
            now = time.time()
            for repository in self.repositories if self.terms.sweep_s else ():
                last = await asyncio.to_thread(self.ledger.noted, _sweep(repository))
                self.figures.swept.labels(repository=repository).set(last or 0)
                if max(last or 0, asked.get(repository, 0)) + self.terms.sweep_s <= now:
                    asked[repository] = now
                    await asyncio.to_thread(self.ledger.add, sweeping(repository))
                    self._news.set()
            if pruned + HOUR_S <= now:
                pruned = now
                await asyncio.to_thread(self.ledger.prune)
            await asyncio.sleep(min(ROUND_S, self.terms.sweep_s or ROUND_S))


def _sweep(repository: str) -> str:
    return f"swept {repository.casefold()}"
