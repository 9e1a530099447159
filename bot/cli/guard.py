"""`lockstep guard`: every landed change of the lock has its record, or somebody is told."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.arguments import Matching, json_option
from bot.cli.forges import forge_option, open_forge

if TYPE_CHECKING:
    from bot.world.guard import Guarded

COMMIT = Matching("commit", r"[0-9a-f]{40}([0-9a-f]{24})?", "write its full id")


@click.command(
    "guard",
    epilog="Example: lockstep guard --repo acme/models",
    short_help="Find landed changes of the lock that no decision accounts for.",
)
@click.argument("commits", type=COMMIT, nargs=-1)
@click.option("--since", type=COMMIT, help="Look at what came after this commit alone.")
@click.option(
    "--event",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Look at what this push brought; default in Actions, where a push is what happened.",
)
@click.option("--dry-run", is_flag=True, help="Look; seal nothing and tell nobody.")
@forge_option
@json_option
def command(
    *,
    commits: tuple[str, ...],
    since: str | None,
    event: Path | None,
    dry_run: bool,
    forge: str | None,
    repo: str | None,
    as_json: bool,
) -> None:
    """Look at every commit of the default branch that changed the lock.

    A landing whose record is there is sealed.  Any other turns red (`lockstep/guard: BRANCH`),
    one issue says what it did, and its revert is proposed.  What was told once is not told
    again.  Without COMMIT the whole history is looked at, from where Lockstep began.
    """
    from bot.cli import outcome, show
    from bot.cli.evaluate import here
    from bot.world.github_zones import Zone
    from bot.world.guard import Guard
    from bot.world.repository import Repository

    chosen = open_forge(forge, repo, origin=here(), zone=Zone.GUARD)
    branch = chosen.default_branch()
    event = event or _event()
    if event is not None and not (commits or since):
        pushed = _pushed(event, branch)
        if isinstance(pushed, str):
            click.echo(pushed)
            return
        since = pushed[0]
    with tempfile.TemporaryDirectory(prefix="lockstep-") as folder:
        clone = Repository.create(Path(folder), chosen.git_environment())
        guard = Guard(chosen, clone, branch, outcome.progress(), dry_run)
        guarded = guard.walk(since=since, only=commits)
    if as_json:
        show.as_json(told(guarded))
    else:
        print_walk(guarded)


def _event() -> Path | None:
    """Name the payload of the push that this workflow runs for, or None."""
    path = os.environ.get("GITHUB_EVENT_PATH")
    return Path(path) if path and os.environ.get("GITHUB_EVENT_NAME") == "push" else None


def _pushed(event: Path, branch: str) -> tuple[str | None] | str:
    """Read a push: the commit before it, or why it does not concern the guard."""
    import json

    from bot.cli.command import MOST_PAYLOAD
    from bot.cli.infile import read
    from bot.core.event import Ignored, Pushed
    from bot.core.event_payload import event_of

    text = read(event, MOST_PAYLOAD, "name the file that holds the event")
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError):
        payload = None
    match event_of("push", payload):
        case Pushed(branch=pushed, before=before) if pushed == branch:
            return (before,)
        case Pushed():
            return f"the push was not to {branch}"
        case Ignored(because=because):
            return f"nothing to guard: {because}"
        case _:
            return "nothing to guard: it is no push"


def told(guarded: Guarded) -> dict[str, Any]:
    """Write what a walk saw, for a script."""
    import json

    return {
        "branch": guarded.branch,
        "tip": guarded.tip,
        "commits": guarded.commits,
        "sealed": list(guarded.sealed),
        "findings": [json.loads(finding.content) for finding in guarded.findings],
        "more": guarded.more,
        "red": list(guarded.red),
    }


def print_walk(guarded: Guarded) -> None:
    """Print what a walk saw."""
    from bot.cli import show
    from bot.report.incident import headline

    if guarded.tip is None:
        click.echo(f"there is no branch {guarded.branch} yet")
        return
    for commit in guarded.sealed:
        click.echo(f"sealed {commit[:12]}")
    for finding in guarded.findings:
        click.echo(f"{'✗' if finding.red else '✓'} {show.plain(headline(finding))}")
        for move in finding.moves:
            click.echo(f"    {show.plain(move)}")
    if guarded.more:
        click.echo(f"and {guarded.more:,} more, which the next run tells")
    red = f", {len(guarded.red):,} of them without a record" if guarded.red else ""
    click.echo(f"{guarded.commits:,} landed changes of the lock are guarded{red}")
