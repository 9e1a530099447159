"""Reading turns a pull request or a working tree into one proposal, without judging it."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from bot.core.actions import MARKER
from bot.core.approvals import Approval, Shown
from bot.core.canonical import HEADER
from bot.core.errors import Moved, Refusal, UnsafeFile
from bot.core.finding import REVERTS
from bot.core.lockblocks import find, split
from bot.core.lockfile import model_in
from bot.core.order import fold
from bot.core.owners import LARGEST as LARGEST_OWNERS
from bot.core.owners import PLACES, owners_of
from bot.core.policyfile import FOLDER
from bot.core.proposal import LARGEST, LOCK, Blob, Proposal, Request, Standing, Touched
from bot.core.transition import Landing, Past
from bot.report.render import marked
from bot.world.orders import REFSPEC, read_ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.core.lock import Model
    from bot.core.owners import Owners
    from bot.world.forge import Comment, Forge, PullRequest
    from bot.world.git_log import Landed
    from bot.world.repository import Repository

MOST_LOCK = LARGEST
MOST_POLICY = 256 * 1024
CONFLICT = "the request does not merge into its base without conflicts"
AT_ONCE = 16
"""Locks of the past in memory at once."""


def read_pull_request(request: Request, forge: Forge, repository: Repository) -> Proposal:
    """Fetch a pull request and read everything that judging it needs.

    Raises:
        NotARepository: there is no such pull request.
        Unavailable: the forge or its git did not answer.
    """
    assert request.number is not None, "a forge is asked for a number"  # noqa: S101 -- narrows
    return read_request(forge.pull_request(request.number), forge, repository)


def read_request(pull: PullRequest, forge: Forge, repository: Repository) -> Proposal:
    """Read everything that judging a pull request needs, when the request itself is known.

    Raises:
        Unavailable: the forge's git did not answer.
    """
    repository.fetch(
        forge.remote(),
        f"+refs/heads/{pull.base}:refs/lockstep/base",
        f"+refs/pull/{pull.number}/head:refs/lockstep/pull",
        REFSPEC,
    )
    base = repository.commit("refs/lockstep/base")
    if repository.resolve(pull.head_sha) is None:
        raise Moved(f"the head {pull.head_sha[:12]} is gone from the pull request")
    ancestor = repository.merge_base(base, pull.head_sha)
    tree = repository.merged(base, pull.head_sha) if ancestor else None
    # What a merge base hides, such as an older one of several, shows in what would land.
    own = repository.touched(ancestor or base, pull.head_sha)
    landing = repository.touched(base, tree) if tree else ()
    touched = {one.path: one for one in (*own, *landing)}.values()
    head, size = _lock(repository, tree or pull.head_sha)
    now = datetime.now(UTC)
    standing = standing_of(pull, repository, base, now, conflict=CONFLICT if not tree else None)
    return _proposal(
        Request(number=pull.number),
        forge.slug(),
        repository,
        base=base,
        head_sha=pull.head_sha,
        head=head,
        touched=_sized(touched, size),
        standing=replace(standing, shown=_shown(forge.reports(pull.number, MARKER))),
        now=now,
        title=pull.title,
        author=pull.author,
        branch=pull.base,
        default_branch=pull.default_branch,
    )


def read_working_tree(
    request: Request,
    name: str,
    repository: Repository,
    *,
    base: str,
    lock: Blob | None,
    touched: tuple[Touched, ...],
) -> Proposal:
    """Read a lock that is not committed yet against a commit."""
    return _proposal(
        request,
        name,
        repository,
        base=base,
        head_sha=base,
        head=lock,
        touched=touched,
        standing=Standing(),
        now=datetime.now(UTC),
        title="",
        author="",
        branch="",
        default_branch="",
    )


def _proposal(  # noqa: PLR0913 -- one value from many sources
    request: Request,
    slug: str,
    repository: Repository,
    *,
    base: str,
    head_sha: str,
    head: Blob | None,
    touched: tuple[Touched, ...],
    standing: Standing,
    now: datetime,
    title: str,
    author: str,
    branch: str,
    default_branch: str,
) -> Proposal:
    unreadable, landed, policies = None, None, {}
    try:
        landed = repository.blob(base, LOCK, most=MOST_LOCK)
        policies = repository.files(base, FOLDER, suffix=".yaml", most=MOST_POLICY)
    except UnsafeFile as refusal:
        unreadable = refusal
    names = _differing(landed.text if landed else b"", head.text if head else b"")
    return Proposal(
        request=request,
        repository=slug,
        title=title,
        author=author,
        branch=branch,
        default_branch=default_branch,
        base_sha=base,
        head_sha=head_sha,
        base=landed,
        head=head,
        touched=touched,
        policies=policies,
        unreadable=unreadable,
        past=read_past(repository, base, names),
        standing=standing,
        now=now,
    )


def _lock(repository: Repository, tree: str) -> tuple[Blob | None, int]:
    """Read the lock of a tree; one that is unsafe is left unread, and its size is told."""
    sizes = [size for _, _, size, path in repository.tree(tree, LOCK) if path == LOCK]
    try:
        return repository.blob(tree, LOCK, most=MOST_LOCK), max(sizes, default=0)
    except UnsafeFile:
        return None, max(sizes, default=0)


def _sized(touched: Iterable[Touched], size: int) -> tuple[Touched, ...]:
    return tuple(
        Touched(path=one.path, mode=one.mode, size=size) if one.path == LOCK else one
        for one in touched
    )


def standing_of(
    pull: PullRequest,
    repository: Repository,
    base: str,
    now: datetime,
    *,
    conflict: str | None = None,
) -> Standing:
    """Say what the forge and people say about a request; asks the forge nothing.

    Args:
        pull: The request.
        repository: Into which the base and the audit branch were fetched.
        base: The base commit, whose code owners count.
        now: Overrides that ended before do not count.
        conflict: Why it does not merge.
    """
    ledger = read_ledger(repository, pull.number)
    ordered = fold(ledger.orders, pull.head_sha, now)
    own = {login.casefold() for login in (pull.author, *pull.made_by)}
    approvals = [
        Approval(by=review.reviewer, at=review.at, teams=review.teams)
        for review in pull.approvals
        if review.sha == pull.head_sha and review.reviewer.casefold() not in own
    ]
    return Standing(
        open=pull.open,
        draft=pull.draft,
        merged_as=pull.merged_as,
        approved_by=tuple(approval.by for approval in approvals),
        reviews=tuple(approvals),
        objected_by=tuple(review.reviewer for review in pull.objections),
        recorded=tuple(one for one in ledger.recorded if one.head == pull.head_sha),
        owners=_owners(repository, base, frozenset(own)),
        holds=ordered.holds,
        merge_ordered_by=ordered.merge.by if ordered.merge else "",
        merge_ordered_for=ordered.merge.keys if ordered.merge else (),
        overrides=ordered.overrides,
        conflict=conflict,
        twins=pull.twins,
        takes_back=pull.head.startswith(REVERTS),
    )


def _shown(ours: tuple[Comment, ...]) -> Shown | None:
    """Read what the first report says it is of; one without a marker shows nothing known."""
    first = next((one for one in ours if one.at is not None), None)
    if first is None or first.at is None:
        return None
    key = str((marked(first.body) or {}).get("key", ""))
    return Shown(since=first.at, edited_at=first.edited_at or first.at, key=key)


def _owners(repository: Repository, base: str, own: frozenset[str]) -> Owners | None:
    """Find who owns the lock by the base's CODEOWNERS; one that is no plain file owns nothing."""
    files = {}
    for place in PLACES:
        with contextlib.suppress(UnsafeFile):
            blob = repository.blob(base, place, most=LARGEST_OWNERS)
            if blob is not None:
                files[place] = blob.text
    return owners_of(files, LOCK, own)


def _differing(base: bytes, head: bytes) -> tuple[str, ...]:
    """Name the models whose text differs; a lock that does not split has no past to read."""
    before, after = split(base) or {}, split(head) or {}
    return tuple(
        name
        for name in sorted(before.keys() | after.keys())
        if getattr(before.get(name), "text", None) != getattr(after.get(name), "text", None)
    )


def read_past(repository: Repository, base: str, names: tuple[str, ...]) -> Past:
    """Read what each model's block was after every landed commit that changed it.

    Every lock is looked at, whatever the commits' trailers claim: what was rolled back decides
    what may be promoted.  A model is parsed only where its block is another one.
    """
    found: dict[str, list[Landing]] = {name: [] for name in names}
    history = [one for one in repository.history(base, LOCK) if one.oid] if names else []
    last: dict[str, bytes | None] = dict.fromkeys(names)
    # Oldest first, so that a commit counts only where it changed the model.
    for some in batched(reversed(history), AT_ONCE):
        texts = repository.contents([one.oid for one in some if one.oid])
        for landed, text in zip(some, texts, strict=True):
            for name in names:
                block = _block(text, name)
                model = _model(text, name) if block != last[name] else None
                last[name] = block
                if model is not None:
                    landing = Landing(commit=landed.commit, at=landed.at, model=model)
                    found[name].append(landing)
    return Past(landed={name: tuple(reversed(landings)) for name, landings in found.items()})


def batched(items: Iterable[Landed], size: int) -> Iterator[tuple[Landed, ...]]:
    """Cut into tuples of at most `size`, so that few locks are in memory at once."""
    rest = iter(items)
    while batch := tuple(islice(rest, size)):
        yield batch


def _block(text: bytes, name: str) -> bytes:
    """Cut a model's block out of a canonical lock; the whole text of any other lock."""
    if not text.startswith(HEADER):
        return text
    block = find(text, name)
    return block.text if block else b""


def _model(text: bytes, name: str) -> Model | None:
    with contextlib.suppress(Refusal):
        return model_in(text, name, LOCK)
    return None
