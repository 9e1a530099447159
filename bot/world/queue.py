"""The merge queue: the group it is about to land is judged in place of the request's own head.

The queue builds a commit of its own on a branch that it names after the request.  Whoever may
push could name a branch like that, so nothing is taken from it but the commit: what the group
does to the lock must be exactly what the request does to it, on policies that are the base's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.core.errors import Moved, UnsafeFile
from bot.core.event_payload import queued
from bot.core.policyfile import FOLDER
from bot.core.proposal import LOCK, Touched
from bot.world.git import OBJECT
from bot.world.here import Hosted
from bot.world.reading import MOST_LOCK

if TYPE_CHECKING:
    from bot.core.proposal import Blob, Proposal, Request
    from bot.world.forge import Forge
    from bot.world.repository import Repository

GROUP = "refs/lockstep/group"
HEADS = "refs/heads/"
ONE_AT_A_TIME = "let the queue build one request at a time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What the queue is about to land."""

    ref: str
    """`refs/heads/gh-readonly-queue/main/pr-7-…`"""
    head_sha: str
    number: int
    """The last pull request of the group."""


def group_of(text: str) -> Group | None:
    """Read `REF@SHA`; None when it names no group of a queue."""
    ref, _, sha = text.rpartition("@")
    ref = ref if ref.startswith(HEADS) else f"{HEADS}{ref}"
    named = queued(ref)
    if named is None or not OBJECT.match(sha):
        return None
    return Group(ref=ref, head_sha=sha, number=named[1])


@dataclass
class Queued(Hosted):
    """A group of the merge queue, judged from committed files alone; the queue merges it."""

    group: Group | None = None

    def read(self, request: Request) -> Proposal:
        """Fetch the group and read its request as the queue would land it."""
        assert self.group is not None, "a group is judged"  # noqa: S101 -- narrows a type
        # What people order is said of the request, so the last look is at that.
        plain = super().read(request)
        return group_in(plain, self.group, self.forge, self.repository)


def group_in(proposal: Proposal, group: Group, forge: Forge, repository: Repository) -> Proposal:
    """Fetch the group that the queue built for a request, and read what would land.

    Raises:
        Moved: the queue builds another group by now.
        Unavailable: the forge or its git did not answer.
    """
    number = proposal.request.number
    if queued(group.ref) != (proposal.branch, number):
        raise Moved(f"{group.ref} is no group of pull request {number}")
    repository.fetch(forge.remote(), f"+{group.ref}:{GROUP}")
    head = repository.commit(GROUP)
    if head != group.head_sha:
        raise Moved("the queue built its group anew")
    if repository.merge_base(proposal.base_sha, head) != proposal.base_sha:
        raise Moved("the base moved; the queue builds its group anew")
    lock, more = _brings(repository, proposal, head)
    touched = proposal.touched
    if more and all(one.path != LOCK for one in touched):
        touched = (*touched, Touched(path=LOCK, mode="100644"))
    standing = replace(proposal.standing, queued=True, conflict=more or proposal.standing.conflict)
    return replace(proposal, head_sha=head, head=lock, touched=touched, standing=standing)


def _brings(repository: Repository, proposal: Proposal, head: str) -> tuple[Blob | None, str]:
    """Read the lock of a group, and say what the group brings besides the request; or nothing."""
    try:
        lock = repository.blob(head, LOCK, most=MOST_LOCK)
    except UnsafeFile as refusal:
        return None, str(refusal)
    ours, landing = proposal.head, lock.oid if lock else None
    if landing != (ours.oid if ours else None):
        return (
            lock,
            f"the queue's group changes {LOCK} otherwise than this request; {ONE_AT_A_TIME}",
        )
    brought = (one.path for one in repository.touched(proposal.base_sha, head))
    own = {one.path for one in proposal.touched}
    rules = [path for path in brought if path.startswith(f"{FOLDER}/") and path not in own]
    if rules and LOCK in own:
        return lock, f"the queue's group brings other policies; {ONE_AT_A_TIME}"
    return lock, ""
