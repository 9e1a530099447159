"""Counting every call to the forge, every fetch and push, to let something happen before one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.world.repository import Repository


@dataclass
class Clockwork:
    """Counts calls, and lets something happen just before one of them."""

    at: int = 0
    deed: Callable[[], object] = lambda: None
    names: list[str] = field(default_factory=list)
    busy: bool = False

    def ticks(self, name: str, call: Any, *arguments: Any, **named: Any) -> Any:
        if not self.busy:
            self.names.append(name)
            if len(self.names) == self.at:
                self.busy = True
                self.deed()
                self.busy = False
        return call(*arguments, **named)


@dataclass
class AtMerge:
    """Lets something happen just before the merge, once."""

    deed: Callable[[], object]
    done: bool = False

    def ticks(self, name: str, call: Any, *arguments: Any, **named: Any) -> Any:
        if name == "merge" and not self.done:
            self.done = True
            self.deed()
        return call(*arguments, **named)


class Ticking:
    """A forge of which every call is counted."""

    def __init__(self, forge: Any, clockwork: Clockwork | AtMerge) -> None:
        self._forge, self._clockwork = forge, clockwork

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._forge, name)
        if name in ("remote", "slug", "git_environment"):
            return found
        return lambda *arguments, **named: self._clockwork.ticks(name, found, *arguments, **named)


@dataclass(frozen=True, slots=True)
class TickingRepository(Repository):
    """A repository of which every fetch and push is counted."""

    clockwork: Clockwork = field(default_factory=Clockwork)

    def fetch(self, remote: str, *refspecs: str) -> None:
        self.clockwork.ticks("fetch", super(TickingRepository, self).fetch, remote, *refspecs)

    def push(self, remote: str, oid: str, branch: str) -> bool:
        found: bool = self.clockwork.ticks(
            "push", super(TickingRepository, self).push, remote, oid, branch
        )
        return found
