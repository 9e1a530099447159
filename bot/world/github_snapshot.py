"""What one look at a pull request shows, in our words, and the memory of such looks."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.world.forge import Comment, PullRequest, Review, Status, Surveyed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.world.forge import State

GHOST = "ghost"
"""The login GitHub shows for an account that is gone."""
OBJECTION = "CHANGES_REQUESTED"
KEPT = 32
"""Looks that are remembered; a sweep of thousands forgets the oldest."""
_ID = re.compile(r"#issuecomment-(\d+)$")
_STATES: Mapping[str, State] = {
    "PENDING": "pending",
    "EXPECTED": "pending",
    "SUCCESS": "success",
    "FAILURE": "failure",
}
Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A pull request at one moment."""

    node: str
    """Its id in GraphQL."""
    pull: PullRequest
    ours: tuple[Comment, ...]
    """Our own comments, oldest first."""
    statuses: tuple[Status, ...]
    """The latest of each context on the head."""
    more: str | None = None
    """Where further comments begin; None when these were all."""


class Memory:
    """The latest looks by number; what we write ourselves is written here too."""

    def __init__(self) -> None:
        """Remember nothing."""
        self._looks: dict[int, Snapshot] = {}

    def keep(self, snapshot: Snapshot) -> Snapshot:
        """Remember a look instead of the last one at the same pull request."""
        self._looks.pop(snapshot.pull.number, None)
        self._looks[snapshot.pull.number] = snapshot
        while len(self._looks) > KEPT:
            self._looks.pop(next(iter(self._looks)), None)
        return snapshot

    def of(self, number: int) -> Snapshot | None:
        """Return the last look, if there was one."""
        return self._looks.get(number)

    def with_head(self, sha: str) -> Snapshot | None:
        """Return the latest look that showed the statuses of a commit."""
        seen = [look for look in list(self._looks.values()) if look.pull.head_sha == sha]
        return seen[-1] if seen else None

    def said(self, number: int, comment: Comment) -> None:
        """Note a comment of ours that is there now, new or edited."""
        look = self.of(number)
        if look is not None:
            known = {one.id: one for one in look.ours} | {comment.id: comment}
            ours = tuple(known[key] for key in sorted(known))
            self._looks[number] = replace(look, ours=ours)

    def unsaid(self, number: int, comment: int) -> None:
        """Note that a comment of ours is gone."""
        look = self.of(number)
        if look is not None:
            ours = tuple(one for one in look.ours if one.id != comment)
            self._looks[number] = replace(look, ours=ours)

    def marked(self, sha: str, status: Status) -> None:
        """Note a status that we set."""
        for number, look in list(self._looks.items()):
            if look.pull.head_sha == sha:
                others = (one for one in look.statuses if not same(one.context, status.context))
                self._looks[number] = replace(look, statuses=(*others, status))


def same(one: str, other: str) -> bool:
    """Compare contexts as GitHub does: upper and lower case are one."""
    return one.casefold() == other.casefold()


def snapshot_of(pull: Json) -> Snapshot:
    """Translate one look."""
    ours, more = words_of(pull["comments"])
    read = pull_of(pull)
    head = next((one["commit"] for one in pull["commits"]["nodes"]), None)
    said = head["status"] if head and head["oid"] == read.head_sha else None
    return Snapshot(
        node=pull["id"],
        pull=read,
        ours=ours,
        statuses=tuple(status_of(one) for one in said["contexts"]) if said else (),
        more=more,
    )


def pull_of(pull: Json) -> PullRequest:
    """Translate a pull request with its approvals."""
    author = login_of(pull["author"])
    decided = _decided(pull["latestOpinionatedReviews"])
    landed = pull["mergeCommit"]["oid"] if pull["mergeCommit"] else pull["headRefOid"]
    return PullRequest(
        number=int(pull["number"]),
        title=pull["title"],
        author=author,
        base=pull["baseRefName"],
        head=pull["headRefName"],
        head_sha=pull["headRefOid"],
        open=pull["state"] == "OPEN",
        draft=bool(pull["isDraft"]),
        # A head that was pushed to the base by hand has no commit of its own.
        merged_as=landed if pull["merged"] else None,
        from_fork=bool(pull["isCrossRepository"]),
        approvals=_approvals(decided, author),
        url=pull["url"],
        made_by=_makers(pull),
        objections=tuple(review_of(one) for one in decided if one["state"] == OBJECTION),
        default_branch=_followed(pull["baseRepository"]),
        twins=_twins(pull),
    )


def _followed(repository: Json) -> str:
    """Name the default branch; a repository that is empty has none."""
    branch = repository["defaultBranchRef"] if repository else None
    return str(branch["name"]) if branch else ""


def _twins(pull: Json) -> tuple[int, ...]:
    """Name the other open requests of this repository with the same head for the same base.

    Of a fork's there is no say: whoever may fork may open one with anybody's head.
    """
    commits = (one["commit"] for one in pull.get("commits", {"nodes": ()})["nodes"])
    pages = (commit.get("associatedPullRequests") or {"nodes": ()} for commit in commits)
    found = (one for page in pages for one in page["nodes"] or () if one)
    wanted = (pull["headRefOid"], pull["baseRefName"], "OPEN", False)
    alike = (
        int(one["number"])
        for one in found
        if (one["headRefOid"], one["baseRefName"], one["state"], one["isCrossRepository"]) == wanted
    )
    return tuple(sorted(number for number in alike if number != int(pull["number"])))


def _makers(pull: Json) -> tuple[str, ...]:
    """Name the accounts that the head commit is by, where its addresses are known to GitHub."""
    commits = (one["commit"] for one in pull.get("commits", {"nodes": ()})["nodes"])
    actors = [commit[role] for commit in commits for role in ("author", "committer")]
    users = [actor["user"] for actor in actors if actor]
    return tuple(dict.fromkeys(str(user["login"]) for user in users if user))


def pushers_of(told: Json, sha: str) -> tuple[str, ...]:
    """Name who made a branch point at a commit; nobody when one of them is not known."""
    moves = told if isinstance(told, list) else []
    actors = [one.get("actor") for one in moves if one.get("after") == sha]
    known = all(actors)
    return tuple(dict.fromkeys(str(actor["login"]) for actor in actors)) if known else ()


def words_of(comments: Json) -> tuple[tuple[Comment, ...], str | None]:
    """Keep our own comments of a page, and where the next page begins."""
    page = comments["pageInfo"]
    after = page["endCursor"] if page["hasNextPage"] else None
    return own_words(comments["nodes"]), after


def own_words(comments: Json) -> tuple[Comment, ...]:
    """Keep our own comments."""
    return tuple(comment_of(one) for one in comments if one and one["viewerDidAuthor"])


def comment_of(comment: Json) -> Comment:
    """Translate a comment.

    Its number is read from its address: `databaseId` is an Int of 32 bits, which the ids of
    comments have outgrown, and Enterprise servers may not know `fullDatabaseId`.
    """
    found = _ID.search(comment["url"])
    if found is None:
        raise ValueError("a comment without a number in its address")
    return Comment(
        id=int(found[1]),
        body=comment["body"],
        url=comment["url"],
        at=datetime.fromisoformat(comment["createdAt"]),
        edited_at=datetime.fromisoformat(edited) if (edited := comment["lastEditedAt"]) else None,
    )


def status_of(status: Json) -> Status:
    """Translate a status; a state that GitHub may add one day is an error to us."""
    return Status(
        context=status["context"],
        state=_STATES.get(status["state"], "error"),
        description=status["description"] or "",
        url=status["targetUrl"] or None,
    )


def surveyed_of(pull: Json) -> Surveyed:
    """Translate a pull request as a sweep sees it."""
    head = next((one["commit"] for one in pull["commits"]["nodes"]), None)
    rolled = head["status"] if head and head["oid"] == pull["headRefOid"] else None
    said = rolled["context"] if rolled else None
    merging = {"CONFLICTING": True, "MERGEABLE": False}
    given = [one["submittedAt"] for one in pull["reviews"]["nodes"] if one]
    return Surveyed(
        number=int(pull["number"]),
        author=login_of(pull["author"]),
        base=pull["baseRefName"],
        head_sha=pull["headRefOid"],
        draft=bool(pull["isDraft"]),
        from_fork=bool(pull["isCrossRepository"]),
        conflicting=merging.get(pull["mergeable"]),
        status=status_of(said) if said else None,
        said_at=datetime.fromisoformat(said["createdAt"]) if said else None,
        reviewed_at=datetime.fromisoformat(given[-1]) if given and given[-1] else None,
    )


def login_of(actor: Json) -> str:
    """Name somebody as the REST API and the webhooks do: a bot's login ends with `[bot]`."""
    if actor is None:
        return GHOST
    login = str(actor["login"])
    is_bot = actor["__typename"] == "Bot" and not login.endswith("[bot]")
    return f"{login}[bot]" if is_bot else login


def _decided(reviews: Json) -> list[Json]:
    """List the latest decision of each reviewer who may write, as GitHub does."""
    return [one for one in (reviews or {"nodes": ()})["nodes"] or () if one]


def _approvals(decided: list[Json], author: str) -> tuple[Review, ...]:
    """Keep the approvals of people, the author's own aside; a bot or an app approves of nothing."""
    people = (one for one in decided if one["author"] and one["author"]["__typename"] == "User")
    return tuple(
        review_of(one)
        for one in people
        if one["state"] == "APPROVED" and not same(login_of(one["author"]), author)
    )


def review_of(review: Json) -> Review:
    """Translate a review."""
    return Review(
        reviewer=login_of(review["author"]),
        sha=review["commit"]["oid"] if review["commit"] else "",
        at=datetime.fromisoformat(review["submittedAt"]) if review["submittedAt"] else None,
        teams=tuple(team["combinedSlug"] for team in _teams(review)),
    )


def _teams(review: Json) -> list[Json]:
    teams = review.get("onBehalfOf")
    return [one for one in teams["nodes"] or () if one] if teams else []
