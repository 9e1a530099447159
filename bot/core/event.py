"""An event is what a forge tells us happened, read once, at the door.

Payloads come from outside and are never trusted: every field is checked for its type, and
what is not understood becomes `Ignored` with its reason, never an exception.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestChanged:
    """A pull request was opened, pushed to, retargeted, made ready, reviewed or closed."""

    number: int
    head_sha: str
    from_fork: bool
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentCreated:
    """Somebody commented on a pull request."""

    number: int
    comment: int
    author: str
    by_bot: bool
    """Its author is a bot, or an app wrote it in somebody's name."""
    body: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """Commits arrived on a branch."""

    branch: str
    before: str | None
    """The tip before; None for a new branch."""
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueAsked:
    """The merge queue asks for the status of a group it is about to land."""

    number: int
    """The last pull request of the group, which the queue's branch is named after."""
    head_sha: str
    base_sha: str
    head_ref: str
    """`refs/heads/gh-readonly-queue/...`"""
    base: str
    """Name of the base branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCompleted:
    """A workflow run ended; its head says which pull request it was for."""

    run: int
    event: str
    """`pull_request` or `merge_group`."""
    head_sha: str
    head_branch: str
    from_fork: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Nothing that concerns us."""

    because: str


Event = PullRequestChanged | CommentCreated | Pushed | QueueAsked | RunCompleted | Ignored
