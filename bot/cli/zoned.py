"""What the verbs of the zones share: which pull request is meant, and where things lie."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bot.cli.arguments import Matching

if TYPE_CHECKING:
    from bot.world.forge import Forge, PullRequest
    from bot.world.here import Hosted
    from bot.world.queue import Group

Verb = TypeVar("Verb", bound=Callable[..., Any])
NUMBER = Matching(
    "pull request", r"[1-9][0-9]{0,8}", "write the number of a pull request, such as 7"
)
COMMIT = Matching(
    "commit", r"[0-9a-f]{40}([0-9a-f]{24})?", "write the full id of a commit, 40 hex digits"
)
FOLDER = click.Path(file_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Meant:
    """What is to be judged."""

    number: int
    pull: PullRequest | None = None
    """The request, as it was looked at just now."""
    group: Group | None = None
    """What the merge queue built for it, which is judged in its place."""

    def world(self, forge: Forge, folder: Path) -> Hosted:
        """Open the world it is judged in, around a fresh clone."""
        from bot.cli import outcome
        from bot.world.here import Hosted
        from bot.world.queue import Queued
        from bot.world.repository import Repository

        clone, say = Repository.create(folder, forge.git_environment()), outcome.progress()
        if self.group is not None:
            return Queued(forge=forge, repository=clone, say=say, group=self.group)
        return Hosted(forge=forge, repository=clone, say=say, known=self.pull)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the command line says which pull request is meant, in exactly one of three ways."""

    number: str | None
    head: str | None
    group: str | None
    forks: bool = False

    def __post_init__(self) -> None:
        """Insist on one way.

        Raises:
            click.UsageError: more than one is given, or none; or no queue names such a group.
        """
        if sum(one is not None for one in (self.number, self.head, self.group)) != 1:
            raise click.UsageError(
                "name a pull request by its number, by --head, or by its --group in the queue"
            )
        if self.group is not None:
            group_named(self.group)

    def named(self, prefix: str) -> str:
        """Name an artifact of the workflow run as the workflow does."""
        return f"{prefix}-{self.number or self.head or str(self.group).rpartition('@')[2]}"

    def found(self, forge: Forge) -> Meant | str:
        """Return what is meant, or why there is nothing to judge.

        What comes from an event is only asked about; whose a head is, the forge says.
        """
        if self.group is not None:
            group = group_named(self.group)
            return Meant(group.number, group=group)
        if self.head is None:
            pulls: tuple[PullRequest, ...] = (forge.pull_request(int(self.number or 0)),)
        else:
            pulls = forge.asked_with(self.head)
        return self._the_one(pulls)

    def _the_one(self, pulls: tuple[PullRequest, ...]) -> Meant | str:
        # Whoever may fork may open one with anybody's head; it keeps nobody's from being judged.
        ours = pulls if self.forks else tuple(pull for pull in pulls if not pull.from_fork)
        pulls = ours or pulls
        # Nor does one for another branch, which is not judged.
        pulls = tuple(one for one in pulls if one.base == one.default_branch) or pulls
        if len(pulls) != 1:
            numbers = ", ".join(str(pull.number) for pull in pulls)
            head = str(self.head)[:12]
            if not pulls:
                return f"no open pull request has the head {head}"
            return f"pull requests {numbers} have the head {head}; close all but one"
        (pull,) = pulls
        if pull.base != pull.default_branch:
            only = f"requests for {pull.default_branch} only are judged"
            return f"pull request {pull.number} is for {pull.base}; {only}"
        if pull.draft and self.head is not None:
            return f"pull request {pull.number} is a draft"
        if pull.from_fork and not self.forks:
            return f"the head of pull request {pull.number} lies in a fork; --forks judges it too"
        return Meant(pull.number, pull=pull)


def group_named(text: str) -> Group:
    """Read which group of the merge queue is meant.

    Raises:
        click.UsageError: no queue names one like that.
    """
    from bot.world.queue import group_of

    group = group_of(text)
    if group is None:
        raise click.UsageError(
            f"--group {text[:200]!r} is no group of the queue; "
            "write refs/heads/gh-readonly-queue/BASE/pr-NUMBER-…@COMMIT"
        )
    return group


def request_options(command: Verb) -> Verb:
    """Add the ways to say which pull request: its number, its head, or the queue's group."""
    forks = click.option("--forks", is_flag=True, help="Also judge a head that lies in a fork.")
    group = click.option(
        "--group", metavar="REF@SHA", help="Judge what the merge queue is about to land."
    )
    head = click.option(
        "--head", type=COMMIT, metavar="SHA", help="The one open pull request with this head."
    )
    number = click.argument("number", type=NUMBER, required=False)
    return number(head(group(forks(command))))


def empty(folder: Path) -> Path:
    """Create a folder before anything is judged or said, and see that it can be written to.

    Raises:
        click.UsageError: something lies in it.
        click.FileError: it cannot be created, read or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        filled = any(folder.iterdir())
        if not filled:
            with tempfile.TemporaryFile(dir=folder):
                pass
    except OSError as error:
        raise click.FileError(str(folder), hint=error.strerror) from None
    if filled:
        raise click.UsageError(f"{folder} is not empty; name a new folder")
    return folder


def digest(_: click.Context, __: click.Parameter, value: str) -> str:
    """Check the form of a digest.

    Raises:
        click.BadParameter: it is none.
    """
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", value):
        raise click.BadParameter("write a digest as sha256: and 64 hex digits")
    return value
