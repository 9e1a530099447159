"""`lockstep approve`: approve of a pull request on a forge in a folder."""

from __future__ import annotations

import click

from bot.cli.arguments import by_option
from bot.cli.evaluate import here
from bot.cli.forges import forge_option, open_forge
from bot.cli.zoned import NUMBER


@click.command(epilog="Example: lockstep approve 7 --by ben")
@click.argument("number", type=NUMBER)
@by_option
@forge_option
def command(number: str, by: str | None, forge: str | None, repo: str | None) -> None:
    """Approve of pull request NUMBER as its head is now.

    For a forge in a folder; on GitHub a review is given on the pull request itself.
    """
    from bot.cli.comment import actor
    from bot.world.local_forge import LocalForge

    chosen = open_forge(forge, repo, origin=here())
    if not isinstance(chosen, LocalForge):
        raise click.UsageError("on GitHub, approve of a pull request by a review of it")
    who = actor(by)
    chosen.approve(int(number), who)
    head = chosen.pull_request(int(number)).head_sha
    click.echo(f"{who} approves of {head[:12]}")
    click.echo(f"Next: lockstep evaluate {number}")
