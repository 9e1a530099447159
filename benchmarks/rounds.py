"""Time whole processes in turn: everyone once a round, so that a busy machine slows all alike."""

from __future__ import annotations

import statistics
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """One process to start."""

    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]


@dataclass(slots=True)
class Entrant:
    """Somebody who takes part; `prepare` lays everything fresh and is not timed."""

    name: str
    prepare: Callable[[], Run]
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Return the middle of the times, in seconds."""
        return statistics.median(self.seconds)

    def run(self) -> None:
        """Take one turn.

        Raises:
            RuntimeError: the process failed, so its time means nothing.
        """
        asked = self.prepare()
        before = time.perf_counter()
        done = subprocess.run(asked.command, cwd=asked.folder, env=dict(asked.environment),
                              capture_output=True, check=False, stdin=subprocess.DEVNULL)
        took = time.perf_counter() - before
        if done.returncode:
            said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
            raise RuntimeError(f"{self.name} failed: {said[-2000:]}")
        self.seconds.append(took)


def race(entrants: Sequence[Entrant], rounds: int) -> None:
    """Let everyone run once a round; a first round warms the disk and does not count."""
    for place in range(rounds + 1):
        for entrant in entrants:
            entrant.run()
            if place == 0:
                entrant.seconds.clear()


def show(entrants: Sequence[Entrant], ours: Entrant) -> None:
    """Print median, smallest and largest seconds, and the ratio to ours."""
    print(f"  {'median':>8} {'min':>8} {'max':>8}  {'ratio':>8}")
    for one in sorted(entrants, key=lambda entrant: entrant.median):
        low, high = min(one.seconds), max(one.seconds)
        print(f"  {one.median:>7.2f}s {low:>7.2f}s {high:>7.2f}s "
              f"{one.median / ours.median:>8.2f}x  {one.name}")
