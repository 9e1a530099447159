"""Giving back the lock as it was before one commit, without losing what came after it.

Versions are append-only, so that what the commit registered stays known: it is retired where
nothing rolls it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.canonical import EMPTY, dump_model, join
from bot.core.errors import Refusal
from bot.core.lockblocks import split
from bot.core.lockfile import changed
from bot.core.merge import merge
from bot.core.proposal import LOCK
from bot.core.transition import NOTHING

if TYPE_CHECKING:
    from bot.core.lock import Model


def restored(before: bytes, landed: bytes, now: bytes, *, reason: str) -> bytes:
    """Write the lock that takes back what one commit did.

    Args:
        before: The lock that the commit grew on; empty when there was none.
        landed: The lock of the commit.
        now: The lock at the tip; other edits since then are kept, entry for entry.
        reason: Why a version that only the commit registered is retired.

    Raises:
        ForbiddenChange: a later edit changed the same facts; a person decides.
        Malformed, UnknownName, NotCanonical: a later edit was made on a lock that cannot be read.
    """
    wanted = (before if now == landed else merge(landed, now, before, file=LOCK)) or EMPTY
    try:
        pairs = changed(now, wanted, LOCK)
    except Refusal:
        # What was landed cannot be read; the lock before it is the only one to go back to.
        return wanted
    blocks = {name: block.text for name, block in (split(wanted) or {}).items()}
    for name, (base, head) in pairs.items():
        if base is not None:
            blocks[name] = dump_model(name, _kept(base, head or NOTHING, reason))
    return join(blocks)


def _kept(now: Model, wanted: Model, reason: str) -> Model:
    """Put back the versions that a lock may not lose, retired."""
    back = _rolled_back(now, wanted)
    lost = {
        version: entry
        for version, entry in now.versions.items()
        if version not in wanted.versions and version not in back
    }
    retired = {**wanted.retired, **now.retired, **dict.fromkeys(lost, reason)}
    versions = {**wanted.versions, **lost}
    return wanted.model_copy(
        update={
            "versions": versions,
            "retired": {version: retired[version] for version in retired if version in versions},
        }
    )


def _rolled_back(now: Model, wanted: Model) -> frozenset[str]:
    """Name the versions that leave a stage for one that was there before."""
    return frozenset(
        version
        for stage, version in now.stages.items()
        if stage in wanted.stages and version not in wanted.stages.values()
    )
