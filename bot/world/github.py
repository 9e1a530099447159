"""GitHub as a forge, by PyGithub: one request per question, none of them hidden."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from github import GithubException

from bot.world import github_graphql as graphql
from bot.world.forge import HeadMoved, NotMergeable, PullRequest
from bot.world.github_artifacts import Listed, fetched, listed
from bot.world.github_connection import API_URL
from bot.world.github_patience import said
from bot.world.github_read import pull_of, redacted, unmerged, unproposable
from bot.world.github_talk import GitHubTalk

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["API_URL", "GitHub"]


class GitHub(GitHubTalk):
    """A repository on github.com or on a GitHub Enterprise server."""

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
                    return self._look(pull.number).pull
            return None

        def attempt() -> PullRequest:
            try:
                pull = repo.create_pull(base=base, head=head, title=title, body=body)
            except GithubException as error:
                raise unproposable(error, head, base) from error
            return pull_of(pull)

        with self.speaking(f"proposing {head} for {base}"):
            return self.write_once(probe, attempt)

    def merge(
        self,
        number: int,
        *,
        sha: str,
        title: str,
        message: str,
        base: str = "",
        again: Callable[[], None] | None = None,
    ) -> str:
        """Squash-merge a pull request whose head is exactly `sha`; return the landed commit.

        The head is compared by GitHub itself, so the first probe may come from memory.  The base
        is not: one that is changed after that look is merged into, and what landed is told apart.

        Raises:
            HeadMoved: the head is another commit now.
            QueueRequired: the base takes changes from its merge queue only.
            NotMergeable: conflicts, a moved base, or a rule of the repository.
        """
        first = iter((self._memory.of(number),))

        def probe() -> str | None:
            remembered = next(first, None)
            if remembered is not None and _may_land(remembered.pull, sha, base):
                return remembered.pull.merged_as
            return _landed(self._look(number).pull, sha, base)

        def attempt() -> str:
            pull = self._repo.get_pull(number)
            try:
                landed = pull.merge(
                    sha=sha, merge_method="squash", commit_title=title, commit_message=message
                )
            except GithubException as error:
                raise unmerged(error, self._secret) from error
            return landed.sha

        with self.speaking(f"merging {number}"):
            return self.write_once(probe, attempt, again)

    def enqueue(self, number: int, *, sha: str) -> None:
        """Hand a pull request whose head is exactly `sha` to the merge queue; twice is once.

        Raises:
            HeadMoved: the head is another commit now.
            NotMergeable: there is no queue, or it does not take the request.
        """
        nodes: list[str] = []

        def probe() -> bool | None:
            pull = self.ask(graphql.QUEUED, _queued, number=number)
            nodes.append(pull["id"])
            if pull["headRefOid"] != sha:
                raise HeadMoved(f"the head of {number} is {pull['headRefOid']}, not {sha}")
            return True if pull["isInMergeQueue"] or pull["merged"] else None

        def attempt() -> bool:
            return self.ask(graphql.ENQUEUE, _entered, pull=nodes[-1], sha=sha)

        with self.speaking(f"queueing {number}"):
            try:
                self.write_once(probe, attempt)
            except GithubException as error:
                # A server without queues does not know the words.
                if error.status != 422:
                    raise
                raise NotMergeable(redacted(said(error), self._secret)) from error

    def artifacts(self, run: int, name: str) -> tuple[Listed, ...]:
        """List the artifacts of a workflow run that have a name, oldest first."""
        query = {"name": name, "per_page": 100}
        ask = partial(self.rest, "GET", f"/actions/runs/{int(run)}/artifacts", query=query)
        with self.speaking(f"listing the artifacts of run {run}"):
            return self.repeat(lambda: listed(ask(), run, name))

    def artifact_zip(self, artifact: int, *, most: int) -> bytes:
        """Fetch an artifact as the zip file it is.

        Raises:
            UnsafeFile: it is larger than `most` bytes.
        """
        url = f"{self._api}/repos/{self._repository}/actions/artifacts/{int(artifact)}/zip"
        with self.speaking(f"fetching artifact {artifact}"):
            return self.repeat(
                lambda: fetched(url, self._headers(), most=most, sent=self._tally.count)
            )


def _may_land(pull: PullRequest, sha: str, base: str) -> bool:
    """Tell whether a remembered look gives no reason to look again before a merge."""
    alike = pull.head_sha == sha and base in ("", pull.base)
    return alike and (pull.open or pull.merged_as is not None)


def _landed(pull: PullRequest, sha: str, base: str) -> str | None:
    if pull.head_sha != sha:
        raise HeadMoved(f"the head of {pull.number} is {pull.head_sha}, not {sha}")
    if pull.merged_as is None and not pull.open:
        raise NotMergeable(f"pull request {pull.number} is closed")
    if pull.merged_as is None and base not in ("", pull.base):
        raise NotMergeable(f"pull request {pull.number} is for {pull.base} now, not for {base}")
    return pull.merged_as


def _queued(data: Any) -> Any:
    pull = data["repository"]["pullRequest"]
    if pull is None:
        raise GithubException(404, {"message": "there is no such pull request"}, {})
    return pull


def _entered(data: Any) -> bool:
    return bool(data["enqueuePullRequest"]["mergeQueueEntry"]["id"])
