"""GitHub as a forge, by PyGithub: one request per question, none of them hidden."""

from __future__ import annotations

import base64
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from github import GithubException
from github.Auth import Token

from bot.core.errors import Unavailable
from bot.world.forge import (
    Comment,
    HeadMoved,
    NotMergeable,
    PullRequest,
    Status,
    fitting,
    says_the_same,
)
from bot.world.github_patience import GaveUp, Patience
from bot.world.github_read import (
    approvals_of,
    author_of,
    comment_of,
    pull_of,
    status_of,
    statuses_of,
    stop_for,
    unmerged,
    unproposable,
    writes,
)
from bot.world.github_wire import Pace, Tally, line, refuse_other_names, server_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from github.Auth import Auth
    from github.PullRequest import PullRequest as GitHubPull
    from github.Repository import Repository

API_URL = "https://api.github.com"


class GitHub:
    """A repository on github.com or on a GitHub Enterprise server."""

    def __init__(
        self,
        repository: str,
        auth: str | Auth,
        *,
        api_url: str = API_URL,
        server_url: str | None = None,
        login: str | None = None,
        patience: Patience | None = None,
        pace: Pace | None = None,
    ) -> None:
        """Open the repository; nothing is sent yet.

        Args:
            repository: `owner/name`.
            auth: A token, or PyGithub's authentication of an app installation.
            api_url: Address of the API; `https://HOST/api/v3` on an Enterprise server.
            server_url: Address of the git server, where it does not follow from the API's.
            login: Whom the token speaks for.  Asked of GitHub when absent; an app cannot ask,
                so give its `slug[bot]` (`github-actions[bot]` for a workflow's own token).
            patience: How often to try again and how long to wait.
            pace: Seconds between requests.

        Raises:
            NotARepository: the name or the address cannot be right.
        """
        refuse_other_names(repository)
        self._repository = repository
        self._auth = Token(auth) if isinstance(auth, str) else auth
        self._secret = auth if isinstance(auth, str) else ""
        self._tally = Tally()
        self._patience = patience or Patience()
        self._server = server_of(api_url, server_url)
        self._given_login = login
        self._github = line(
            auth=self._auth, api_url=api_url.rstrip("/"), pace=pace or Pace(), tally=self._tally
        )

    @property
    def calls(self) -> int:
        """How many requests were sent so far, repeated ones included."""
        return self._tally.calls

    def slug(self) -> str:
        """Name the repository, `owner/name`."""
        return self._repository

    def remote(self) -> str:
        """Address for git; never holds a credential."""
        return f"{self._server}/{self._repository}.git"

    def git_environment(self) -> Mapping[str, str]:
        """Let git send the token as a header, to this server only."""
        with self._speaking("authenticating"):
            token = self._patience.repeat(lambda: self._auth.token)
        pair = f"x-access-token:{token}".encode()
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{self._server}/.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {base64.b64encode(pair).decode()}",
        }

    def default_branch(self) -> str:
        """Name the branch that production follows."""
        with self._speaking("reading the repository"):
            return self._patience.repeat(lambda: self._repo.default_branch)

    def pull_request(self, number: int) -> PullRequest:
        """Read one pull request with its approvals."""
        with self._speaking(f"reading pull request {number}"):
            return self._patience.repeat(lambda: self._whole(self._repo.get_pull(number), {}))

    def open_pull_requests(self) -> tuple[PullRequest, ...]:
        """List the open pull requests, oldest first."""
        with self._speaking("listing pull requests"):
            found = self._patience.repeat(
                lambda: list(self._repo.get_pulls(state="open", sort="created", direction="asc"))
            )
            writers: dict[str, bool] = {}
            seen = (self._patience.repeat(partial(self._whole, pull, writers)) for pull in found)
            return tuple(seen)

    def propose(self, *, title: str, body: str, head: str, base: str) -> PullRequest:
        """Open a pull request from a pushed branch; return the open one if there is one already.

        Raises:
            ForbiddenChange: the head holds no commit that the base lacks.
            NotARepository: one of the branches is not there.
        """
        repo = self._repo

        def probe() -> PullRequest | None:
            owner = self._repository.split("/")[0]
            for pull in repo.get_pulls(state="open", base=base, head=f"{owner}:{head}"):
                if (pull.head.ref, pull.base.ref) == (head, base):
                    return self._whole(pull, {})
            return None

        def attempt() -> PullRequest:
            try:
                pull = repo.create_pull(base=base, head=head, title=title, body=body)
            except GithubException as error:
                raise unproposable(error, head, base) from error
            return pull_of(pull)

        with self._speaking(f"proposing {head} for {base}"):
            return self._patience.write_once(probe, attempt)

    def reports(self, number: int, marker: str) -> tuple[Comment, ...]:
        """List our own comments whose first line starts with `marker`, oldest first."""
        with self._speaking(f"reading the comments of {number}"):
            return tuple(c for c in self._ours(number) if c.body.startswith(marker))

    def comment(self, number: int, body: str) -> Comment:
        """Add a comment, unless we said exactly this already."""

        def probe() -> Comment | None:
            return next((c for c in self._ours(number) if says_the_same(c.body, body)), None)

        with self._speaking(f"commenting on {number}"):
            return self._patience.write_once(
                probe, lambda: comment_of(self._repo.get_issue(number).create_comment(body))
            )

    def edit_comment(self, number: int, comment: Comment, body: str) -> Comment:
        """Replace a comment's text; a comment that was deleted meanwhile is added anew."""

        def edit() -> Comment:
            edited = self._repo.get_issue(number).get_comment(comment.id)
            edited.edit(body)
            return comment_of(edited)

        with self._speaking(f"editing comment {comment.id}"):
            try:
                return self._patience.repeat(edit)
            except GithubException as error:
                if error.status != 404:
                    raise
        return self.comment(number, body)

    def delete_comment(self, number: int, comment: Comment) -> None:
        """Remove one of our own comments (a duplicate); already gone is fine."""
        with self._speaking(f"deleting comment {comment.id}"):
            try:
                self._patience.repeat(
                    lambda: self._repo.get_issue(number).get_comment(comment.id).delete()
                )
            except GithubException as error:
                if error.status != 404:
                    raise

    def status(self, sha: str, context: str) -> Status | None:
        """Read the latest status of a commit under a context; upper and lower case are one."""
        with self._speaking(f"reading the statuses of {sha}"):
            return self._patience.repeat(lambda: self._status(sha, context))

    def set_status(self, sha: str, status: Status) -> None:
        """Set the status of a commit; a description is cut to 140 characters."""
        fitted = fitting(status.description)

        def probe() -> Status | None:
            now = self._status(sha, status.context)
            wanted = (status.state, fitted, status.url)
            return now if now and (now.state, now.description, now.url) == wanted else None

        def attempt() -> Status:
            link = {"target_url": status.url} if status.url else {}
            commit = self._repo.get_commit(sha)
            commit.create_status(
                state=status.state, context=status.context, description=fitted, **link
            )
            return status

        with self._speaking(f"setting the status of {sha}"):
            self._patience.write_once(probe, attempt)

    def merge(self, number: int, *, sha: str, title: str, message: str) -> str:
        """Squash-merge a pull request whose head is exactly `sha`; return the landed commit.

        Raises:
            HeadMoved: the head is another commit now.
            NotMergeable: conflicts, a moved base, or a rule of the repository.
        """

        def attempt() -> str:
            pull = self._repo.get_pull(number)
            try:
                landed = pull.merge(
                    sha=sha, merge_method="squash", commit_title=title, commit_message=message
                )
            except GithubException as error:
                raise unmerged(error, self._secret) from error
            return landed.sha

        with self._speaking(f"merging {number}"):
            return self._patience.write_once(lambda: self._landed(number, sha), attempt)

    @cached_property
    def _login(self) -> str:
        return self._given_login or self._github.get_user().login

    @property
    def _repo(self) -> Repository:
        return self._github.get_repo(self._repository)

    def _whole(self, pull: GitHubPull, writers: dict[str, bool]) -> PullRequest:
        read = pull_of(pull)
        may_write = partial(writes, self._repo, known=writers)
        reviews = pull.get_reviews()
        return replace(
            read, approvals=approvals_of(reviews, author=read.author, may_write=may_write)
        )

    def _ours(self, number: int) -> list[Comment]:
        def ask() -> list[Comment]:
            every = self._repo.get_issue(number).get_comments()
            return [comment_of(c) for c in every if author_of(c).casefold() == ours]

        ours = self._patience.repeat(lambda: self._login).casefold()
        return self._patience.repeat(ask)

    def _status(self, sha: str, context: str) -> Status | None:
        said = statuses_of(self._repo, sha)
        wanted = context.casefold()
        return next((status_of(one) for one in said if one.context.casefold() == wanted), None)

    def _landed(self, number: int, sha: str) -> str | None:
        pull = pull_of(self._repo.get_pull(number))
        if pull.head_sha != sha:
            raise HeadMoved(f"the head of {number} is {pull.head_sha}, not {sha}")
        if pull.merged_as is None and not pull.open:
            raise NotMergeable(f"pull request {number} is closed")
        return pull.merged_as

    @contextmanager
    def _speaking(self, about: str) -> Iterator[None]:
        """Say every failure in our words, without the token."""
        try:
            yield
        except GithubException as error:
            raise stop_for(error, about, self._secret) from error
        except GaveUp as error:
            raise Unavailable(f"{about}: {error}") from error
