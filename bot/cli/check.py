"""`lockstep check`: judge the lock of the working tree; no network, no pull request."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click


@click.command(epilog="Example: lockstep promote flight-delay 2 production && lockstep check")
@click.option(
    "--base",
    metavar="COMMIT",
    help="Judge against this commit.  [default: HEAD, or where the branch began]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the record of the decision as JSON.")
@click.option("--markdown", is_flag=True, help="Print the comment a pull request would get.")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Also write the report as a page.",
)
def command(base: str | None, as_json: bool, markdown: bool, html: Path | None) -> None:
    """Judge the working tree's `models.lock` by the policies of the base commit.

    The report is the one the pull request would get.  Nothing is changed anywhere.
    """
    from bot.cli import outcome
    from bot.cli.worktree import Worktree
    from bot.core.errors import Refusal

    worktree = Worktree.here()
    try:
        against = worktree.base(base)
        touched = worktree.touched(against)
    except Refusal as refusal:
        if not as_json:
            raise
        found = {"problems": outcome.problems(refusal), "exit_code": refusal.exit_code}
        click.echo(json.dumps(found, indent=2))
        sys.exit(refusal.exit_code)
    if not touched and not (as_json or markdown or html):
        click.echo(f"models.lock is as in {against[:10]}: nothing to judge")
        return
    _judge(worktree, against, as_json=as_json, markdown=markdown, html=html)


def _judge(worktree, against, *, as_json: bool, markdown: bool, html: Path | None) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 -- typed below, imported late
    from bot.cli import outcome
    from bot.core.proposal import Request
    from bot.flow import handle
    from bot.world.here import WorkingTree

    world = WorkingTree(
        root=worktree.root,
        repository=worktree.repository,
        base=against,
        lock=worktree.blob(),
        touched=worktree.touched(against),
        say=outcome.progress(),
    )
    conclusion = handle(Request(), world)
    if html is not None:
        outcome.write_page(conclusion, html, dict(world.templates))
    if as_json:
        outcome.show_json(conclusion)
    elif markdown:
        click.echo(conclusion.report.comment)
    else:
        outcome.show(conclusion)
    sys.exit(outcome.exit_code(conclusion))
