"""The nodes of the GraphQL API, from the server's state; a callable is a field with arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import payloads, plumbing
from .answers import Declined
from .pulls import all_fresh, fresh

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .answers import Asked
    from .state import Account, Hosted, Marked, Matter, Pull, Reviewed, Said

Node = dict[str, Any]
OPINIONS = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")
WRITERS = ("write", "admin")
LARGEST_PAGE = 100


def repository(asked: Asked) -> Node:
    """Describe a repository."""
    hosted = asked.repository

    def one(_info: Any, number: int) -> Node:
        from .graph import wrong

        try:
            return pull(asked, fresh(asked, str(number)))
        except Declined:
            words = f"Could not resolve to a PullRequest with the number of {number}."
            raise wrong("NOT_FOUND", words) from None

    def pulls(_info: Any, **query: Any) -> Node:
        every = all_fresh(asked)
        states = query.get("states") or ["OPEN", "CLOSED", "MERGED"]
        kept = [found for found in every if _state(found) in states]
        return page(_ordered(kept, query), lambda found: pull(asked, found), query)

    def issues(_info: Any, **query: Any) -> Node:
        states = query.get("states") or ["OPEN", "CLOSED"]
        kept = [
            one for one in hosted.issues.values() if ("OPEN" if one.open else "CLOSED") in states
        ]
        return page(_ordered(kept, query), lambda found: issue(asked, found), query)

    def found(_info: Any, oid: str) -> Node | None:
        return commit(asked, oid) if plumbing.exists(hosted.path, oid) else None

    return {
        "defaultBranchRef": {"name": hosted.default_branch},
        "pullRequest": one,
        "pullRequests": pulls,
        "issues": issues,
        "object": found,
    }


def commit(asked: Asked, sha: str) -> Node:
    """Describe a commit; GitHub does not associate the commits of forks with pull requests."""
    hosted = asked.repository

    def associated(_info: Any, **query: Any) -> Node:
        here = (one for one in hosted.pulls.values() if one.source in (None, hosted))
        known = plumbing.above(hosted.path, sha)
        holding = [one for one in here if one.head_sha in known]
        fresh_ones = [fresh(asked, str(one.number)) for one in holding]
        return page(fresh_ones, lambda found: pull(asked, found), query)

    return {
        "__typename": "Commit",
        "id": payloads.node("Commit", 1),
        "oid": sha,
        "associatedPullRequests": associated,
        "author": lambda _info: _actor(asked, sha, "%ae"),
        "committer": lambda _info: _actor(asked, sha, "%ce"),
        "status": _status(hosted, sha),
    }


def _actor(asked: Asked, sha: str, field: str) -> Node:
    """Find the account whose address a commit names; `login@localhost` is that of `login`."""
    address = plumbing.say(asked.repository.path, "log", "-1", f"--format={field}", sha)
    login = address.removesuffix("@localhost")
    known = login in asked.state.accounts
    return {"user": {"__typename": "User", "login": login} if known else None}


def _status(hosted: Hosted, sha: str) -> Node | None:
    marks = {mark.context.casefold(): mark for mark in hosted.statuses if mark.sha == sha}
    if not marks:
        return None

    def one(_info: Any, name: str) -> Node | None:
        mark = marks.get(name.casefold())
        return _context(mark) if mark else None

    return {"contexts": [_context(mark) for mark in marks.values()], "context": one}


def _context(mark: Marked) -> Node:
    return {
        "context": mark.context,
        "createdAt": mark.at,
        "description": mark.description,
        "state": mark.state.upper(),
        "targetUrl": mark.target_url,
    }


def pull(asked: Asked, found: Pull) -> Node:
    """Describe a pull request."""
    hosted = asked.repository

    def comments(_info: Any, **query: Any) -> Node:
        said = [one for one in hosted.comments.values() if one.number == found.number]
        return page(said, lambda one: comment(asked, one), query)

    def reviews(_info: Any, writersOnly: bool, **query: Any) -> Node:  # noqa: FBT001, N803 -- GitHub's name
        latest = {
            one.author.login: one for one in found.reviews if one.author and one.state in OPINIONS
        }
        kept = [
            one
            for one in latest.values()
            if not writersOnly or (_known(asked, one.author) and hosted.role(one.author) in WRITERS)
        ]
        return page(kept, lambda one: review(asked, one), query)

    def every_review(_info: Any, last: int, states: list[str]) -> Node:
        kept = [one for one in found.reviews if one.state in states]
        return {"nodes": [review(asked, one) for one in kept[-last:]]}

    return {
        "__typename": "PullRequest",
        "id": payloads.node("PullRequest", found.id),
        "number": found.number,
        "title": found.title,
        "author": actor(asked, found.author),
        "state": _state(found),
        "isDraft": found.draft,
        "isCrossRepository": found.source is not hosted,
        "isInMergeQueue": hosted.queue is not None and found.number in hosted.queue,
        "merged": found.merged_as is not None,
        "mergeCommit": commit(asked, found.merged_as) if found.merged_as else None,
        "mergeable": lambda _info: _mergeable(hosted, found),
        "url": f"{payloads.server(asked.api)}/{hosted.full_name}/pull/{found.number}",
        "baseRefName": found.base,
        "baseRepository": {"defaultBranchRef": {"name": hosted.default_branch}},
        "headRefName": found.head,
        "headRefOid": found.head_sha,
        "comments": comments,
        "commits": lambda _info, **_: {"nodes": [{"commit": commit(asked, found.head_sha)}]},
        "latestOpinionatedReviews": reviews,
        "reviews": every_review,
    }


def review(asked: Asked, found: Reviewed) -> Node:
    """Describe a review; some tokens may not see whose behalf it was on."""
    hosted = asked.repository

    def teams(_info: Any, **query: Any) -> Node:
        from .graph import wrong

        if hosted.teams_withheld:
            raise wrong("FORBIDDEN", "Resource not accessible by integration")
        login = found.author.login if found.author else ""
        slugs = [slug for slug, members in hosted.teams.items() if login in members]
        return page(slugs, lambda slug: {"combinedSlug": slug}, query)

    return {
        "author": actor(asked, found.author),
        "commit": commit(asked, found.sha),
        "state": found.state,
        "submittedAt": found.at,
        "onBehalfOf": teams,
    }


def comment(asked: Asked, said: Said) -> Node:
    """Describe a comment."""
    place = f"{payloads.server(asked.api)}/{asked.repository.full_name}/pull/{said.number}"
    return {
        "id": payloads.node("IssueComment", said.id),
        "url": f"{place}#issuecomment-{said.id}",
        "body": said.body,
        "createdAt": said.created,
        "lastEditedAt": said.updated if said.updated != said.created else None,
        "viewerDidAuthor": said.author == asked.account,
    }


def issue(asked: Asked, matter: Matter) -> Node:
    """Describe an issue."""
    place = f"{payloads.server(asked.api)}/{asked.repository.full_name}/issues/{matter.number}"
    return {
        "id": payloads.node("Issue", matter.id),
        "number": matter.number,
        "title": matter.title,
        "body": matter.body,
        "url": place,
        "viewerDidAuthor": matter.author == asked.account,
    }


def actor(asked: Asked, account: Account | None) -> Node | None:
    """Describe somebody; here a bot's login is its app's slug alone."""
    if account is None or not _known(asked, account):
        return None
    kind = "Bot" if account.login.endswith("[bot]") else "User"
    return {"__typename": kind, "login": account.login.removesuffix("[bot]")}


def page(items: Sequence[Any], shown: Callable[[Any], Node], query: dict[str, Any]) -> Node:
    """Cut one page out of a list."""
    from .graph import wrong

    first, last = query.get("first"), query.get("last")
    if (first is None) == (last is None) or not 1 <= (first or last or 0) <= LARGEST_PAGE:
        raise wrong("EXCESSIVE_PAGINATION", "`first` or `last` must be between 1 and 100")
    start = int(query["after"]) if query.get("after") else 0
    end = min(start + first, len(items)) if first else len(items)
    start = start if first else max(0, len(items) - (last or 0))
    info = {"hasNextPage": end < len(items), "endCursor": str(end) if items else None}
    return {"nodes": [shown(one) for one in items[start:end]], "pageInfo": info}


def _ordered(items: list[Any], query: dict[str, Any]) -> list[Any]:
    order = query.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
    name = {"CREATED_AT": "number", "UPDATED_AT": "updated"}[order["field"]]
    return sorted(items, key=lambda one: getattr(one, name), reverse=order["direction"] == "DESC")


def _state(found: Pull) -> str:
    return "MERGED" if found.merged_as else "OPEN" if found.open else "CLOSED"


def _mergeable(hosted: Hosted, found: Pull) -> str:
    """Say whether it conflicts; the first question only starts the work where it is slow."""
    if found.number in hosted.undecided:
        hosted.undecided.discard(found.number)
        return "UNKNOWN"
    tip = plumbing.branch(hosted.path, found.base) or ""
    both = (tip, found.head_sha)
    if both not in hosted.merged_trees:
        hosted.merged_trees[both] = plumbing.merged_tree(hosted.path, *both)
    return "CONFLICTING" if hosted.merged_trees[both] is None else "MERGEABLE"


def _known(asked: Asked, account: Account | None) -> bool:
    return account is not None and account.login in asked.state.accounts
