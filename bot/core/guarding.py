"""Which commits of the lock no decision accounts for, told as few things as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.finding import ALLOWED, Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Step:
    """A commit that changed the lock, and the object id of the lock after it."""

    commit: str
    lock: str


@dataclass(frozen=True, slots=True)
class Suspect:
    """A commit to be told about, with those just before it that are like it, oldest first."""

    kind: Kind
    commit: str
    before: tuple[str, ...] = ()


def suspects(
    steps: Sequence[Step],
    *,
    begin: str,
    sealed: Collection[str],
    known: Mapping[str, Kind],
) -> Iterator[Suspect]:
    """Yield what was not told before; commits in a row are told, and taken back, together.

    Args:
        steps: The guarded commits of the branch, oldest first.
        begin: Object id of the lock before the first of them.
        sealed: Commits that a decision accounts for.
        known: What was found about commits before.
    """
    accepted, row = begin, tuple[str, ...]()
    for step in steps:
        kind = known.get(step.commit)
        restored = kind is None and step.lock == accepted and bool(row)
        if step.commit in sealed or kind in ALLOWED or restored:
            yield from _by_hand(row, known)
            if restored and step.commit not in sealed:
                yield Suspect(Kind.RESTORED, step.commit)
            accepted, row = step.lock, ()
        else:
            row = (*row, step.commit)
    yield from _by_hand(row, known)


def _by_hand(row: tuple[str, ...], known: Mapping[str, Kind]) -> Iterator[Suspect]:
    """Tell of the newest of a row, unless it was told before; the older ones go with it."""
    if row and row[-1] not in known:
        yield Suspect(Kind.BY_HAND, row[-1], row[:-1])
