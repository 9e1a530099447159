"""Proposing a revert: the lock as it was before a commit, as a pull request of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.errors import Refusal, Unavailable
from bot.core.finding import revert_branch
from bot.core.proposal import LOCK
from bot.core.restoring import restored
from bot.world.git import checked
from bot.world.proposing import Offer, Person, propose
from bot.world.reading import MOST_LOCK

if TYPE_CHECKING:
    from bot.core.action import ProposeRevert
    from bot.world.forge import Forge, PullRequest
    from bot.world.repository import Repository

TIP = "refs/lockstep/revert"
US = Person(name="lockstep", email="lockstep@localhost")


def propose_revert(
    action: ProposeRevert, forge: Forge, repository: Repository
) -> PullRequest | None:
    """Open the pull request that takes a commit back, or return the one that is open.

    Returns:
        None when there is nothing to take back, or when later edits contradict it: the issue
        tells a person then.

    Raises:
        Unavailable: the forge did not answer, or did not take the branch.
    """
    repository.fetch(forge.remote(), f"+refs/heads/{action.branch}:{TIP}")
    tip = repository.commit(TIP)
    if tip != action.commit and repository.merge_base(tip, action.commit) == tip:
        # A copy of the repository lags behind what it has shown.
        short = action.commit[:12]
        raise Unavailable(f"{action.branch} does not show {short} any more; try again")
    now = lock_at(repository, tip)
    try:
        lock = restored(
            lock_at(repository, parent_of(repository, action.first or action.commit)),
            lock_at(repository, action.commit),
            now,
            reason=f"registered in {action.commit[:12]}, which was taken back",
        )
    except Refusal:
        return None
    if lock == now:
        return None
    offer = Offer(
        tip=tip,
        lock=lock,
        branch=revert_branch(action.commit),
        title=action.title,
        body=action.body,
        author=US,
        bots_alone=True,
    )
    return propose(offer, repository, forge)


def parent_of(repository: Repository, commit: str) -> str | None:
    """Return the first parent of a commit, or None for the first commit of all."""
    said = repository.run("log", "-1", "--format=%P", "--end-of-options", checked(commit))
    parents = said.decode().split()
    return parents[0] if parents else None


def lock_at(repository: Repository, commit: str | None) -> bytes:
    """Read the lock of a commit; empty when there is none, or none that can be read."""
    if commit is None:
        return b""
    try:
        blob = repository.blob(commit, LOCK, most=MOST_LOCK)
    except Refusal:
        return b""
    return blob.text if blob else b""
