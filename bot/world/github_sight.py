"""What Lockstep looks at on GitHub: pull requests, in one question each, and people's roles."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from github import GithubException

from bot.world import github_graphql as graphql
from bot.world.github_connection import API_URL, Connection
from bot.world.github_snapshot import (
    Memory,
    Snapshot,
    pull_of,
    pushers_of,
    same,
    snapshot_of,
    surveyed_of,
    words_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from github.Auth import Auth

    from bot.world.forge import PullRequest, Role, Status, Surveyed
    from bot.world.github_patience import Patience
    from bot.world.github_wire import Pace

T = TypeVar("T")

FRESH_S = 10.0
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(\[bot\])?")
_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_ROLES: dict[str, Role] = {
    "read": "read",
    "triage": "triage",
    "write": "write",
    "maintain": "maintain",
    "admin": "admin",
}


class GitHubSight(Connection):
    """Reads a repository on GitHub.

    `pull_request` looks anew whenever it is called, and what it saw is remembered: comments of
    our own, statuses of the head, and the first probe of each write come from that look.
    """

    def __init__(
        self,
        repository: str,
        auth: str | Auth,
        *,
        api_url: str = API_URL,
        server_url: str | None = None,
        patience: Patience | None = None,
        pace: Pace | None = None,
    ) -> None:
        """Open the repository; nothing is sent yet.  See `Connection`."""
        super().__init__(
            repository,
            auth,
            api_url=api_url,
            server_url=server_url,
            patience=patience,
            pace=pace,
        )
        self._memory = Memory()
        self._just_seen: dict[int, float] = {}
        self._teams = True
        """False once GitHub has said that this token may not see teams."""

    def default_branch(self) -> str:
        """Name the branch that production follows."""
        with self.speaking("reading the repository"):
            return self.repeat(lambda: self._repo.default_branch)

    def pull_request(self, number: int) -> PullRequest:
        """Read one pull request with its approvals."""
        # What `asked_with` has just seen answers once, so that it costs no second question.
        since = time.monotonic() - self._just_seen.pop(number, -FRESH_S)
        if since < FRESH_S and (seen := self._memory.of(number)) is not None:
            return seen.pull
        with self.speaking(f"reading pull request {number}"):
            return self.repeat(lambda: self._look(number)).pull

    def asked_with(self, sha: str) -> tuple[PullRequest, ...]:
        """List the open pull requests whose head is exactly this commit.

        Of those from forks, the hundred that changed last are looked through.
        """
        if not _SHA.fullmatch(sha):
            return ()
        with self.speaking(f"looking for the pull requests of {sha}"):
            looks, numbers = self.repeat(
                lambda: self._with_teams(graphql.ASKED_WITH, partial(_asked, sha=sha), sha=sha)
            )
        for look in looks:
            if look.more is None:
                self._memory.keep(look)
                self._just_seen[look.pull.number] = time.monotonic()
        seen = {look.pull.number: look.pull for look in looks}
        found = (seen.get(n) or self.pull_request(n) for n in sorted(seen.keys() | numbers))
        return tuple(pull for pull in found if pull.open and pull.head_sha == sha)

    def open_pull_requests(self) -> tuple[PullRequest, ...]:
        """List the open pull requests, oldest first; teams of reviewers are left out."""
        with self.speaking("listing pull requests"):
            return tuple(self._pages(graphql.LIST, "pullRequests", pull_of, teams=False))

    def survey(self, context: str) -> tuple[Surveyed, ...]:
        """Look at every open pull request for the default branch and its status, oldest first."""
        found: list[tuple[str, Surveyed]] = []
        after: str | None = None

        def read(data: Any) -> str | None:
            branch = data["repository"]["defaultBranchRef"]["name"]
            page = data["repository"]["pullRequests"]
            seen = [surveyed_of(one) for one in page["nodes"] if one]
            found.extend((branch, one) for one in seen)
            return _next(page)

        with self.speaking("surveying pull requests"):
            while True:
                ask = partial(self.ask, graphql.SURVEY, read, after=after, context=context)
                after = self.repeat(ask)
                if after is None:
                    break
        known = {one.number: one for branch, one in found if one.base == branch}
        return tuple(known[number] for number in sorted(known))

    def role(self, login: str) -> Role:
        """Say what somebody may do here.

        Whoever is unknown is `none`, and so is whoever has a role that the organisation made
        up: what such a role allows beside its name is not for us to guess.
        """
        if not _LOGIN.fullmatch(login):
            return "none"
        with self.speaking(f"asking for the role of {login}"):
            try:
                return self.repeat(lambda: _ROLES.get(self._role_name(login), "none"))
            except GithubException as error:
                if error.status != 404:
                    raise
        return "none"

    def pushers(self, pull: PullRequest) -> tuple[str, ...]:
        """Name who pushed the head, of GitHub's own account of pushes; nobody where unknown.

        Of a fork nothing is told here.
        """
        if pull.from_fork:
            return ()
        query = {"ref": f"refs/heads/{pull.head}", "per_page": 100}
        with self.speaking(f"asking who pushed {pull.head}"):
            try:
                told = self.repeat(lambda: self.rest("GET", "/activity", query=query))
            except GithubException as error:
                if error.status != 404:
                    raise
                return ()
        return pushers_of(told, pull.head_sha)

    def _role_name(self, login: str) -> str:
        return str(self._repo.get_collaborator_role_name(login))

    def _look(self, number: int) -> Snapshot:
        """Look at a pull request anew and remember it."""
        seen = self._with_teams(graphql.LOOK, _looked, number=number)
        while seen.more is not None:
            seen = self.ask(
                graphql.MORE_WORDS, partial(_further, seen), number=number, after=seen.more
            )
        self._just_seen.pop(number, None)
        return self._memory.keep(seen)

    def _seen(self, number: int) -> Snapshot:
        """Return the last look at a pull request; look where there was none."""
        return self._memory.of(number) or self._look(number)

    def _looking(self, number: int) -> Callable[[], Snapshot]:
        """Return a way to look that answers from memory first, and looks anew after that."""
        looks = iter((self._seen,))
        return lambda: next(looks, self._look)(number)

    def _with_teams(self, document: str, read: Callable[[Any], T], **variables: object) -> T:
        """Ask, with the teams of reviewers where the token may see them."""
        try:
            return self.ask(document, read, teams=self._teams, **variables)
        except GithubException as error:
            if not (self._teams and graphql.is_about_teams(error)):
                raise
        self._teams = False
        return self.ask(document, read, teams=False, **variables)

    def _pages(
        self, document: str, name: str, read: Callable[[Any], T], **variables: object
    ) -> list[T]:
        """Ask page by page for a list of the repository's."""
        found: list[T] = []
        after: str | None = None

        def page(data: Any) -> tuple[list[T], str | None]:
            listed = data["repository"][name]
            return [read(one) for one in listed["nodes"] if one], _next(listed)

        while True:
            ask = partial(self.ask, document, page, after=after, **variables)
            more, after = self.repeat(ask)
            found += more
            if after is None:
                return found

    def _remembered_status(self, sha: str, context: str) -> tuple[Status | None] | None:
        """Return what the memory says of a commit's status; None when it does not know."""
        look = self._memory.with_head(sha)
        if look is None:
            return None
        return (next((one for one in look.statuses if same(one.context, context)), None),)


def _looked(data: Any) -> Snapshot:
    pull = data["repository"]["pullRequest"]
    if pull is None:
        raise GithubException(404, {"message": "there is no such pull request"}, {})
    return snapshot_of(pull)


def _further(seen: Snapshot, data: Any) -> Snapshot:
    ours, more = words_of(data["repository"]["pullRequest"]["comments"])
    return replace(seen, ours=seen.ours + ours, more=more)


def _asked(data: Any, *, sha: str) -> tuple[list[Snapshot], set[int]]:
    repository = data["repository"]
    found = (repository["object"] or {}).get("associatedPullRequests") or {"nodes": ()}
    looks = [snapshot_of(one) for one in found["nodes"] if one]
    latest = [one for one in repository["pullRequests"]["nodes"] if one]
    numbers = {int(one["number"]) for one in latest if one["headRefOid"] == sha}
    return [look for look in looks if look.pull.head_sha == sha and look.pull.open], numbers


def _next(page: Any) -> str | None:
    return page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
