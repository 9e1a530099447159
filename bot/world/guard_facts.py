"""What is known about a commit that changed the lock: who made it, when, and what it did."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from bot.core.canonical import dump
from bot.core.errors import Refusal
from bot.core.finding import Finding, Kind
from bot.core.history import turns, words
from bot.core.lockblocks import split
from bot.core.lockfile import parse
from bot.core.proposal import LOCK
from bot.world.git import checked
from bot.world.git_log import moment
from bot.world.past import read_snapshots
from bot.world.revert import lock_at, parent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.world.repository import Repository

MOST = 50
"""Models whose moves are told."""
UNREADABLE = f"`{LOCK}` cannot be read as it is now"
REMOVED = f"`{LOCK}` was removed"


def found(  # noqa: PLR0913 -- one value from many sources
    kind: Kind,
    commit: str,
    branch: str,
    repository: Repository,
    *,
    judged: str | None = None,
    request: int | None = None,
    before: tuple[str, ...] = (),
    tip: str | None = None,
) -> Finding:
    """Describe a fetched commit."""
    raw = repository.run("log", "-1", "--format=%ct%x00%an%x00%s", "--end-of-options",
                         checked(commit))  # fmt: skip
    at, by, subject = raw.decode("utf-8", "replace").rstrip("\n").split("\0", 2)
    return Finding(
        kind=kind,
        commit=commit,
        branch=branch,
        at=moment(at),
        by=by[:200],
        subject=subject[:500],
        lock=lock_oid(repository, commit),
        judged=judged,
        request=request,
        before=before,
        tip=tip,
        moves=tuple(move for one in (*before, commit) for move in _moves(one, repository)),
    )


def lock_oid(repository: Repository, commit: str | None) -> str:
    """Return the object id that the lock has in a commit, or `none`."""
    rows = () if commit is None else repository.tree(commit, LOCK)
    return next((oid for _, oid, _, path in rows if path == LOCK), "none")


def message_of(repository: Repository, commit: str) -> str:
    """Read the message of a fetched commit; text from outside."""
    raw = repository.run("log", "-1", "--format=%B", "--end-of-options", checked(commit))
    return raw.decode("utf-8", "replace")


def _moves(commit: str, repository: Repository) -> Iterator[str]:
    before = _blocks(lock_at(repository, parent_of(repository, commit)))
    after = _blocks(lock_at(repository, commit))
    if lock_oid(repository, commit) == "none":
        yield REMOVED
        return
    if after is None:
        yield UNREADABLE
        return
    was = before or {}
    names = sorted(name for name in was.keys() | after.keys() if was.get(name) != after.get(name))
    for name in sorted(was.keys() - after.keys())[:MOST]:
        yield f"`{name}`: removed"
    shown = [name for name in names if name in after][:MOST]
    for name, snapshots in read_snapshots(repository, commit, shown).items():
        for turn in turns(name, snapshots)[:1]:
            if turn.commit == commit:
                yield from (f"`{name}`: {words(move)}" for move in turn.moves)


def _blocks(text: bytes) -> dict[str, bytes] | None:
    """Split a lock into its models' texts; None when it cannot be read."""
    blocks = split(text) if text else {}
    if blocks is None:
        with contextlib.suppress(Refusal):
            blocks = split(dump(parse(text, LOCK)))
    return None if blocks is None else {name: block.text for name, block in blocks.items()}
