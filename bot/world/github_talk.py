"""What Lockstep says on GitHub: comments, reactions, statuses and issues, each said once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from github import GithubException

from bot.core.errors import Unavailable
from bot.world import github_graphql as graphql
from bot.world.forge import Comment, Issue, Status, fitting, says_the_same
from bot.world.github_read import issue_of, status_of, statuses_of
from bot.world.github_sight import GitHubSight
from bot.world.github_snapshot import comment_of, own_words, same

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.world.forge import Reaction

ISSUES_PAGES = 10
"""Pages of open issues, newest first, that are searched for one of ours."""


class GitHubTalk(GitHubSight):
    """Speaks on a repository on GitHub; every write is probed first, from memory if it can be."""

    def reports(self, number: int, marker: str) -> tuple[Comment, ...]:
        """List our own comments whose first line starts with `marker`, oldest first."""
        with self.speaking(f"reading the comments of {number}"):
            seen = self.repeat(lambda: self._seen(number))
        return tuple(one for one in seen.ours if one.body.startswith(marker))

    def comment(self, number: int, body: str) -> Comment:
        """Add a comment, unless we said exactly this already.

        The answer shows what else we said: where another run said the same in the same moment,
        the younger of the two goes away again.
        """
        look = self._looking(number)

        def probe() -> Comment | None:
            return next((one for one in look().ours if says_the_same(one.body, body)), None)

        def attempt() -> Comment:
            node = self._seen(number).node
            said, ours = self.ask(graphql.ADD_COMMENT, _added, subject=node, body=body)
            for one in (*ours, said):
                self._memory.said(number, one)
            twins = (one for one in ours if says_the_same(one.body, body) and one.id < said.id)
            return next(twins, said)

        with self.speaking(f"commenting on {number}"):
            kept = self.write_once(probe, attempt)
        for one in self._memory_of(number):
            if one.id > kept.id and says_the_same(one.body, body):
                self.delete_comment(number, one)
        return kept

    def edit_comment(self, number: int, comment: Comment, body: str) -> Comment:
        """Replace a comment's text; a comment that was deleted meanwhile is added anew."""

        def edit() -> Comment:
            edited = self._repo.get_issue(number).get_comment(comment.id)
            edited.edit(body)
            return Comment(
                id=edited.id,
                body=edited.body or "",
                url=edited.html_url,
                at=edited.created_at,
                edited_at=edited.updated_at,
            )

        with self.speaking(f"editing comment {comment.id}"):
            for _ in range(2):
                try:
                    kept = self.repeat(edit)
                except GithubException as error:
                    if error.status != 404:
                        raise
                else:
                    self._memory.said(number, kept)
                    return kept
                # That it is not found may be a mistake, and a second comment would say it twice.
                seen = self.repeat(lambda: self._look(number))
                if all(one.id != comment.id for one in seen.ours):
                    return self.comment(number, body)
        raise Unavailable(f"comment {comment.id} is listed and cannot be found; try again")

    def delete_comment(self, number: int, comment: Comment) -> None:
        """Remove one of our own comments (a duplicate); already gone is fine."""
        with self.speaking(f"deleting comment {comment.id}"):
            try:
                self.repeat(lambda: self._repo.get_issue(number).get_comment(comment.id).delete())
            except GithubException as error:
                if error.status != 404:
                    raise
        self._memory.unsaid(number, comment.id)

    def react(self, number: int, comment: int, reaction: Reaction) -> None:
        """React to somebody's comment; once is enough, and a deleted comment is fine."""
        with self.speaking(f"reacting to comment {comment}"):
            try:
                # GitHub keeps one reaction of a kind for each account, so it may be sent again.
                self.repeat(
                    lambda: (
                        self._repo.get_issue(number).get_comment(comment).create_reaction(reaction)
                    )
                )
            except GithubException as error:
                if error.status != 404:
                    raise

    def status(self, sha: str, context: str) -> Status | None:
        """Read the latest status of a commit under a context; upper and lower case are one."""
        remembered = self._remembered_status(sha, context)
        if remembered is not None:
            return remembered[0]
        with self.speaking(f"reading the statuses of {sha}"):
            return self.repeat(lambda: self._status(sha, context))

    def set_status(self, sha: str, status: Status, again: Callable[[], None] | None = None) -> None:
        """Set the status of a commit; a description is cut to 140 characters."""
        fitted = fitting(status.description)
        first = iter((self._remembered_status(sha, status.context),))

        def probe() -> Status | None:
            remembered = next(first, None)
            now = remembered[0] if remembered else self._status(sha, status.context)
            wanted = (status.state, fitted, status.url)
            return now if now and (now.state, now.description, now.url) == wanted else None

        def attempt() -> Status:
            link = {"target_url": status.url} if status.url else {}
            self._repo.get_commit(sha).create_status(
                state=status.state, context=status.context, description=fitted, **link
            )
            return Status(
                context=status.context, state=status.state, description=fitted, url=status.url
            )

        with self.speaking(f"setting the status of {sha}"):
            self._memory.marked(sha, self.write_once(probe, attempt, again))

    def issue(self, *, marker: str, title: str, body: str) -> Issue:
        """Open an issue, unless one of ours is open whose first line is `marker`; return it."""
        opened: list[Issue] = []

        def attempt() -> Issue:
            opened.append(issue_of(self._repo.create_issue(title=title, body=body)))
            return opened[-1]

        with self.speaking("opening an issue"):
            kept = self.write_once(lambda: self._issue(marker), attempt)
            first = self.repeat(lambda: self._issue(marker)) if opened else None
            if first is None or first.number >= kept.number:
                return kept
            # Another run of the bot opened one in the same instant.
            twin = self._repo.get_issue(kept.number)
            self.repeat(lambda: twin.edit(state="closed", state_reason="not_planned"))
            return first

    def _issue(self, marker: str) -> Issue | None:
        """Find the oldest of our open issues about something, among the latest thousand."""
        found: list[Issue] = []
        after: str | None = None

        def read(data: Any) -> str | None:
            page = data["repository"]["issues"]
            ours = (one for one in page["nodes"] if one and one["viewerDidAuthor"])
            found.extend(
                Issue(number=one["number"], title=one["title"], body=one["body"], url=one["url"])
                for one in ours
                if one["body"].partition("\n")[0].strip() == marker.strip()
            )
            return page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None

        for _ in range(ISSUES_PAGES):
            after = self.ask(graphql.ISSUES, read, after=after)
            if after is None:
                break
        return found[-1] if found else None

    def _status(self, sha: str, context: str) -> Status | None:
        said = statuses_of(self._repo, sha)
        return next((status_of(one) for one in said if same(one.context, context)), None)

    def _memory_of(self, number: int) -> tuple[Comment, ...]:
        look = self._memory.of(number)
        return look.ours if look else ()


def _added(data: Any) -> tuple[Comment, tuple[Comment, ...]]:
    answer = data["addComment"]
    subject = answer["subject"] or {}
    others = own_words((subject.get("comments") or {"nodes": ()})["nodes"])
    return comment_of(answer["commentEdge"]["node"]), others
