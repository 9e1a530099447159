"""What the verbs of the zones share: which pull request is meant, and where things lie."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bot.cli.arguments import Matching

if TYPE_CHECKING:
    from bot.world.forge import Forge, PullRequest

Verb = TypeVar("Verb", bound=Callable[..., Any])
NUMBER = Matching(
    "pull request", r"[1-9][0-9]{0,8}", "write the number of a pull request, such as 7"
)
COMMIT = Matching(
    "commit", r"[0-9a-f]{40}([0-9a-f]{24})?", "write the full id of a commit, 40 hex digits"
)
FOLDER = click.Path(file_okay=False, path_type=Path)


def request_options(command: Verb) -> Verb:
    """Add the ways to say which pull request: its number, or the commit it proposes."""
    forks = click.option("--forks", is_flag=True, help="Also judge a head that lies in a fork.")
    head = click.option(
        "--head", type=COMMIT, metavar="SHA", help="The one open pull request with this head."
    )
    number = click.argument("number", type=NUMBER, required=False)
    return number(head(forks(command)))


def one_of(number: str | None, head: str | None) -> None:
    """Insist on a number or a head.

    Raises:
        click.UsageError: both are given, or neither.
    """
    if (number is None) == (head is None):
        raise click.UsageError("name a pull request by its number, or by --head")


def resolved(
    forge: Forge, number: str | None, head: str | None, *, forks: bool
) -> PullRequest | str:
    """Return the pull request that is meant, or why there is nothing to judge.

    A head comes from an event; whose it is, is asked of the forge and never taken from there.
    """
    found = forge.asked_with(head) if head else (forge.pull_request(int(number or 0)),)
    if not found:
        return f"no open pull request has the head {str(head)[:12]}"
    if len(found) > 1:
        numbers = ", ".join(str(pull.number) for pull in found)
        return f"pull requests {numbers} have the head {str(head)[:12]}; close all but one"
    (pull,) = found
    if pull.draft and head is not None:
        return f"pull request {pull.number} is a draft"
    if pull.from_fork and not forks:
        return f"the head of pull request {pull.number} lies in a fork; --forks judges it too"
    return pull


def named(prefix: str, number: str | None, head: str | None) -> str:
    """Name the artifact of a workflow run as its workflow does."""
    return f"{prefix}-{head or number}"


def empty(folder: Path) -> Path:
    """Return a folder that may be written to.

    Raises:
        click.UsageError: something lies in it.
    """
    if folder.exists() and any(folder.iterdir()):
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
