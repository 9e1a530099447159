"""A merge queue: requests enter, a group is formed on the base, and the group lands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import plumbing
from .answers import Declined
from .pulls import obstacle

if TYPE_CHECKING:
    from .answers import Asked
    from .state import Hosted, Pull, State


@dataclass(frozen=True, kw_only=True)
class Group:
    """What the queue is about to land: one pull request on the base as it is."""

    number: int
    ref: str
    base_sha: str
    head_sha: str


def entered(asked: Asked, pull: Pull, expected: str | None) -> None:
    """Put a pull request into the queue.

    Raises:
        Declined: there is no queue, the head is another one, or something stands in the way.
    """
    hosted = asked.repository
    if hosted.queue is None:
        raise Declined(422, "Merge queue is not enabled for this branch")
    if expected is not None and expected != pull.head_sha:
        raise Declined(422, f"Head sha didn't match, expected {expected}")
    if pull.number in hosted.queue:
        raise Declined(422, "Pull request is already in the queue")
    why = obstacle(hosted, pull)
    if why:
        raise Declined(422, why)
    hosted.queue.append(pull.number)


def form(hosted: Hosted) -> Group:
    """Make the commit that the first in the queue would land as, on a branch of its own."""
    assert hosted.queue
    pull = hosted.pulls[hosted.queue[0]]
    at = plumbing.branch(hosted.path, pull.base)
    assert at is not None
    tree = plumbing.merged_tree(hosted.path, at, pull.head_sha)
    assert tree is not None
    message = f"{pull.title} (#{pull.number})\n"
    head = plumbing.squash(hosted.path, tree, at, message, (pull.author.login, "q@localhost"))
    ref = f"refs/heads/gh-readonly-queue/{pull.base}/pr-{pull.number}-{at}"
    plumbing.say(hosted.path, "update-ref", ref, head)
    return Group(number=pull.number, ref=ref, base_sha=at, head_sha=head)


def land(state: State, hosted: Hosted, group: Group) -> bool:
    """Move the base to the group's commit if every required status of it is green."""
    assert hosted.queue is not None
    hosted.queue.remove(group.number)
    plumbing.say(hosted.path, "update-ref", "-d", group.ref)
    said = {m.context: m.state for m in hosted.statuses if m.sha == group.head_sha}
    green = all(said.get(context) == "success" for context in hosted.required)
    pull = hosted.pulls[group.number]
    if not green or not plumbing.advance(hosted.path, pull.base, group.head_sha, group.base_sha):
        return False
    pull.open, pull.closed, pull.merged_as = False, state.now(), group.head_sha
    return True
