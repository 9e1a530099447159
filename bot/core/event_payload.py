"""A payload is what GitHub sends with an event; it is read here, once, and nowhere else.

It comes from outside.  Every field is checked for its type and its form; a payload that is not
what it should be becomes `Ignored` with the field that was wrong, and reading it never raises.
Deliveries may come twice or out of order: whoever carries an event asks the forge again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.core.event import (
    CommentCreated,
    Event,
    Ignored,
    PullRequestChanged,
    Pushed,
    QueueAsked,
    RunCompleted,
)
from bot.core.payload_fields import (
    Wrong,
    branch,
    commit,
    flag,
    identity,
    login,
    number,
    present,
    table,
    text,
    url,
    word,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OPEN_ACTIONS = frozenset(
    {"opened", "synchronize", "reopened", "ready_for_review", "converted_to_draft", "edited"}
)
"""What happens to an open pull request and can change its verdict."""
DECIDING_REVIEWS = frozenset({"approved", "changes_requested", "dismissed"})
ORIGINS = frozenset({"pull_request", "pull_request_review", "merge_group"})
"""Events whose workflow run is a ping for us."""
_HEADS = "refs/heads/"
_QUEUE = re.compile(
    r"refs/heads/gh-readonly-queue/(?P<base>.+)/pr-(?P<number>[0-9]{1,9})-[0-9a-f]{7,64}"
)
_SLUG = re.compile(r"(?!\.+/)[A-Za-z0-9_.-]{1,100}/(?!\.+$)[A-Za-z0-9_.-]{1,100}")
LONGEST_COMMENT = 65_536
"""Characters GitHub takes in a comment."""


def event_of(name: str, payload: object) -> Event:
    """Read what happened.

    Args:
        name: Kind of the event: `X-GitHub-Event` of a webhook, `GITHUB_EVENT_NAME` in Actions.
        payload: The parsed JSON, whatever it is.
    """
    reader = _READERS.get(name)
    if reader is None:
        return Ignored(because="no such event concerns us")
    try:
        return reader(present(payload))
    except Wrong as wrong:
        return Ignored(because=str(wrong))


def repository_of(payload: object) -> str | None:
    """Name the repository an event belongs to, `owner/name`, or None."""
    try:
        slug = text(table(present(payload), "repository"), "full_name", most=201)
    except Wrong:
        return None
    return slug if _SLUG.fullmatch(slug) else None


def queued(ref: str) -> tuple[str, int] | None:
    """Read the base branch and the last pull request off a queue's branch, or None."""
    match = _QUEUE.fullmatch(ref)
    if match is None or int(match["number"]) == 0:
        return None
    return match["base"], int(match["number"])


def _pull_request(payload: Mapping[str, object]) -> Event:
    action = word(payload, "action")
    if action not in OPEN_ACTIONS and action != "closed":
        return Ignored(because="nothing a verdict rests on changed")
    changes = payload.get("changes")
    if action == "edited" and isinstance(changes, dict) and "base" not in changes:
        return Ignored(because="only words were edited")
    return _changed(table(payload, "pull_request"), closed=action == "closed")


def _review(payload: Mapping[str, object]) -> Event:
    if word(payload, "action") not in {"submitted", "dismissed"}:
        return Ignored(because="a review's words changed, not its decision")
    # The state is `approved` in a webhook and `APPROVED` where the payload comes from the API.
    if word(table(payload, "review"), "state").lower() not in DECIDING_REVIEWS:
        return Ignored(because="the review decides nothing")
    return _changed(table(payload, "pull_request"), closed=False)


def _changed(pull: Mapping[str, object], *, closed: bool) -> Event:
    head = table(pull, "head")
    return PullRequestChanged(
        number=number(pull, "number"),
        head_sha=commit(head, "sha"),
        from_fork=_from_fork(head.get("repo"), table(pull, "base").get("repo")),
        closed=closed or pull.get("state") == "closed",
    )


def _from_fork(head: object, base: object) -> bool:
    """Compare two repositories by number; a head whose repository is gone was a fork."""
    if head is None:
        return True
    return identity(present(head), "id") != identity(present(base), "id")


def _comment(payload: Mapping[str, object]) -> Event:
    if word(payload, "action") != "created":
        return Ignored(because="an edited or deleted comment orders nothing")
    issue = table(payload, "issue")
    if not isinstance(issue.get("pull_request"), dict):
        return Ignored(because="the comment is on an issue")
    comment = table(payload, "comment")
    author = table(comment, "user")
    through_app = comment.get("performed_via_github_app")
    return CommentCreated(
        number=number(issue, "number"),
        comment=identity(comment, "id"),
        author=login(author, "login"),
        by_bot=author.get("type") != "User" or through_app is not None,
        body=text(comment, "body", most=LONGEST_COMMENT),
        url=url(comment, "html_url"),
    )


def _push(payload: Mapping[str, object]) -> Event:
    ref = text(payload, "ref", most=1_000)
    if not ref.startswith(_HEADS):
        return Ignored(because="a tag was pushed")
    if flag(payload, "deleted"):
        return Ignored(because="a branch was deleted")
    before = commit(payload, "before")
    return Pushed(
        branch=branch(ref.removeprefix(_HEADS), "ref"),
        before=before if before.strip("0") else None,
        after=commit(payload, "after"),
    )


def _merge_group(payload: Mapping[str, object]) -> Event:
    if word(payload, "action") != "checks_requested":
        return Ignored(because="the queue asks for nothing")
    group = table(payload, "merge_group")
    ref = text(group, "head_ref", most=1_000)
    base = text(group, "base_ref", most=1_000).removeprefix(_HEADS)
    named = queued(ref)
    if named is None or named[0] != base:
        return Ignored(because="merge_group.head_ref is no branch of a queue")
    return QueueAsked(
        number=named[1],
        head_sha=commit(group, "head_sha"),
        base_sha=commit(group, "base_sha"),
        head_ref=f"{_HEADS}{branch(ref.removeprefix(_HEADS), 'head_ref')}",
        base=branch(base, "base_ref"),
    )


def _workflow_run(payload: Mapping[str, object]) -> Event:
    if word(payload, "action") != "completed":
        return Ignored(because="the run has not ended")
    run = table(payload, "workflow_run")
    origin = word(run, "event")
    if origin not in ORIGINS:
        return Ignored(because="the run was for no pull request")
    return RunCompleted(
        run=identity(run, "id"),
        event=origin,
        head_sha=commit(run, "head_sha"),
        head_branch=branch(text(run, "head_branch", most=1_000), "head_branch"),
        from_fork=_from_fork(run.get("head_repository"), payload.get("repository")),
    )


_READERS: dict[str, Callable[[Mapping[str, object]], Event]] = {
    "pull_request": _pull_request,
    "pull_request_review": _review,
    "issue_comment": _comment,
    "push": _push,
    "merge_group": _merge_group,
    "workflow_run": _workflow_run,
}
