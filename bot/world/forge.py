"""A forge hosts the repository, its pull requests, comments and statuses.

`LocalForge` (a bare repository and a folder) and `GitHub` satisfy this protocol and
pass one contract test-suite.  Git objects never travel through a forge's API: the
bot reads and writes them with git, at `remote()`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Again = Callable[[], None]

State = Literal["pending", "success", "failure", "error"]
Reaction = Literal["eyes", "+1", "-1"]
Role = Literal["none", "read", "triage", "write", "maintain", "admin"]
WRITERS: frozenset[Role] = frozenset({"write", "maintain", "admin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What somebody decided about exactly one head commit."""

    reviewer: str
    sha: str
    at: datetime | None = None
    """When it was given."""
    teams: tuple[str, ...] = ()
    """Teams on whose behalf it was given, `org/slug`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A request to merge `head` into `base`."""

    number: int
    title: str
    author: str
    base: str
    """Branch name of the base, such as `main`."""
    head: str
    """Branch name of the head."""
    head_sha: str
    open: bool
    draft: bool
    merged_as: str | None
    """The commit it landed as, or None."""
    from_fork: bool
    approvals: tuple[Review, ...]
    """The latest decision of each person, where that is an approval; never the author's own."""
    url: str
    made_by: tuple[str, ...] = ()
    """Who the head commit is by, where the forge knows their accounts."""
    objections: tuple[Review, ...] = ()
    """The latest decision of each reviewer, where that asks for changes, of whatever head."""
    default_branch: str = ""
    """The branch that production follows, at the same moment; empty while there is none."""
    twins: tuple[int, ...] = ()
    """Other open requests of this repository with the same head for the same base."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment of our own on a pull request."""

    id: int
    body: str
    url: str
    at: datetime | None = None
    """When it was made; editing it changes nothing about that."""
    edited_at: datetime | None = None
    """When it was edited last, by the forge's clock; None when it never was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a context says about a commit."""

    context: str
    state: State
    description: str
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """An open pull request as a sweep sees it, with what its status says."""

    number: int
    author: str
    base: str
    head_sha: str
    draft: bool
    from_fork: bool
    conflicting: bool | None
    """None while the forge does not know yet."""
    status: Status | None
    said_at: datetime | None
    """When the status was set."""
    reviewed_at: datetime | None = None
    """When somebody reviewed it last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An open issue of our own."""

    number: int
    title: str
    body: str
    url: str


class HeadMoved(Exception):  # noqa: N818 -- a decision of the forge, named as it reads
    """The head is no longer the judged commit; judge again, never retry (GitHub: 409)."""


class NotMergeable(Exception):  # noqa: N818 -- a decision of the forge, named as it reads
    """The forge will not merge this as it stands (GitHub: 405); the message says why."""


class QueueRequired(NotMergeable):
    """The base branch takes changes from its merge queue only; see `Forge.enqueue`."""


DESCRIPTION_LIMIT = 140
"""Characters GitHub takes in the description of a status."""


def fitting(description: str) -> str:
    """Cut a status description to what every forge takes; one line, an ellipsis where cut."""
    line = " ".join(description.split())
    return line if len(line) <= DESCRIPTION_LIMIT else line[: DESCRIPTION_LIMIT - 1] + "…"


def is_bot(login: str) -> bool:
    """Tell whether a login is that of a bot or an app."""
    return login.casefold().endswith("[bot]")


def says_the_same(one: str, other: str) -> bool:
    """Compare two comments as a forge may store them: line ends and outer blanks aside."""
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()


class Forge(Protocol):
    """The calls Lockstep needs; every write may be repeated by probing first.

    Raises everywhere:
        bot.core.errors.Unavailable: the forge did not answer, after its own retries.
        bot.core.errors.NotARepository: the repository or pull request does not exist.
    """

    def slug(self) -> str:
        """Name the repository, `owner/name`."""

    def remote(self) -> str:
        """Address of the git repository, for fetch and push; never holds a credential."""

    def git_environment(self) -> Mapping[str, str]:
        """Environment that lets git authenticate at `remote()` (GIT_CONFIG_COUNT and its like)."""

    def default_branch(self) -> str:
        """Name the branch that production follows."""

    def pull_request(self, number: int) -> PullRequest:
        """Read one pull request with its approvals."""

    def asked_with(self, sha: str) -> tuple[PullRequest, ...]:
        """List the open pull requests whose head is exactly this commit."""

    def survey(self, context: str) -> tuple[Surveyed, ...]:
        """Look at every open pull request for the default branch and its status, oldest first."""

    def open_pull_requests(self) -> tuple[PullRequest, ...]:
        """List the open pull requests, oldest first."""

    def propose(self, *, title: str, body: str, head: str, base: str) -> PullRequest:
        """Open a pull request from a pushed branch; return the open one if there is one already.

        Raises:
            ForbiddenChange: the head holds no commit that the base lacks.
        """

    def reports(self, number: int, marker: str) -> tuple[Comment, ...]:
        """List our own comments whose first line starts with `marker`, oldest first."""

    def comment(self, number: int, body: str) -> Comment:
        """Add a comment, unless we said exactly this already; return it."""

    def edit_comment(self, number: int, comment: Comment, body: str) -> Comment:
        """Replace a comment's text; a comment that was deleted meanwhile is added anew."""

    def delete_comment(self, number: int, comment: Comment) -> None:
        """Remove one of our own comments (a duplicate); already gone is fine."""

    def status(self, sha: str, context: str) -> Status | None:
        """Read the latest status of a commit under a context."""

    def set_status(self, sha: str, status: Status, again: Again | None = None) -> None:
        """Set the status of a commit, unless it says so already; see `fitting`.

        A forge that had to wait before a try asks `again` whether it may still be set.
        """

    def merge(
        self,
        number: int,
        *,
        sha: str,
        title: str,
        message: str,
        base: str = "",
        again: Again | None = None,
    ) -> str:
        """Squash-merge a pull request whose head is exactly `sha`; return the landed commit.

        A pull request that already landed from this head is not an error: a run that was
        killed after the merge and started again finds its commit.

        Args:
            number: Which.
            sha: Its head.
            title: Of the landed commit.
            message: Of the landed commit.
            base: The branch it was judged for; a request for another one is not merged, as far
                as the forge lets that be seen.  Empty takes any.
            again: Asked after a wait and before the next try; raises when it may not land now.

        Raises:
            HeadMoved: the head is another commit now.
            NotMergeable: conflicts, a moved or another base, or a rule of the forge.
        """

    def enqueue(self, number: int, *, sha: str) -> None:
        """Hand a pull request whose head is exactly `sha` to the merge queue; twice is once.

        Raises:
            HeadMoved: the head is another commit now.
            NotMergeable: there is no queue, or it does not take the request.
        """

    def role(self, login: str) -> Role:
        """Say what somebody may do here; whoever is unknown, or has an unknown role, is `none`."""

    def pushers(self, pull: PullRequest) -> tuple[str, ...] | None:
        """Name who pushed the head; nobody where it cannot be told, None where none is kept."""

    def react(self, number: int, comment: int, reaction: Reaction) -> None:
        """React to somebody's comment; once is enough, and a deleted comment is fine."""

    def issue(self, *, marker: str, title: str, body: str) -> Issue:
        """Open an issue, unless one of ours is open whose first line is `marker`; return it."""
