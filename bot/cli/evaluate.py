"""`lockstep evaluate`: judge a pull request, report on it, and merge it if it may."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.forges import forge_option, open_forge
from bot.cli.zoned import NUMBER, group_named
from bot.world.github_zones import Zone

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.flow import Conclusion
    from bot.world.forge import Forge
    from bot.world.here import Hosted
    from bot.world.repository import Repository

ATTEMPTS = 3


@click.command(epilog="Example: lockstep evaluate 7 --repo acme/models")
@click.argument("number", type=NUMBER, required=False)
@forge_option
@click.option("--group", metavar="REF@SHA", help="Judge what the merge queue is about to land.")
@click.option("--dry-run", is_flag=True, help="Judge and print; write nothing to the forge.")
@click.option("--json", "as_json", is_flag=True, help="Print the record of the decision as JSON.")
@click.option("--markdown", is_flag=True, help="Print the comment.")
def command(
    number: str | None,
    forge: str | None,
    repo: str | None,
    group: str | None,
    dry_run: bool,
    as_json: bool,
    markdown: bool,
) -> None:
    """Judge pull request NUMBER, or the one a --group is for, and act on the verdict.

    One comment is kept up to date, a commit status says the verdict, and a passing request is
    merged when its policy lets the bot merge.  Run again after anything was cut short: it
    converges to one comment, one status, one record and at most one merge.
    """
    from bot.cli import outcome
    from bot.world.repository import Repository

    meant = _meant(number, group)
    chosen = open_forge(forge, repo, origin=here(), zone=Zone.LAND)
    with tempfile.TemporaryDirectory(prefix="lockstep-") as folder:
        clone = Repository.create(Path(folder), chosen.git_environment())
        world = world_of(chosen, clone, outcome.progress(), group)
        world.dry_run = dry_run
        conclusion = carry(meant, world)
    before = conclusion.proposal.standing.merged_as
    landed = world.performed.landed or before
    if as_json:
        outcome.show_json(conclusion, landed)
    elif markdown:
        click.echo(conclusion.report.comment)
    else:
        outcome.show(conclusion)
        if landed is not None:
            click.echo(f"{'already merged' if before else 'landed'} as {landed}")
        elif world.performed.queued:
            click.echo("waits in the merge queue")
    sys.exit(outcome.exit_code(conclusion))


def _meant(number: str | None, group: str | None) -> int:
    """Say which pull request is meant.

    Raises:
        click.UsageError: neither says it, the group is none, or it is another's.
    """
    if group is not None:
        named = group_named(group).number
        if number not in (None, str(named)):
            raise click.UsageError(
                f"--group is for pull request {named}, not for {number}; leave the number out"
            )
        return named
    if number is None:
        raise click.UsageError("name a pull request by its number, or its --group in the queue")
    return int(number)


def carry(number: int, world: Hosted) -> Conclusion:
    """Judge until nothing moves meanwhile; answers that still hold are not scored again.

    Raises:
        Unavailable: head or base moved at every attempt.
    """
    from bot.core.errors import Moved, Unavailable
    from bot.core.proposal import Request
    from bot.flow import handle

    why = ""
    for _ in range(ATTEMPTS):
        try:
            return handle(Request(number=number), world)
        except Moved as moved:
            why = str(moved)
            world.say(f"{why}; judging again")
    raise Unavailable(f"{why}, {ATTEMPTS} times; try again later")


def world_of(
    forge: Forge,
    clone: Repository,
    say: Callable[[str], None],
    group: str | None,
) -> Hosted:
    """Return the world of a pull request, or of the group that the merge queue built for it.

    Raises:
        click.UsageError: `group` names no group of a queue.
    """
    from bot.world.here import Hosted
    from bot.world.queue import Queued

    if group is None:
        return Hosted(forge=forge, repository=clone, say=say)
    return Queued(forge=forge, repository=clone, say=say, group=group_named(group))


def here() -> str | None:
    """Address of the clone this runs in, or None outside of one."""
    from bot.cli.worktree import Worktree
    from bot.core.errors import NotARepository

    try:
        return Worktree.here().origin
    except NotARepository:
        return None
