"""What a change of the lock may not do, whatever the gates say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from bot.core.errors import Problem
from bot.core.lock import Entry, Hold, Model
from bot.core.movement import Promotion, Rollback, Transition
from bot.core.reign import Past, Reign, exile, same_bytes

if TYPE_CHECKING:
    from bot.core.lockfile import Locate

_SHORT = len("sha256:") + 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One changed model, and what its change is held against."""

    name: str
    base: Model
    head: Model
    gone: bool
    """The head has no such model."""
    past: Past
    window: int
    today: date
    file: str
    locate: Locate

    def problem(self, path: tuple[str, ...], what: str, remedy: str) -> Problem:
        """Build a problem at the place of a fact in the head."""
        mark = self.locate(self.name, path)
        line, column = (None, None) if mark is None else (mark.line, mark.column)
        what = f"{self.name}: {what}"
        return Problem(what=what, remedy=remedy, file=self.file, line=line, column=column)


def forbidden(moves: Sequence[Transition], ground: Ground) -> Iterator[Problem]:
    """Yield every reason why a change of one model may not be made."""
    if ground.gone:
        what, remedy = "the model is removed", "keep it; take it out of its stages, or retire it"
        yield ground.problem((), what, remedy)
        return
    rolled_back = {move.champion for move in moves if isinstance(move, Rollback)}
    yield from _rewritten(ground, rolled_back)
    yield from _registered_otherwise(ground)
    for version in ground.base.retired.keys() - ground.head.retired.keys():
        what = f"version '{version}' is no longer retired, and a retirement is final"
        yield ground.problem((), what, "register the same bytes under a new version")
    for stage in ground.head.traffic.keys() - ground.head.stages.keys():
        what = f"stage '{stage}' has traffic and no version"
        remedy = f"take '{stage}' out of traffic, or name the version that serves it"
        yield ground.problem(("traffic", stage), what, remedy)
    for move in moves:
        match move:
            case Promotion():
                yield from _unfit(ground, move.stage, move.challenger)
                yield from _promoted(ground, move, rolled_back)
            case Rollback():
                yield from _unfit(ground, move.stage, move.restored)
                yield from _held_back(ground, move.stage, move.restored, whole_stage=False)
            case _:
                pass


def _rewritten(ground: Ground, rolled_back: set[str]) -> Iterator[Problem]:
    """Yield versions whose entry changed or went: versions are append-only.

    The revert of a commit that registered a version and promoted it at once takes the entry
    away again; that is let through, and the version stays known from the past.
    """
    for version, was in ground.base.versions.items():
        now = ground.head.versions.get(version)
        if now is None:
            if version not in rolled_back or version in ground.head.stages.values():
                what = f"version '{version}' is removed, and versions are append-only"
                yield ground.problem((), what, "put its entry back; retire it to end its use")
        elif now != was:
            yield _immutable(ground, version, was, now)


def _registered_otherwise(ground: Ground) -> Iterator[Problem]:
    """Yield versions that come back after they were removed, as something else."""
    for version, now in ground.head.versions.items():
        if version in ground.base.versions:
            continue
        landed = (one.model.versions.get(version) for one in ground.past.of(ground.name))
        was = next((entry for entry in landed if entry is not None), None)
        if was is not None and was != now:
            yield _immutable(ground, version, was, now)


def _immutable(ground: Ground, version: str, was: Entry, now: Entry) -> Problem:
    old, new = was.artifact.digest, now.artifact.digest
    if old == new:
        what = f"version '{version}' already exists, with other facts about {new[:_SHORT]}…"
    else:
        what = f"version '{version}' already exists as {old[:_SHORT]}…, not {new[:_SHORT]}…"
    remedy = "versions are immutable; put its entry back and register a new version"
    return ground.problem(("versions", version), what, remedy)


def _unfit(ground: Ground, stage: str, version: str) -> Iterator[Problem]:
    """Yield why a version cannot serve at all."""
    path = ("stages", stage)
    if version not in ground.head.versions:
        what = f"stage '{stage}' names version '{version}', which is not registered"
        yield ground.problem(path, what, "register it first")
    reason = ground.head.retired.get(version) or ground.base.retired.get(version)
    if reason is not None:
        what = f"version '{version}' is retired ({reason})"
        yield ground.problem(path, what, "let another version serve the stage")


def _exiled(ground: Ground, version: str) -> Reign | None:
    """Find the rollback that bars these bytes, under whichever name they were rolled back."""
    entry = ground.head.versions.get(version)
    digest = entry.artifact.digest if entry else ""
    names = dict.fromkeys([version, *same_bytes(ground.past, ground.name, digest)])
    found = (exile(ground.past, ground.name, name, now=version) for name in names)
    return next((reign for reign in found if reign is not None), None)


def _promoted(ground: Ground, move: Promotion, rolled_back: set[str]) -> Iterator[Problem]:
    """Yield why a version may not be proposed now."""
    path, version = ("stages", move.stage), move.challenger
    release = ground.head.released.get(version)
    if release is not None and release != ground.base.released.get(version):
        what = f"version '{version}' is released and promoted in one change"
        yield ground.problem(path, what, "let the release land first, in its own pull request")
    elif (reign := _exiled(ground, version)) is not None:
        other = "" if reign.version == version else f" (the same bytes as '{reign.version}')"
        what = f"version '{version}'{other} was rolled back by {str(reign.ended)[:12]}"
        remedy = (
            f'release it first, in its own pull request: `released: {{"{version}": '
            f'{{reason: "…", by: "…"}}}}`, or `lockstep release`'
        )
        yield ground.problem(path, what, remedy)
    if version in rolled_back:
        what = f"version '{version}' is rolled back and promoted to '{move.stage}' in one change"
        yield ground.problem(path, what, f"leave '{move.stage}' as it is in the base")
    yield from _held_back(ground, move.stage, version, whole_stage=True)


def _held_back(ground: Ground, stage: str, version: str, *, whole_stage: bool) -> Iterator[Problem]:
    """Yield the hold, before or after the change, that bars a version from a stage."""
    holds = (ground.base.holds.get(stage), ground.head.holds.get(stage))
    for hold in dict.fromkeys(hold for hold in holds if hold is not None):
        if not _bars(hold, version, ground.today, whole_stage=whole_stage):
            continue
        end = "" if hold.until is None else f" until {hold.until.isoformat()}"
        who = f"version '{hold.version}' on stage" if hold.version else "stage"
        what = f"{who} '{stage}' is held{end} by {hold.by} ({hold.reason})"
        remedy = "wait, or lift the hold in its own pull request"
        yield ground.problem(("stages", stage), what, remedy)


def _bars(hold: Hold, version: str, today: date, *, whole_stage: bool) -> bool:
    """Whether a hold stands; one on the whole stage does not bar a rollback."""
    standing = hold.until is None or today <= hold.until
    return standing and (hold.version == version or (whole_stage and hold.version is None))
