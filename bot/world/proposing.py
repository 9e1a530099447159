"""Proposing puts an edited lock on a branch of its own and opens a pull request.

The commit is built from objects alone: the index, HEAD and the files of the clone it is called
in stay as they are.  Cut short anywhere and called again, it ends in one pull request.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.core.errors import NotARepository, Problem, Unavailable, UnsafeFile
from bot.core.proposal import LOCK
from bot.world.forge import is_bot
from bot.world.git import Failed, checked
from bot.world.reading import MOST_LOCK

if TYPE_CHECKING:
    from bot.world.forge import Forge, PullRequest
    from bot.world.repository import Repository

TIP = f"refs/lockstep/tip-{os.getpid()}"
"""Names what was fetched, for a moment; another run in the same clone has its own."""
HEADS = "refs/heads/"
NAMESPACE = "lockstep/"
MOST_BRANCHES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who commits."""

    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An edited lock, ready to be proposed."""

    tip: str
    """The commit of the default branch that it changes."""
    lock: bytes
    branch: str
    """Where it goes, such as `lockstep/credit-4-staging`; a number is added when that is taken."""
    title: str
    body: str
    author: Person
    bots_alone: bool = False
    """Take no request of a person's from a branch of that name for the one that is open."""


def branch_for(*parts: str) -> str:
    """Name a branch by what is proposed, in characters that every forge takes."""
    text = re.sub(r"\.{2,}", "-", "-".join(part for part in parts if part))
    text = re.sub(r"\.lock(?=$|-)", "-lock", text).rstrip(".")
    return f"{NAMESPACE}{text}"


def reaching(repository: Repository, forge: Forge) -> Repository:
    """Return the repository as it may speak with the forge's git."""
    return replace(repository, environment=forge.git_environment())


def tip_of(repository: Repository, forge: Forge) -> str:
    """Fetch the default branch and return its tip.

    Raises:
        NotARepository: the branch is not there yet.
        Unavailable: the forge's git did not answer.
    """
    branch = forge.default_branch()
    if not _heads(repository, forge, f"{HEADS}{branch}"):
        raise NotARepository(
            Problem(
                what=f"{forge.slug()} has no branch {branch} yet",
                remedy="push a first commit with policies/ to it",
            )
        )
    repository.fetch(forge.remote(), f"+{HEADS}{branch}:{TIP}")
    tip = repository.commit(TIP)
    repository.run("update-ref", "-d", TIP)
    return tip


def propose(offer: Offer, repository: Repository, forge: Forge) -> PullRequest:
    """Push an edited lock and open its pull request, or return the one that is open already.

    Raises:
        Unavailable: the forge did not answer, or did not take the branch.
    """
    base = forge.default_branch()
    branch, pushed = _branch(offer, repository, forge)
    if not pushed:
        commit = _commit(offer, repository)
        if not repository.push(forge.remote(), commit, branch):
            raise Unavailable(f"the branch {branch} was taken meanwhile; run it again")
    return forge.propose(title=offer.title, body=offer.body, head=branch, base=base)


def _branch(offer: Offer, repository: Repository, forge: Forge) -> tuple[str, bool]:
    """Choose a branch, and tell whether this lock is on it already.

    A branch of the name may be left from an earlier request: the same lock on the same tip is a
    run that was cut short; another lock that is still proposed is the request that is open.
    """
    there = _heads(repository, forge, f"{HEADS}{offer.branch}*")
    for number in range(1, MOST_BRANCHES):
        name = offer.branch if number == 1 else f"{offer.branch}-{number}"
        if any(one.startswith(f"{name}/") for one in there):
            # Git keeps no branch beside others whose names go on below its own.
            continue
        if name not in there:
            return name, False
        if _holds(there[name], name, offer, repository, forge):
            return name, True
        proposed = (pull for pull in forge.open_pull_requests() if pull.head == name)
        if any(is_bot(pull.author) or not offer.bots_alone for pull in proposed):
            return name, True
    raise Unavailable(f"{MOST_BRANCHES} branches {offer.branch}-… exist; delete the old ones")


def _holds(tip: str, name: str, offer: Offer, repository: Repository, forge: Forge) -> bool:
    repository.fetch(forge.remote(), f"+{HEADS}{name}:{TIP}")
    repository.run("update-ref", "-d", TIP)
    try:
        blob = repository.blob(tip, LOCK, most=MOST_LOCK)
    except UnsafeFile:
        return False
    same = blob is not None and blob.text == offer.lock
    return same and repository.merge_base(tip, offer.tip) == offer.tip


def _heads(repository: Repository, forge: Forge, pattern: str) -> dict[str, str]:
    """List remote branches by name, with their commits."""
    try:
        listed = repository.run("ls-remote", "--heads", forge.remote(), pattern, remote=True)
    except Failed as failed:
        raise Unavailable(f"git ls-remote: {failed.said}") from None
    rows = (line.split("\t") for line in listed.decode("utf-8", "replace").splitlines())
    return {name.removeprefix(HEADS): oid for oid, name in rows if name.startswith(HEADS)}


def _commit(offer: Offer, repository: Repository) -> str:
    """Write a commit that differs from the tip in the lock alone; no branch moves."""
    lock = repository.run("hash-object", "-w", "--stdin", stdin=offer.lock).decode().strip()
    rows = repository.run("ls-tree", "-z", "--full-tree", checked(offer.tip)).split(b"\0")[:-1]
    kept = [row for row in rows if row.partition(b"\t")[2] != LOCK.encode()]
    kept.append(f"100644 blob {lock}\t{LOCK}".encode())
    tree = repository.run("mktree", "-z", "--missing", stdin=b"\0".join((*kept, b"")))
    who = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", offer.author.name), ("EMAIL", offer.author.email))
    }
    written = repository.run(
        "commit-tree",
        tree.decode().strip(),
        "-p",
        checked(offer.tip),
        stdin=f"{offer.title}\n".encode(),
        extra=who,
    )
    return written.decode().strip()
