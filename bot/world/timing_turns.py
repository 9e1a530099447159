"""One model that is asked in turn: the rows of each request, the clock, and what it answers."""

from __future__ import annotations

import os
import select
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot.world.answering import differs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bot.core.questions import Answers
    from bot.world.sandbox_child import Child
    from bot.world.sandbox_features import Features

_MOST = 1_000_000
"""Rows of all requests; after as many, the first ones come again."""


class Lost(Exception):  # noqa: N818 -- named as the sentence reads
    """A model did not answer a request."""

    def __init__(self, child: Child, *, late: bool) -> None:
        """Name the child, and whether the time was up."""
        self.child, self.late = child, late
        super().__init__()


@dataclass(frozen=True, slots=True)
class Course:
    """Which rows each request asks, in an order that nobody could know; both models run it."""

    rows: NDArray[np.int64]
    """(distinct, size) rows of the hold-out."""
    places: list[int]
    """The same rows in the features file, flat."""

    @property
    def distinct(self) -> int:
        """Requests before one comes again."""
        return len(self.rows)

    @property
    def batches(self) -> list[tuple[int, int]]:
        """From and to in `places`, for each request."""
        size = self.rows.shape[1]
        return [(turn * size, (turn + 1) * size) for turn in range(self.distinct)]


def drawn(features: Features, requests: int, rows_per_request: int) -> Course:
    """Draw rows for every request, none of them twice while the hold-out has others."""
    order = np.random.default_rng().permutation(features.rows)
    size = min(rows_per_request, features.rows)
    turns = max(1, min(requests, features.rows // size, max(1, _MOST // size)))
    rows = order[: turns * size].reshape(turns, size)
    return Course(rows, features.questions.first_place[rows.reshape(-1)].tolist())


class Asked:
    """A running child, and how many of its replies were wrong."""

    def __init__(
        self, child: Child, course: Course, classes: Sequence[str] | None, said: Answers | None
    ) -> None:
        """Take what to ask, and what the answers must be; None compares nothing."""
        assert child.running.stdin is not None  # noqa: S101 -- opened by the sandbox for turns
        assert child.running.stdout is not None  # noqa: S101 -- opened by the sandbox for turns
        self.child, self.wrong = child, 0
        self._course, self._said = course, said
        self._in, self._out = child.running.stdin.fileno(), child.running.stdout.fileno()
        self._columns = 0 if classes is None else 1 + (len(classes) + 1 if classes else 0)
        self._length = 1 + course.rows.shape[1] * self._columns * 8
        scale = 0.0 if said is None else float(np.median(np.abs(said.predicted)))
        self._scale = scale

    def ask(self, turn: int, deadline: float) -> float:
        """Ask one request; return the milliseconds until its whole answer was there.

        Raises:
            Lost: it did not come, or came before it was asked.
        """
        if self._read(2, deadline) != b".":
            raise Lost(self.child, late=False)
        began = time.perf_counter()
        try:
            os.write(self._in, b"?")
        except BrokenPipeError:
            raise Lost(self.child, late=False) from None
        reply = self._read(self._length, deadline)
        while len(reply) < self._length:
            reply += self._read(self._length - len(reply), deadline)
        took = time.perf_counter() - began
        if reply[:1] != b"+":
            raise Lost(self.child, late=False)
        self._compare(self._course.rows[turn % self._course.distinct], reply[1:])
        return took * 1e3

    def _read(self, most: int, deadline: float) -> bytes:
        left = deadline - time.perf_counter()
        if left <= 0 or not select.select([self._out], [], [], left)[0]:
            raise Lost(self.child, late=True)
        found = os.read(self._out, most)
        if not found:
            raise Lost(self.child, late=False)
        return found

    def _compare(self, rows: NDArray[np.int64], reply: bytes) -> None:
        if self._said is None or not self._columns:
            return
        table = np.frombuffer(reply, dtype=np.float64).reshape(len(rows), self._columns)
        # The last column is the mass of classes that nobody asked for.
        scores = None if self._columns == 1 or np.isnan(table[:, 1:]).all() else table[:, 1:-1]
        known = self._said.scores
        before = self._said.predicted[rows], None if known is None else known[rows]
        if bool(differs(before, (table[:, 0], scores), scale=self._scale).any()):
            self.wrong += 1
