"""An action is one effect, as data; performing it is the world's business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bot.core.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishReport:
    """Show the one report of a pull request, in place."""

    number: int
    marker: str
    """Start of the first line of the comment, by which our own is found again."""
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStatus:
    """Say the verdict on a commit; the description has at most 140 characters."""

    sha: str
    context: str
    state: Literal["pending", "success", "failure", "error"]
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRecord:
    """Append the account of a decision to the audit branch, once for each identity."""

    number: int
    identity: str
    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePullRequest:
    """Merge exactly the judged head into exactly the judged base, then compare what landed."""

    number: int
    head_sha: str
    base_sha: str
    branch: str
    lock_oid: str
    """Object id that `models.lock` must have in the landed commit."""
    title: str
    trailers: tuple[str, ...]
    """`Record:` is added when the record is stored."""
    identity: str
    """Of the record, which is sealed with the landed commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmLanding:
    """Seal the record of a request that has landed already; a merge may have been cut short."""

    number: int
    landed: str
    branch: str = ""
    """The branch that production follows; empty where the forge is to be asked."""
    onto: str = ""
    """Where it was merged into, when that is another branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class React:
    """Acknowledge a person's comment; the same reaction twice is one."""

    number: int
    comment: int
    reaction: Literal["eyes", "+1", "-1"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Answer a person's comment, once."""

    number: int
    marker: str
    """First line of the answer, which names the comment it answers; found again by it."""
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOrder:
    """Append what a person ordered by a comment to the audit branch, once for each comment."""

    number: int
    comment: int
    content: bytes
    """Canonical JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIssue:
    """Have one open issue about something; found again by the first line of its body."""

    marker: str
    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeRevert:
    """Open a pull request that gives back the lock as it was before a landed commit."""

    commit: str
    branch: str
    """Name of the base branch."""
    title: str
    body: str
    first: str | None = None
    """The first of several commits in a row, when they are taken back together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFinding:
    """Append what was found about a commit to the audit branch, once; then it is not told again."""

    commit: str
    content: bytes
    """Canonical JSON."""


Action = (
    PublishReport
    | SetStatus
    | StoreRecord
    | MergePullRequest
    | ConfirmLanding
    | React
    | Reply
    | StoreOrder
    | OpenIssue
    | ProposeRevert
    | StoreFinding
)
