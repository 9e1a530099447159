"""Very many open pull requests: what sweeping and judging them costs, and what it must not pass.

Run as `python -m benchmarks.load [--open 100 300 1000] [--judged 200] [--workers 4]`.
GitHub is the test server in a process of its own; every request to it is counted there.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from benchmarks.load_stage import opened
from bot.world.github_turns import WRITES
from tests.serve.stage import ROOT, SECRET, Served, changed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.load_stage import Opened

POINTS_A_MINUTE, WRITES_A_MINUTE, WRITES_AN_HOUR, AT_ONCE = 900, 80, 500, 100
"""What GitHub documents as its secondary limits."""
SINGLE = 5
"""Requests that are judged one by one at each size."""
LONG_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What one verb took."""

    seconds: float
    calls: int
    writes: int
    peak_mb: float


@dataclass
class Memory:
    """The largest memory of a process and of all it started, looked at as it runs."""

    pid: int
    own_mb: float = 0.0
    together_mb: float = 0.0
    _end: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Look until told to end."""
        while not self._end.wait(0.25):
            tree = [self.pid, *_below(self.pid)]
            self.together_mb = max(self.together_mb, sum(_resident_mb(pid) for pid in tree))
            self.own_mb = max(self.own_mb, _peak_mb(self.pid))

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread = threading.Thread(target=self.watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._end.set()
        self._thread.join()


def _below(pid: int) -> list[int]:
    """List everything that a process started and that still runs."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [one for child in map(int, listed) for one in (child, *_below(child))]


def _resident_mb(pid: int) -> float:
    """Tell what of a process lies in memory; what several share counts to each in part."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return int(text.partition("Pss:")[2].split()[0]) / 1024 if "Pss:" in text else 0.0


def _peak_mb(pid: int) -> float:
    """Tell the most that a process ever had in memory, what it shares included."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return int(text.partition("VmHWM:")[2].split()[0]) / 1024 if "VmHWM:" in text else 0.0


def ran(stage: Opened, cache: Path, *verb: str) -> Cost:
    """Run one verb; count what it asked of GitHub."""
    before, start = len(stage.requests()), time.perf_counter()
    environment = {**os.environ, **stage.environment, "LOCKSTEP_CACHE": str(cache)}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", *verb, "--repo", "acme/models", "--json"], cwd=ROOT,
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr
    with Memory(process.pid) as memory:
        said = process.stderr.read()
        code = process.wait()
        process.stderr.close()
    assert code == 0, said
    sent = stage.requests()[before:]
    return Cost(time.perf_counter() - start, len(sent), writes_in(sent), memory.together_mb)


def writes_in(sent: Sequence[tuple[float, str, str]]) -> int:
    return sum(is_write(method, path) for _, method, path in sent)


def is_write(method: str, path: str) -> bool:
    """Tell a write from a question, as GitHub would; the server names what is posted."""
    return method != "GET" and not path.startswith(("/graphql Look", "/graphql Survey"))


def grows(
    folder: Path, sizes: Sequence[int], single: int = SINGLE
) -> dict[int, tuple[Cost, list[Cost]]]:
    """Sweep, and judge some requests one by one, among more and more open requests."""
    found = {}
    for size in sizes:
        stage = opened(folder / f"among-{size}", size, 0)
        try:
            cache = folder / f"cache-{size}"
            swept = ran(stage, cache, "sweep")
            judged = [ran(stage, cache, "evaluate", str(one)) for one in stage.numbers[:single]]
            found[size] = (swept, judged)
        finally:
            stage.close()
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Rush:
    """Very many deliveries at once, carried to their ends."""

    sent: list[tuple[float, str, str]]
    answers: list[float]
    ends: list[dict[str, Any]]
    seconds: float
    own_mb: float
    together_mb: float


def rush(folder: Path, stage: Opened, numbers: Sequence[int], workers: int) -> Rush:
    """Deliver news about many requests at once, and wait until each has its report."""
    environment = {**os.environ, **stage.environment, "LOCKSTEP_WEBHOOK_SECRET": SECRET}
    command = [sys.executable, "-m", "bot", "serve", "--repo", "acme/models", "--sweep", "0",
               "--listen", "127.0.0.1:0", "--state", str(folder / "state"),
               "--workers", str(workers)]  # fmt: skip
    before = len(stage.requests())
    with Served(command, environment) as served, Memory(served.process.pid) as memory:
        start = time.perf_counter()
        with ThreadPoolExecutor(50) as crowd:
            answers = list(crowd.map(
                lambda one: served.deliver("pull_request", changed(one, "opened")), numbers
            ))  # fmt: skip
        assert {answer.status_code for answer in answers} == {202}
        served.until(lambda: len(settled(served)) >= len(numbers), LONG_S)
        seconds = time.perf_counter() - start
        return Rush(sent=stage.requests()[before:], answers=served.seconds,
                    ends=served.said("ended"), seconds=seconds, own_mb=memory.own_mb,
                    together_mb=memory.together_mb)


def settled(served: Served) -> list[dict[str, Any]]:
    """Return the jobs that will not be tried again."""
    return [line for line in served.said("ended") if line["end"] != "again"]


def most_within(sent: Sequence[tuple[float, str, str]], window_s: float) -> tuple[int, int]:
    """Return the most points and the most writes in any window of so many seconds."""
    points = writes = 0
    for start, _, _ in sent:
        inside = [one for one in sent if start <= one[0] < start + window_s]
        many = writes_in(inside)
        points, writes = max(points, len(inside) + 4 * many), max(writes, many)
    return points, writes


def show_growth(found: dict[int, tuple[Cost, list[Cost]]]) -> None:
    print(f"  {'open':>6} {'sweep':>8} {'calls':>6} {'peak':>8}   "
          f"{'judge one':>9} {'calls':>6} {'writes':>7} {'peak':>8}")
    for size, (swept, judged) in found.items():
        middle = statistics.median(one.seconds for one in judged)
        print(f"  {size:>6} {swept.seconds:>7.2f}s {swept.calls:>6} {swept.peak_mb:>5.0f} MB   "
              f"{middle:>8.2f}s {max(one.calls for one in judged):>6} "
              f"{max(one.writes for one in judged):>7} "
              f"{max(one.peak_mb for one in judged):>5.0f} MB")


def show_rush(one: Rush, workers: int) -> None:
    points, writes = most_within(one.sent, 60)
    _, hourly = most_within(one.sent, 3_600)
    every = writes_in(one.sent)
    slots = (every - 1) // WRITES[0][0] * WRITES[0][1]
    ends = sorted({end["end"] for end in one.ends})
    counted = ", ".join(f"{sum(e['end'] == name for e in one.ends)} {name}" for name in ends)
    print(f"  {len(one.answers)} deliveries at once, answered in {max(one.answers):.3f} s at most, "
          f"{statistics.median(one.answers):.3f} s in the middle")
    print(f"  {len(one.ends)} jobs by {workers} workers in {one.seconds:.0f} s: {counted}")
    for why in sorted({end["why"] for end in one.ends if "why" in end}):
        print(f"    {why.splitlines()[-1][:200]}")
    print(f"  {len(one.sent)} requests, {len(one.sent) / len(one.ends):.2f} a job, {every} writes; "
          f"their pace alone takes {slots:.0f} s")
    print(f"  most in any minute: {points} points of {POINTS_A_MINUTE}, {writes} writes of "
          f"{WRITES_A_MINUTE}; in any hour: {hourly} writes of {WRITES_AN_HOUR}; "
          f"at once: {workers} of {AT_ONCE}")
    print(f"  peak memory: server {one.own_mb:.0f} MB, with all its jobs {one.together_mb:.0f} MB")


def main() -> None:
    """Print every figure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--open", type=int, nargs="+", default=[100, 300, 1000])
    options.add_argument("--judged", type=int, default=200)
    options.add_argument("--tried", type=int, default=6)
    options.add_argument("--workers", type=int, default=4)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="lockstep-load-") as name:
        folder = Path(name)
        print(f"\nOne sweep, and one judged, among open requests; load {os.getloadavg()[0]:.1f}")
        show_growth(grows(folder, asked.open))
        most = max(asked.open)
        print(f"\n{asked.judged} judged among {most} open, {asked.tried} of them in the sandbox")
        stage = opened(folder / "rush", most, asked.tried)
        try:
            numbers = (*stage.tried, *stage.numbers)[: asked.judged]
            show_rush(rush(folder, stage, numbers, asked.workers), asked.workers)
        finally:
            stage.close()


if __name__ == "__main__":
    main()
