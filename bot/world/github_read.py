"""What GitHub's answers mean in our words: pull requests, approvals, comments, refusals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from github.CommitStatus import CommitStatus
from github.PaginatedList import PaginatedList

from bot.core.errors import Denied, ForbiddenChange, NotARepository, Problem, Unavailable
from bot.world.forge import (
    HeadMoved,
    Issue,
    NotMergeable,
    PullRequest,
    QueueRequired,
    State,
    Status,
)
from bot.world.github_patience import said
from bot.world.github_snapshot import GHOST

if TYPE_CHECKING:
    from collections.abc import Iterable

    from github import GithubException
    from github.Issue import Issue as GitHubIssue
    from github.NamedUser import NamedUser
    from github.Organization import Organization
    from github.PullRequest import PullRequest as GitHubPull
    from github.Repository import Repository

    from bot.core.errors import Stop

_QUEUE = "merge queue"
_SECRETS = re.compile(
    # Tokens of apps may be `ghs_<app>_<signed word>`; a signed word has three parts.
    r"gh[a-z]_[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]+)*|github_pat_\w+"
    r"|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+|(?<=x-access-token:)[^@\s]+"
)


def pull_of(pull: GitHubPull) -> PullRequest:
    """Translate a pull request, its approvals aside.

    Everything read here is in the short form too that GitHub lists, so nothing is asked for.
    """
    source: Repository | None = pull.head.repo
    target = pull.base.repo
    merged = pull.merged_at is not None
    return PullRequest(
        number=pull.number,
        title=pull.title,
        author=_login(pull.user),
        base=pull.base.ref,
        head=pull.head.ref,
        head_sha=pull.head.sha,
        open=pull.state == "open",
        draft=bool(pull.draft),
        merged_as=pull.merge_commit_sha if merged else None,
        # The repository of a head is null once its fork was deleted.
        from_fork=source is None or source.full_name != target.full_name,
        approvals=(),
        url=pull.html_url,
        default_branch=target.default_branch,
    )


def issue_of(issue: GitHubIssue) -> Issue:
    """Translate an issue."""
    return Issue(number=issue.number, title=issue.title, body=issue.body or "", url=issue.html_url)


def statuses_of(repository: Repository, sha: str) -> Iterable[CommitStatus]:
    """List the statuses of a commit, newest first, page by page as they are looked at.

    PyGithub's own listing asks at an address that GitHub no longer describes.
    """
    url = f"{repository.url}/commits/{sha}/statuses"
    return PaginatedList(CommitStatus, repository.requester, url, None)


def status_of(status: CommitStatus) -> Status:
    """Translate a status; a state that GitHub may add one day is an error to us."""
    states: dict[str, State] = {
        "pending": "pending",
        "success": "success",
        "failure": "failure",
        "error": "error",
    }
    return Status(
        context=status.context,
        state=states.get(status.state, "error"),
        description=status.description or "",
        url=status.target_url or None,
    )


def unmerged(error: GithubException, token: str) -> Exception:
    """Tell the refusals of a merge apart: 405 is a rule or a queue, 409 a moved head."""
    words = redacted(said(error), token)
    if error.status == 405:
        return QueueRequired(words) if _QUEUE in words.lower() else NotMergeable(words)
    return HeadMoved(words) if error.status == 409 else error


def unproposable(error: GithubException, head: str, base: str) -> Exception:
    """Say why a pull request cannot be opened, where GitHub's 422 is about its branches."""
    words = said(error)
    if error.status == 422 and "No commits between" in words:
        remedy = "commit the change on its branch and push it first"
        return ForbiddenChange(
            Problem(what=f"there are no commits between {base} and {head}", remedy=remedy)
        )
    absent = [
        name for name, field in ((head, "head"), (base, "base")) if f"{field}: invalid" in words
    ]
    if error.status == 422 and absent:
        return NotARepository(
            Problem(what=f"there is no branch {' or '.join(absent)}", remedy="push it first")
        )
    return error


def stop_for(error: GithubException, about: str, token: str) -> Stop:
    """Turn a decision of GitHub into a refusal that says what to do."""
    words = redacted(f"{about}: GitHub says {said(error)} ({error.status})", token)
    if error.status == 401:
        remedy = "give a token that is valid for this server"
    elif error.status == 403:
        remedy = "give the token the permissions contents, pull requests and statuses (write)"
    elif error.status in {404, 410, 451}:
        remedy = "check the name, and that the token may see the repository"
    elif error.status == 422:
        return ForbiddenChange(Problem(what=words, remedy="change what GitHub names and run again"))
    else:
        return Unavailable(words)
    kind = Denied if error.status in {401, 403} else NotARepository
    return kind(Problem(what=words, remedy=remedy))


def redacted(text: str, token: str) -> str:
    """Take every token out of a text that will be shown."""
    shown = text.replace(token, "***") if token else text
    return _SECRETS.sub("***", shown)


def _login(user: NamedUser | Organization | None) -> str:
    return user.login if user is not None else GHOST
