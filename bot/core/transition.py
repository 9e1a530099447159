"""Transitions are what a change of the lock means, named one by one.

Every difference becomes at least one transition or is refused; nothing changes unseen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core import lock
from bot.core.canonical import natural
from bot.core.errors import ForbiddenChange, Problem
from bot.core.forbidden import Ground, forbidden
from bot.core.movement import (
    Exposure,
    Hold,
    Promotion,
    Registration,
    Release,
    Retirement,
    Rewiring,
    Rollback,
    Transition,
)
from bot.core.reign import WINDOW, Landing, Past, Reign, exile, reigns, restorable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from bot.core.lockfile import Change, Locate

__all__ = [
    "Exposure",
    "Hold",
    "Landing",
    "Past",
    "Promotion",
    "Registration",
    "Reign",
    "Release",
    "Retirement",
    "Rewiring",
    "Rollback",
    "Transition",
    "exile",
    "reigns",
    "transitions",
]

NOTHING = lock.Model.model_construct(
    versions={}, depends_on={}, stages={}, traffic={}, holds={}, released={}, retired={}
)
_ORDER = (Registration, Rollback, Promotion, Exposure, Retirement, Hold, Release, Rewiring)


def _nowhere(_model: str, _path: tuple[str, ...]) -> None:
    return None


def transitions(
    changes: Mapping[str, Change],
    past: Past,
    *,
    file: str,
    today: date,
    windows: Mapping[str, int] | None = None,
    locate: Locate = _nowhere,
) -> tuple[Transition, ...]:
    """Name what a change of the lock means, registrations first, then by model and stage.

    Args:
        changes: The changed models, before and after.
        past: Their landed history.
        file: The lock's name in messages.
        today: For the end of holds.
        windows: Per model, how many earlier champions a rollback may return to; default 3.
        locate: Finds the line of a fact in the head.

    Raises:
        ForbiddenChange: the change may not be made; lists every reason.
    """
    found: list[Transition] = []
    problems: list[Problem] = []
    for name in sorted(changes):
        base, head = (side or NOTHING for side in changes[name])
        window = (windows or {}).get(name, WINDOW)
        moves = tuple(movements(name, base, head, past, window))
        ground = Ground(
            name=name, base=base, head=head, gone=changes[name][1] is None, past=past,
            window=window, today=today, file=file, locate=locate,
        )  # fmt: skip
        problems += forbidden(moves, ground)
        found += moves
    if problems:
        raise ForbiddenChange(*sorted(problems, key=lambda one: (one.line or 0, one.column or 0)))
    return tuple(sorted(found, key=place_of))


def place_of(move: Transition) -> tuple[object, ...]:
    version = getattr(move, "version", None) or ""
    stage = getattr(move, "stage", None) or ""
    first = not isinstance(move, Registration)
    return first, move.model, stage, _ORDER.index(type(move)), natural(version)


def movements(
    name: str, base: lock.Model, head: lock.Model, past: Past, window: int
) -> Iterator[Transition]:
    for version, entry in head.versions.items():
        if version not in base.versions:
            yield Registration(model=name, version=version, entry=entry)
    for stage in base.stages.keys() | head.stages.keys():
        yield from _staged(name, stage, base, head, restorable_at(past, name, stage, base, window))
    for stage in base.traffic.keys() | head.traffic.keys():
        before, after = base.traffic.get(stage, 0), head.traffic.get(stage, 0)
        if before != after:
            yield Exposure(model=name, stage=stage, before=before, after=after)
    yield from _retired(name, base, head)
    for stage in base.holds.keys() | head.holds.keys():
        yield from _held(name, stage, base.holds.get(stage), head.holds.get(stage))
    yield from _released(name, base, head)
    if base.depends_on != head.depends_on:
        yield Rewiring(model=name, before=base.depends_on, after=head.depends_on)


def restorable_at(past: Past, name: str, stage: str, base: lock.Model, window: int) -> list[str]:
    """Name the versions that a stage of the base may be rolled back to, newest first."""
    champion = base.stages.get(stage)
    if champion is None:
        return []
    return restorable(reigns(past, name, stage), champion, window)


def _staged(
    name: str, stage: str, base: lock.Model, head: lock.Model, back: list[str]
) -> Iterator[Transition]:
    champion, version = base.stages.get(stage), head.stages.get(stage)
    if champion == version:
        return
    if version is None and champion is not None:
        reason = None if champion in base.retired else head.retired.get(champion)
        yield Retirement(model=name, version=champion, stage=stage, reason=reason)
    elif champion is not None and version in back:
        yield Rollback(model=name, stage=stage, champion=champion, restored=str(version))
    else:
        yield Promotion(model=name, stage=stage, champion=champion, challenger=str(version))


def _retired(name: str, base: lock.Model, head: lock.Model) -> Iterator[Transition]:
    """Yield the retirements that no vacated stage already tells."""
    vacated = {version for stage, version in base.stages.items() if stage not in head.stages}
    for version, reason in head.retired.items():
        told = version in vacated and version not in base.retired
        if base.retired.get(version) != reason and not told:
            yield Retirement(model=name, version=version, stage=None, reason=reason)


def _held(
    name: str, stage: str, before: lock.Hold | None, after: lock.Hold | None
) -> Iterator[Transition]:
    if before == after:
        return
    if before is not None and (after is None or _weaker(after, before)):
        yield Release(model=name, version=before.version, stage=stage)
    if after is not None:
        yield Hold(model=name, stage=stage, hold=after)


def _weaker(after: lock.Hold, before: lock.Hold) -> bool:
    """Whether a rewritten hold lets through what the old one held back."""
    narrower = after.version is not None and after.version != before.version
    sooner = after.until is not None and (before.until is None or after.until < before.until)
    return narrower or sooner


def _released(name: str, base: lock.Model, head: lock.Model) -> Iterator[Transition]:
    for version, release in head.released.items():
        if release != base.released.get(version):
            yield Release(model=name, version=version, stage=None)
    for version in base.released.keys() - head.released.keys():
        reason = f"the release of version {version} is taken back"
        hold = lock.Hold(reason=reason, by=base.released[version].by, version=version)
        yield Hold(model=name, stage=None, hold=hold)
