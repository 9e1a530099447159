"""A landing beside another: its own models as judged, all others as they were just before it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from bot.core.errors import Refusal, Unavailable
from bot.core.lockblocks import split
from bot.world.git import checked
from bot.world.revert import lock_at, parent_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.world.repository import Repository

    _Models = dict[str, bytes]

JUDGED = "refs/lockstep/judged"


def landed_alongside(
    repository: Repository, remote: str, landed: str, record: Mapping[str, Any]
) -> bool:
    """Tell whether a commit did to the lock exactly what a record judged, on a newer lock.

    Every model that the request changed was, before the commit, as it was judged against, and is
    after it as it was judged; every other model is as it was before the commit.
    """
    judged = [_judged(repository, remote, record.get(side, {})) for side in ("base", "head")]
    moved = [_models(lock_at(repository, one)) for one in (parent_of(repository, landed), landed)]
    champion, challenger, before, after = (*judged, *moved)
    if champion is None or challenger is None or before is None or after is None:
        return False
    names = champion.keys() | challenger.keys()
    changed = {name for name in names if champion.get(name) != challenger.get(name)}
    return (
        all(before.get(name) == champion.get(name) for name in changed)
        and all(after.get(name) == challenger.get(name) for name in changed)
        and all(
            after.get(name) == before.get(name) for name in (before.keys() | after.keys()) - changed
        )
    )


def _judged(repository: Repository, remote: str, side: Mapping[str, Any]) -> _Models | None:
    """Read the models of a judged lock by what a record says; None when it is gone."""
    commit, lock = str(side.get("commit")), side.get("lock")
    if lock is None:
        return {}
    for fetched in (False, True):
        with contextlib.suppress(Unavailable, Refusal):
            if fetched:
                repository.fetch(remote, f"+{checked(commit)}:{JUDGED}")
            return _models(repository.run("cat-file", "blob", checked(str(lock))))
    return None


def _models(text: bytes) -> _Models | None:
    """Split a lock into its models' texts; None when it is not canonical."""
    blocks = split(text) if text else {}
    return None if blocks is None else {name: block.text for name, block in blocks.items()}
