"""A reign is the time a version held a stage; a model's landed history is a row of reigns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from bot.core.lock import Model

WINDOW = 3
"""How many earlier champions a rollback may return to, where a policy does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """A model as it was after a landed commit that changed it."""

    commit: str
    at: datetime
    model: Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The landed history of each changed model, newest first; the newest is the base."""

    landed: Mapping[str, tuple[Landing, ...]]

    def of(self, model: str) -> tuple[Landing, ...]:
        """Return a model's landings, newest first; none for a model that is new."""
        return self.landed.get(model, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reign:
    """A version held a stage, from one landed commit to another."""

    version: str
    commit: str
    """The commit that gave it the stage."""
    since: datetime
    ended: str | None = None
    """The commit that took the stage from it; None while it reigns."""
    left_by_rollback: bool = False
    """The stage went back to a version that had held it before."""
    vacated: bool = False
    """The stage was left empty; what is empty was not shown to be better."""


def reigns(past: Past, model: str, stage: str) -> tuple[Reign, ...]:
    """Return who held a stage, newest first.

    What was a rollback stays one: any return to an earlier champion counts, whatever window
    today's policy gives for the next one.
    """
    row: list[Reign] = []
    champion: str | None = None
    for landing in reversed(past.of(model)):
        version = landing.model.stages.get(stage)
        if version == champion:
            continue
        if champion is not None:
            row[-1] = replace(
                row[-1],
                ended=landing.commit,
                left_by_rollback=version in restorable(row[::-1], champion, len(row)),
                vacated=version is None,
            )
        if version is not None:
            row.append(Reign(version=version, commit=landing.commit, since=landing.at))
        champion = version
    return tuple(reversed(row))


def restorable(row: tuple[Reign, ...] | list[Reign], champion: str, window: int) -> list[str]:
    """Name the versions that a stage may return to, newest first.

    A version that was itself rolled back, or taken out of the stage, is none of them: it comes
    back by a promotion that is judged in full.

    Args:
        row: Reigns, newest first.
        champion: Who holds the stage.
        window: How many distinct earlier champions to consider.
    """
    latest: dict[str, Reign] = {}
    for reign in row:
        latest.setdefault(reign.version, reign)
    sound = [
        name for name, reign in latest.items() if not (reign.left_by_rollback or reign.vacated)
    ]
    return [name for name in sound if name != champion][:window]


def same_bytes(past: Past, model: str, digest: str) -> list[str]:
    """Name the versions of a model that have a digest, now or earlier: a new name is no release."""
    entries = (pair for landing in past.of(model) for pair in landing.model.versions.items())
    return list(dict.fromkeys(name for name, entry in entries if entry.artifact.digest == digest))


def exile(past: Past, model: str, version: str, *, now: str | None = None) -> Reign | None:
    """Return the reign whose rollback bars a version from being proposed, or None.

    A release counts when it landed after the rollback and still stands; it names the version,
    or the name `now` under which the same bytes are proposed.
    """
    landings, name = past.of(model), now or version
    stages = sorted({stage for landing in landings for stage in landing.model.stages})
    ends = {
        reign.ended: reign
        for stage in stages
        for reign in reigns(past, model, stage)
        if reign.version == version and reign.left_by_rollback
    }
    for landing, older in pairwise(landings):
        if landing.commit in ends:
            return ends[landing.commit]
        release = landing.model.released.get(name)
        standing = name in landings[0].model.released
        if standing and release is not None and release != older.model.released.get(name):
            return None
    return None
