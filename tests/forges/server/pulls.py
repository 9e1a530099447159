"""The operations about pull requests: list, open, read, close, review and merge."""

from __future__ import annotations

from . import payloads, plumbing
from .answers import Answer, Asked, Declined, page_of
from .state import Hosted, Pull, Reviewed

REVIEWS = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def fresh(asked: Asked, number: str) -> Pull:
    """Find a pull request and let it follow its branch."""
    pull = asked.repository.pulls.get(int(number))
    if pull is None:
        raise Declined(404, "Not Found")
    if pull.open and pull.source is not None:
        tip = plumbing.branch(pull.source.path, pull.head)
        if tip is None:
            pull.open, pull.closed = False, asked.state.now()
        elif tip != pull.head_sha:
            pull.head_sha, pull.updated = tip, asked.state.now()
            plumbing.bring(asked.repository.path, pull.source.path, tip, pull.number)
        onto = f"refs/heads/{pull.base}"
        if tip and plumbing.ahead(asked.repository.path, onto, tip) == 0:
            # Pushed to the base by hand: GitHub calls it merged, as the head itself.
            pull.open, pull.closed, pull.merged_as = False, asked.state.now(), tip
    return pull


def all_fresh(asked: Asked) -> list[Pull]:
    """Bring all pull requests up to date; those whose branches stood still cost nothing."""
    hosted = asked.repository
    tips = plumbing.tips(hosted.path)
    for pull in hosted.pulls.values():
        now = (tips.get(pull.head), tips.get(pull.base))
        if pull.source is not hosted or (pull.open and pull.seen_at != now):
            fresh(asked, str(pull.number))
            pull.seen_at = now
    return list(hosted.pulls.values())


def listed(asked: Asked) -> Answer:
    """List pull requests; newest first unless asked otherwise."""
    query = asked.query
    pulls = all_fresh(asked)
    state = query.get("state", "open")
    kept = [p for p in pulls if state == "all" or p.open == (state == "open")]
    if "base" in query:
        kept = [p for p in kept if p.base == query["base"]]
    if "head" in query:
        kept = [p for p in kept if p.source and f"{p.source.owner.login}:{p.head}" == query["head"]]
    ordered = sorted(kept, key=lambda p: p.number, reverse=query.get("direction", "desc") == "desc")
    return page_of(asked, [payloads.pull_in_list(asked.repository, p, asked.api) for p in ordered])


def opened(asked: Asked) -> Answer:
    """Open a pull request."""
    hosted, base, full = asked.repository, asked.body["base"], asked.body["head"]
    owner, _, head = full.rpartition(":")
    source = _source(asked, owner)
    tip = plumbing.branch(source.path, head) if source else None
    onto = plumbing.branch(hosted.path, base)
    for field, found in (("head", tip), ("base", onto)):
        if found is None:
            wrong = {"resource": "PullRequest", "field": field, "code": "invalid"}
            raise Declined(422, "Validation Failed", wrong)
    assert source is not None
    assert tip is not None
    number = hosted.next_number()
    plumbing.bring(hosted.path, source.path, tip, number)
    _refuse_pointless(hosted, source, head, base, tip)
    at = asked.state.now()
    pull = Pull(
        id=asked.state.next_id(),
        number=number,
        title=asked.body["title"],
        body=asked.body.get("body"),
        author=asked.writer,
        base=base,
        head=head,
        source=source,
        head_sha=tip,
        created=at,
        updated=at,
        draft=bool(asked.body.get("draft", False)),
    )
    hosted.pulls[number] = pull
    return Answer(status=201, body=payloads.pull_whole(hosted, pull, asked.api))


def _source(asked: Asked, owner: str) -> Hosted | None:
    family = [asked.repository]
    family += [h for h in asked.state.repositories.values() if h.parent is asked.repository]
    wanted = owner or asked.repository.owner.login
    return next((hosted for hosted in family if hosted.owner.login == wanted), None)


def _refuse_pointless(hosted: Hosted, source: Hosted, head: str, base: str, tip: str) -> None:
    why = None
    if any(
        p.open and (p.source, p.head, p.base) == (source, head, base) for p in hosted.pulls.values()
    ):
        why = f"A pull request already exists for {source.owner.login}:{head}."
    elif plumbing.ahead(hosted.path, f"refs/heads/{base}", tip) == 0:
        why = f"No commits between {base} and {head}"
    if why:
        wrong = {"resource": "PullRequest", "code": "custom", "message": why}
        raise Declined(422, "Validation Failed", wrong)


def one(asked: Asked, number: str) -> Answer:
    """Read one pull request."""
    pull = fresh(asked, number)
    return Answer(status=200, body=payloads.pull_whole(asked.repository, pull, asked.api))


def edited(asked: Asked, number: str) -> Answer:
    """Close or reopen a pull request."""
    pull = fresh(asked, number)
    if asked.body.get("state") == "closed" and pull.open:
        pull.open, pull.closed = False, asked.state.now()
    return Answer(status=200, body=payloads.pull_whole(asked.repository, pull, asked.api))


def reviews(asked: Asked, number: str) -> Answer:
    """List reviews, oldest first."""
    pull = fresh(asked, number)
    shown = [payloads.review(asked.repository, pull, r, asked.api) for r in pull.reviews]
    return page_of(asked, shown)


def reviewed(asked: Asked, number: str) -> Answer:
    """Add a review; nobody approves their own pull request.  GitHub answers 200, not 201."""
    pull = fresh(asked, number)
    event = asked.body.get("event", "COMMENT")
    if event != "COMMENT" and pull.author == asked.writer:
        message = "Unprocessable Entity"
        body = declined_words(message, "Can not approve your own pull request")
        return Answer(status=422, body=body)
    review = Reviewed(
        id=asked.state.next_id(),
        author=asked.writer,
        state=REVIEWS[event],
        sha=pull.head_sha,
        at=asked.state.now(),
    )
    pull.reviews.append(review)
    return Answer(status=200, body=payloads.review(asked.repository, pull, review, asked.api))


def declined_words(message: str, *errors: str) -> dict[str, object]:
    """Word the simple form of a validation error, whose errors are plain strings."""
    return {
        "message": message,
        "documentation_url": "https://docs.github.com",
        "errors": list(errors),
    }


def merged(asked: Asked, number: str) -> Answer:
    """Merge: 409 for another head, 405 for whatever else stands in the way."""
    pull = fresh(asked, number)
    hosted = asked.repository
    if asked.body.get("sha", pull.head_sha) != pull.head_sha:
        raise Declined(409, "Head branch was modified. Review and try the merge again.")
    at = plumbing.branch(hosted.path, pull.base)
    tree = plumbing.merged_tree(hosted.path, at or "", pull.head_sha)
    why = (
        _queued(hosted)
        or obstacle(hosted, pull)
        or (None if tree else "Pull Request is not mergeable")
    )
    if why:
        raise Declined(405, why)
    assert at is not None
    assert tree is not None
    message = (
        f"{asked.body.get('commit_title', pull.title)}\n\n{asked.body.get('commit_message', '')}"
    )
    author = (pull.author.login, f"{pull.author.id}+{pull.author.login}@users.noreply.localhost")
    landed = plumbing.squash(hosted.path, tree, at, message.strip() + "\n", author)
    if not plumbing.advance(hosted.path, pull.base, landed, at):
        raise Declined(405, "Base branch was modified. Review and try the merge again.")
    pull.open, pull.closed = False, asked.state.now()
    pull.merged_as, pull.merged_by = landed, asked.writer
    body = {"sha": landed, "merged": True, "message": "Pull Request successfully merged"}
    return Answer(status=200, body=body)


def _queued(hosted: Hosted) -> str | None:
    rule = "Repository rule violations found\n\nChanges must be made through the merge queue\n\n"
    return None if hosted.queue is None else rule


def obstacle(hosted: Hosted, pull: Pull) -> str | None:
    """Say what stands in the way of a merge."""
    if not pull.open:
        return "Pull Request is not mergeable"
    if pull.draft:
        return "Pull Request is still a draft"
    for context in hosted.required:
        marks = [m for m in hosted.statuses if (m.sha, m.context) == (pull.head_sha, context)]
        if not marks or marks[-1].state != "success":
            return f'Required status check "{context}" is expected.'
    return None
