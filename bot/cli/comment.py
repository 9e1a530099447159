"""`lockstep comment`: write a comment on a pull request, and carry the command it holds."""

from __future__ import annotations

import sys

import click

from bot.cli.arguments import TEXT, by_option
from bot.cli.evaluate import here
from bot.cli.forges import forge_option, open_forge
from bot.cli.zoned import NUMBER
from bot.world.github_zones import Zone


@click.command(epilog="Example: lockstep comment 7 '/lockstep hold labels are missing'")
@click.argument("number", type=NUMBER)
@click.argument("text", type=TEXT)
@by_option
@forge_option
def command(number: str, text: str, by: str | None, forge: str | None, repo: str | None) -> None:
    """Comment TEXT on pull request NUMBER.

    On a forge in a folder the command that the comment holds is carried at once, and the request
    judged again when that is due.  On GitHub the bot hears of the comment by its event, and who
    comments is whom the token belongs to.
    """
    from bot.cli.command import carried
    from bot.core.command import LONGEST_COMMENT
    from bot.core.event import CommentCreated
    from bot.world.local_forge import LocalForge

    if not text.strip():
        raise click.UsageError("a comment says something")
    if len(text) > LONGEST_COMMENT:
        raise click.UsageError(f"a comment has at most {LONGEST_COMMENT:,} characters")
    chosen = open_forge(forge, repo, origin=here(), zone=Zone.COMMAND)
    if not isinstance(chosen, LocalForge):
        click.echo(chosen.comment(int(number), text).url)
        return
    who = actor(by)
    chosen.pull_request(int(number))
    said = chosen.acting_as(who).say(int(number), text)
    event = CommentCreated(
        number=int(number),
        comment=said.id,
        author=who,
        by_bot=who.endswith("[bot]"),
        body=text,
        url=said.url,
    )
    sys.exit(carried(event, chosen, evaluate=True))


def actor(by: str | None) -> str:
    """Say who acts on a local forge.

    Raises:
        click.UsageError: nobody is named, and git has no user.name.
    """
    from bot.cli.worktree import Worktree
    from bot.core.errors import NotARepository

    if by is not None:
        return by
    try:
        who = Worktree.here().person[0]
    except NotARepository:
        who = ""
    if not who:
        raise click.UsageError("say who comments with --by, or set git config user.name")
    return who
