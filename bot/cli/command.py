"""`lockstep command`: carry the command of one comment on a pull request."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.evaluate import carry, here
from bot.cli.forges import forge_option, open_forge
from bot.world.github_zones import Zone

if TYPE_CHECKING:
    from bot.core.event import CommentCreated
    from bot.world.commanding import Carried
    from bot.world.forge import Forge

REMEDY = "name the file of an `issue_comment` event, as GitHub sends it, with --event"
MOST_PAYLOAD = 26_000_000
"""Bytes of an event; GitHub's own cap is 25 MB."""


@click.command(epilog="Example: lockstep command --event event.json --repo acme/models")
@click.option(
    "--event",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="GITHUB_EVENT_PATH",
    metavar="FILE",
    help="The `issue_comment` event as GitHub sends it.  Default: $GITHUB_EVENT_PATH.",
)
@click.option("--evaluate", is_flag=True, help="Judge the request at once when that is due.")
@forge_option
def command(file: Path | None, evaluate: bool, forge: str | None, repo: str | None) -> None:
    """Carry the command that a new comment on a pull request holds.

    A command is the first line of a comment: `/lockstep status`, `evaluate`, `hold REASON`,
    `release`, `merge SHA`, `override --gate G --reason "…"` or `help`.  It is carried once,
    however often the event is delivered.  In Actions the outputs `evaluate`, `number` and `head`
    say whether the request is to be judged again.
    """
    from bot.core.event import CommentCreated

    event = _read(file)
    if not isinstance(event, CommentCreated):
        click.echo(f"nothing to carry: {getattr(event, 'because', 'it is no comment')}")
        _output(None)
        return
    chosen = open_forge(forge, repo, origin=here(), zone=Zone.COMMAND)
    sys.exit(carried(event, chosen, evaluate=evaluate))


def carried(event: CommentCreated, forge: Forge, *, evaluate: bool) -> int:
    """Carry a command, and judge the request when that is due and asked for here.

    Args:
        event: The comment.
        forge: Where it was written.
        evaluate: Judge here; else it is only said that it is due.

    Returns:
        The exit code: 0, whatever the verdict.
    """
    from bot.cli import outcome
    from bot.report.markdown import on_screen
    from bot.world.commanding import carry_command
    from bot.world.here import Hosted
    from bot.world.repository import Repository

    with tempfile.TemporaryDirectory(prefix="lockstep-") as folder:
        clone = Repository.create(Path(folder), forge.git_environment())
        done = carry_command(event, forge, clone)
        click.echo(on_screen(done.said))
        if done.evaluate and evaluate:
            world = Hosted(forge=forge, repository=clone, say=outcome.progress())
            carry(done.number, world)
            said = forge.pull_request(done.number).merged_as
            click.echo(f"landed as {said}" if said else "judged again")
    _output(done)
    return 0


def _read(file: Path | None) -> object:
    """Read what happened; what is no event of ours is said to be none.

    Raises:
        click.UsageError: no file is named.
        UnsafeFile: it cannot be read.
        Malformed: it is not JSON.
    """
    from bot.cli import infile
    from bot.core.errors import Malformed, Problem
    from bot.core.event_payload import event_of

    if file is None:
        raise click.UsageError("name the event with --event FILE, or set GITHUB_EVENT_PATH")
    text = infile.read(file, MOST_PAYLOAD, REMEDY)
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError) as error:
        what, place = "it is not JSON that can be read", str(file)
        if isinstance(error, json.JSONDecodeError):
            what, place = f"it is not JSON: {error.msg}", f"{file}:{error.lineno}:{error.colno}"
        raise Malformed(Problem(what=what, remedy=REMEDY, file=place)) from None
    return event_of("issue_comment", payload)


def _output(done: Carried | None) -> None:
    """Tell the workflow what is due; numbers and digits alone."""
    path = os.environ.get("GITHUB_OUTPUT")
    if not path:
        return
    due = "true" if done is not None and done.evaluate else "false"
    lines = [f"evaluate={due}"]
    if done is not None:
        lines += [f"number={done.number}", f"head={done.head}"]
    with Path(path).open("a", encoding="utf-8") as stream:
        stream.write("\n".join(lines) + "\n")
