"""The operations about issues, and about reactions to comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import payloads
from .answers import Answer, Asked, Declined
from .state import Matter, Said

if TYPE_CHECKING:
    from collections.abc import Callable

CONTENTS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


def opened(asked: Asked) -> Answer:
    """Open an issue."""
    if not asked.repository.has_issues:
        raise Declined(410, "Issues has been disabled in this repository.")
    at = asked.state.now()
    matter = Matter(
        id=asked.state.next_id(),
        number=asked.repository.next_number(),
        author=asked.writer,
        title=asked.body["title"],
        body=asked.body.get("body") or "",
        created=at,
        updated=at,
    )
    asked.repository.issues[matter.number] = matter
    return Answer(status=201, body=_shown(asked, matter))


def changed(asked: Asked, number: str) -> Answer:
    """Close or reopen an issue."""
    matter = asked.repository.issues.get(int(number))
    if matter is None:
        raise Declined(404, "Not Found")
    matter.open, matter.updated = asked.body.get("state") != "closed", asked.state.now()
    return Answer(status=200, body=_shown(asked, matter))


def reacted(asked: Asked, identity: str) -> Answer:
    """React to a comment: 201 the first time, 200 when one did so already."""
    said: Said | None = asked.repository.comments.get(int(identity))
    if said is None:
        raise Declined(404, "Not Found")
    content = asked.body.get("content")
    if content not in CONTENTS:
        wrong = {"resource": "Reaction", "code": "invalid", "field": "content"}
        raise Declined(422, "Validation Failed", wrong)
    reaction = (asked.writer.login, str(content))
    known = reaction in said.reactions
    if not known:
        said.reactions.append(reaction)
    body = {
        "id": said.reactions.index(reaction) + 1,
        "node_id": payloads.node("Reaction", 1),
        "user": payloads.user(asked.writer, asked.api),
        "content": content,
        "created_at": asked.state.now(),
    }
    return Answer(status=200 if known else 201, body=body)


def _shown(asked: Asked, matter: Matter) -> dict[str, Any]:
    page = f"{payloads.server(asked.api)}/{asked.repository.full_name}"
    url = f"{asked.api}/repos/{asked.repository.full_name}/issues/{matter.number}"
    return {
        "id": matter.id,
        "node_id": payloads.node("Issue", matter.id),
        "url": url,
        "repository_url": f"{asked.api}/repos/{asked.repository.full_name}",
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{page}/issues/{matter.number}",
        "number": matter.number,
        "state": "open" if matter.open else "closed",
        "title": matter.title,
        "body": matter.body,
        "user": payloads.user(matter.author, asked.api),
        "labels": [],
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "locked": False,
        "comments": 0,
        "created_at": matter.created,
        "updated_at": matter.updated,
        "closed_at": None if matter.open else matter.updated,
        "author_association": "COLLABORATOR",
    }


_REPO = r"/repos/(?P<owner>[^/]+)/(?P<repo>[^/]+)"
ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    ("POST", _REPO + r"/issues", opened),
    ("PATCH", _REPO + r"/issues/(\d+)", changed),
    ("POST", _REPO + r"/issues/comments/(\d+)/reactions", reacted),
)
