"""The operations about words: comments, statuses, accounts and the repository itself."""

from __future__ import annotations

from dataclasses import replace

from . import payloads, plumbing
from .answers import Answer, Asked, Declined, page_of
from .pulls import fresh
from .state import Marked, Said

STATES = ("error", "failure", "pending", "success")
BODY_LIMIT = 65_536
RANKS = ("read", "triage", "write", "maintain", "admin")


def who(asked: Asked) -> Answer:
    """Answer `GET /user`; an app's installation is nobody."""
    if asked.writer.app:
        raise Declined(403, "Resource not accessible by integration")
    return Answer(status=200, body=payloads.own_account(asked.writer, asked.api, asked.state.now()))


def limits(_asked: Asked) -> Answer:
    """Answer `GET /rate_limit`."""
    rate = {"limit": 5000, "used": 1, "remaining": 4999, "reset": 1_800_000_000}
    return Answer(status=200, body={"resources": {"core": rate, "search": rate}, "rate": rate})


def repository(asked: Asked) -> Answer:
    """Answer `GET /repos/{owner}/{repo}`."""
    at = asked.state.now()
    body = payloads.repository(asked.repository, asked.api, at, whole=True)
    if asked.token not in asked.state.tokens:
        held = RANKS.index(asked.repository.role(asked.account))
        names = ("pull", "triage", "push", "maintain", "admin")
        body["permissions"] = {name: held >= rank for rank, name in enumerate(names)}
    return Answer(status=200, body=body)


def permission(asked: Asked, login: str) -> Answer:
    """Answer what somebody may do here."""
    account = asked.state.accounts.get(login)
    if account is None:
        raise Declined(404, f"{login} is not a user")
    role, name = asked.repository.role(account), asked.repository.role_name(account)
    shown = payloads.user(account, asked.api) | {"role_name": name}
    return Answer(status=200, body={"permission": role, "role_name": name, "user": shown})


def reference(asked: Asked, ref: str) -> Answer:
    """Answer one git reference; its own address is plural although the question's is not."""
    tip = plumbing.ask(asked.repository.path, "rev-parse", "--verify", "--quiet", f"refs/{ref}")
    if tip.returncode != 0:
        raise Declined(404, "Not Found")
    url = f"{asked.api}/repos/{asked.repository.full_name}/git"
    sha = tip.stdout.strip()
    body = {
        "ref": f"refs/{ref}",
        "node_id": payloads.node("Ref", 1),
        "url": f"{url}/refs/{ref}",
        "object": {"type": "commit", "sha": sha, "url": f"{url}/commits/{sha}"},
    }
    return Answer(status=200, body=body)


def comments(asked: Asked, number: str) -> Answer:
    """List the comments of a pull request, oldest first."""
    fresh(asked, number)
    found = [said for said in asked.repository.comments.values() if said.number == int(number)]
    shown = [payloads.comment(asked.repository, said, asked.api) for said in found]
    return page_of(asked, shown)


def add_comment(asked: Asked, number: str) -> Answer:
    """Add a comment."""
    said = said_by(asked, number)
    return Answer(status=201, body=payloads.comment(asked.repository, said, asked.api))


def said_by(asked: Asked, number: str) -> Said:
    """Keep a new comment."""
    fresh(asked, number)
    at = asked.state.now()
    said = Said(
        id=asked.state.next_id(),
        number=int(number),
        author=asked.writer,
        body=_text(asked),
        created=at,
        updated=at,
    )
    asked.repository.comments[said.id] = said
    return said


def edit_comment(asked: Asked, identity: str) -> Answer:
    """Replace the text of a comment."""
    said = _own(asked, identity)
    edited = replace(said, body=_text(asked), updated=asked.state.now())
    asked.repository.comments[said.id] = edited
    return Answer(status=200, body=payloads.comment(asked.repository, edited, asked.api))


def delete_comment(asked: Asked, identity: str) -> Answer:
    """Remove a comment."""
    del asked.repository.comments[_own(asked, identity).id]
    return Answer(status=204)


def statuses(asked: Asked, sha: str) -> Answer:
    """List the statuses of a commit, newest first."""
    found = [m for m in reversed(asked.repository.statuses) if m.sha == sha]
    return page_of(asked, [payloads.status(asked.repository, m, asked.api) for m in found])


def add_status(asked: Asked, sha: str) -> Answer:
    """Say something about a commit; the latest word counts."""
    description = asked.body.get("description")
    if not plumbing.exists(asked.repository.path, sha):
        raise Declined(422, f"No commit found for SHA: {sha}")
    if asked.body.get("state") not in STATES or len(description or "") > 140:
        wrong = {"resource": "Status", "code": "custom", "field": "description"}
        raise Declined(422, "Validation Failed", wrong)
    marked = Marked(
        id=asked.state.next_id(),
        sha=sha,
        context=asked.body.get("context", "default"),
        state=asked.body["state"],
        description=description,
        target_url=asked.body.get("target_url"),
        creator=asked.writer,
        at=asked.state.now(),
    )
    asked.repository.statuses.append(marked)
    return Answer(status=201, body=payloads.status(asked.repository, marked, asked.api))


def _text(asked: Asked) -> str:
    body = asked.body.get("body")
    if not body or len(body) > BODY_LIMIT:
        wrong = {"resource": "IssueComment", "code": "unprocessable", "field": "data"}
        why = f"Body is too long (maximum is {BODY_LIMIT} characters)"
        raise Declined(422, "Validation Failed", wrong | {"message": why})
    return str(body)


def _own(asked: Asked, identity: str) -> Said:
    said = asked.repository.comments.get(int(identity))
    if said is None:
        raise Declined(404, "Not Found")
    if said.author != asked.writer and asked.repository.role(asked.writer) == "read":
        raise Declined(403, "Must have admin rights to Repository.")
    return said
