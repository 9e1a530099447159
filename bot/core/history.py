"""The history of a model: what each landed commit did to it, and who reigned when.

Nothing is judged here; a commit that broke a rule is told as what it did.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, assert_never

from bot.core.lock import Model
from bot.core.reign import WINDOW, Landing, Past, reigns
from bot.core.transition import (
    NOTHING,
    Exposure,
    Hold,
    Promotion,
    Registration,
    Release,
    Retirement,
    Rewiring,
    Rollback,
    movements,
    place_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.core.transition import Transition

_TRAILER = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,63}): *(.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A model as it was after a landed commit that changed it, and what that commit says."""

    commit: str
    at: datetime
    message: str
    model: Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one landed commit did to a model."""

    commit: str
    at: datetime
    moves: tuple[Transition, ...]
    decision: str | None
    """What the bot decided, such as `merge`."""
    record: str | None
    """Digest of the decision's record.  None when no decision was recorded: the lock was changed
    by hand."""
    request: str | None
    """The pull request it came from, such as `acme/models#7`."""

    @property
    def by_hand(self) -> bool:
        """Tell whether the commit names no record of a decision."""
        return self.record is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A version held a stage from one moment to another."""

    stage: str
    version: str
    since: datetime
    until: datetime | None
    """None while it holds the stage."""
    left_by_rollback: bool

    def days(self, now: datetime) -> float:
        """Count its days, until now when it still holds the stage."""
        return ((self.until or now) - self.since).total_seconds() / 86_400


def trailers(message: str) -> dict[str, tuple[str, ...]]:
    """Read the trailers of a commit: the last paragraphs in which every line is `Key: value`.

    A forge may add a paragraph of its own below ours, so that the last one is not enough.
    """
    found: dict[str, tuple[str, ...]] = {}
    for paragraph in reversed(re.split(r"\n[ \t]*\n", message.strip())[1:]):
        lines = paragraph.strip().splitlines()
        pairs = [match for line in lines if (match := _TRAILER.fullmatch(line.strip()))]
        if len(pairs) < len(lines):
            break
        for pair in pairs:
            found[pair[1]] = (*found.get(pair[1], ()), pair[2].strip())
    return found


def claimed(message: str) -> frozenset[str] | None:
    """Name the models that a recorded commit says it changed; None when it has no record."""
    said = trailers(message)
    return frozenset(said.get("Model", ())) if "Record" in said else None


def past(name: str, snapshots: Sequence[Snapshot]) -> Past:
    """Take a model's snapshots, newest first, as its past."""
    landed = (Landing(commit=one.commit, at=one.at, model=one.model) for one in snapshots)
    return Past(landed={name: tuple(landed)})


def turns(name: str, snapshots: Sequence[Snapshot], *, window: int = WINDOW) -> tuple[Turn, ...]:
    """Say what each landed commit did to a model, newest first.

    Args:
        name: Which model.
        snapshots: Its snapshots, newest first.
        window: How many earlier champions count as a way back.
    """
    every: list[Snapshot | None] = [*snapshots, None]
    return tuple(
        _turn(name, now, before, past(name, snapshots[at:]), window)
        for at, (now, before) in enumerate(pairwise(every), start=1)
        if now is not None
    )


def _turn(name: str, now: Snapshot, before: Snapshot | None, known: Past, window: int) -> Turn:
    said = trailers(now.message)
    base = None if before is None else before.model
    return Turn(
        commit=now.commit,
        at=now.at,
        moves=_told(name, base, now.model, known, window),
        decision=_last(said, "Decision"),
        record=_last(said, "Record"),
        request=_last(said, "Triggered-by"),
    )


def _told(
    name: str, base: Model | None, head: Model, known: Past, window: int
) -> tuple[Transition, ...]:
    """Name what changed, as `transitions` does, where a broken rule is no reason to stop."""
    return tuple(sorted(movements(name, base or NOTHING, head, known, window), key=place_of))


def terms(name: str, snapshots: Sequence[Snapshot]) -> tuple[Term, ...]:
    """Say who held each stage and for how long, newest first within a stage."""
    known = past(name, snapshots)
    moments = {one.commit: one.at for one in snapshots}
    stages = sorted({stage for one in snapshots for stage in one.model.stages})
    return tuple(
        Term(
            stage=stage,
            version=reign.version,
            since=reign.since,
            until=None if reign.ended is None else moments[reign.ended],
            left_by_rollback=reign.left_by_rollback,
        )
        for stage in stages
        for reign in reigns(known, name, stage)
    )


def since(snapshots: Sequence[Snapshot], stage: str) -> Snapshot | None:
    """Return the commit that gave a stage to the version that holds it now, or None.

    Args:
        snapshots: Newest first.
        stage: Which.
    """
    giver: Snapshot | None = None
    for one in snapshots:
        if one.model.stages.get(stage) != snapshots[0].model.stages.get(stage):
            break
        giver = one
    return giver if giver is not None and stage in giver.model.stages else None


def words(move: Transition) -> str:  # noqa: PLR0911 -- one arm for each transition
    """Say a transition in a few words, without the model's name."""
    match move:
        case Registration():
            return f"register {move.version}"
        case Promotion():
            was = "" if move.champion is None else f", champion was {move.champion}"
            return f"promote {move.challenger} to {move.stage}{was}"
        case Rollback():
            return f"roll {move.stage} back from {move.champion} to {move.restored}"
        case Exposure():
            return f"send {move.after}% of traffic to {move.stage}, was {move.before}%"
        case Retirement():
            left = "" if move.stage is None else f" from {move.stage}"
            why = "" if move.reason is None else f": {move.reason}"
            return f"retire {move.version}{left}{why}"
        case Hold():
            return f"hold {_held(move)}: {move.hold.reason}"
        case Release():
            what = move.version if move.stage is None else f"the hold on {move.stage}"
            return f"release {what}"
        case Rewiring():
            feeds = ", ".join(f"{model} at {stage}" for model, stage in sorted(move.after.items()))
            return f"feed by {feeds}" if feeds else "feed by no other model"
        case _:
            assert_never(move)


def _held(move: Hold) -> str:
    return " at ".join(part for part in (move.hold.version, move.stage) if part is not None)


def _last(said: Mapping[str, tuple[str, ...]], name: str) -> str | None:
    return said[name][-1] if name in said else None
