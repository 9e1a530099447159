"""Landings that a merge brought to the branch from its other side: kept, or left out in silence.

A merge of the default branch into local work makes the local side the first parent.  Landings
then lie off the line that the guard walks; the merge has to hold the lock of the newest of them.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from bot.core.finding import ALLOWED
from bot.world.git import checked
from bot.world.guard_facts import lock_oid

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from bot.core.finding import Kind
    from bot.core.guarding import Step
    from bot.world.repository import Repository


@dataclass(frozen=True)
class Line:
    """The commits that a branch went through, by first parents."""

    repository: Repository
    tip: str
    landings: frozenset[str]
    """Landings of the branch that a record accounts for."""

    @cached_property
    def commits(self) -> tuple[str, ...]:
        """The line, oldest first."""
        raw = self.repository.run("rev-list", "--first-parent", "--reverse",
                                  "--end-of-options", checked(self.tip))  # fmt: skip
        return tuple(raw.decode().split())

    def left_out(self, landings: Iterable[str]) -> Iterator[str]:
        """Yield of landings that the branch holds those whose lock a merge left out.

        Of landings that one merge brought, the newest tells.
        """
        line, seen = frozenset(self.commits), set[str]()
        for landing in landings:
            if landing in line:
                continue
            merge = self.commits[self._since(landing)]
            if merge in seen:
                continue
            seen.add(merge)
            newest = self._brought(merge)
            if newest and self._lock(merge) != self._lock(newest):
                yield newest

    def kept(
        self, steps: Sequence[Step], sound: Collection[str], known: Mapping[str, Kind]
    ) -> Iterator[str]:
        """Yield the merges that took over, unchanged, the newest landing of their other side.

        It is newer than the last landing of the line before the merge: it grew on that one.

        Args:
            steps: The guarded commits of the branch, oldest first.
            sound: Commits that are accounted for.
            known: What was found about commits before.
        """
        last = None
        for step in steps:
            if step.commit in sound or known.get(step.commit) in ALLOWED:
                last = step.commit
            elif step.commit not in known and self._takes_over(step, last):
                yield step.commit
                last = step.commit

    def _takes_over(self, step: Step, last: str | None) -> bool:
        newest = self._brought(step.commit)
        return (
            newest is not None
            and self._lock(newest) == step.lock
            and (last is None or self._holds(newest, last))
        )

    def _brought(self, merge: str) -> str | None:
        """Name the newest landing that a merge has and its first parent has not."""
        parents = self.repository.run("log", "-1", "--format=%P", "--end-of-options",
                                      checked(merge)).decode().split()  # fmt: skip
        if len(parents) < 2:
            return None
        raw = self.repository.run("rev-list", "--topo-order", checked(merge), f"^{parents[0]}")
        return next((one for one in raw.decode().split() if one in self.landings), None)

    def _since(self, landing: str) -> int:
        """Count the commits of the line that do not hold a landing of the branch."""
        return bisect_left(self.commits, True, key=lambda one: self._holds(one, landing))

    def _holds(self, commit: str, other: str) -> bool:
        return self.repository.merge_base(commit, other) == other

    def _lock(self, commit: str) -> str:
        return lock_oid(self.repository, commit)
