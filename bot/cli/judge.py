"""`lockstep judge`: zone 2, where numbers of zone 1 are checked, judged and reported."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from bot.cli import workflow
from bot.cli.forges import forge_option, open_forge
from bot.cli.zoned import FOLDER, Meant, Wanted, empty, request_options
from bot.world.github_zones import Zone

if TYPE_CHECKING:
    from bot.flow import Conclusion
    from bot.world.bundle_source import Fetch
    from bot.world.forge import Forge
    from bot.world.zones import Judging


@click.command(epilog="Example: lockstep judge 7 --repo acme/models --bundle bundle --out decision")
@request_options
@click.option("--bundle", type=FOLDER, help="The folder that `lockstep predict` left.")
@click.option("--run", type=click.IntRange(1), metavar="ID", help="The workflow run that has it.")
@click.option("--artifact", metavar="NAME", help="Its name in that run.")
@click.option("--out", type=FOLDER, required=True, help="Leave what waits for `land` here.")
@forge_option
def command(
    *,
    number: str | None,
    head: str | None,
    group: str | None,
    forks: bool,
    bundle: Path | None,
    run: int | None,
    artifact: str | None,
    out: Path,
    forge: str | None,
    repo: str | None,
) -> None:
    """Judge a pull request from what its models answered in zone 1.

    Every number of zone 1 is checked, and every verdict computed here.  The report and a status
    that lets nothing merge are said at once.  A record, a green status and a merge are left in
    the folder for `lockstep land`, and their digest is printed.
    """
    wanted = Wanted(number, head, group, forks)
    empty(out)
    if (bundle is None) == (run is None):
        raise click.UsageError("name where the answers are: --bundle FOLDER, or --run ID")
    from bot.cli.evaluate import here

    chosen = open_forge(forge, repo, origin=here(), zone=Zone.JUDGE)
    fetch = _source(chosen, bundle, run, artifact or wanted.named("lockstep-bundle"))
    meant = wanted.found(chosen)
    if isinstance(meant, str):
        _stop(meant)
        return
    _judge(meant, chosen, fetch, out)


def _source(forge: Forge, bundle: Path | None, run: int | None, name: str) -> Fetch:
    from bot.world.bundle_source import in_folder, of_run

    if bundle is not None:
        return in_folder(bundle)
    if not hasattr(forge, "artifacts"):
        raise click.UsageError("only GitHub has workflow runs; name the folder with --bundle")
    return of_run(cast("Any", forge), run or 0, name)


def _stop(why: str) -> None:
    """End without a word to the forge: another event has judged it, or will."""
    click.echo(why)
    workflow.output(act="false")


def _judge(meant: Meant, forge: Forge, fetch: Fetch, out: Path) -> None:
    from bot.cli import outcome
    from bot.core.errors import Moved
    from bot.core.proposal import Request
    from bot.flow import handle
    from bot.world.zones import Judging

    with tempfile.TemporaryDirectory(prefix="lockstep-") as folder:
        world = Judging(meant.world(forge, Path(folder)), fetch)
        try:
            conclusion = handle(Request(number=meant.number), world)
        except Moved as moved:
            _stop(f"nothing was written: {moved}; the event that moved it judges it again")
            return
    outcome.show(conclusion)
    _summarize(conclusion, world)
    _hand_over(world, meant.number, out)


def _summarize(conclusion: Conclusion, world: Judging) -> None:
    """Put the whole report on the page of this run."""
    if workflow.in_workflow():
        from bot.report.render import summary

        workflow.summarize(summary(conclusion.report.view, world.templates))


def _hand_over(world: Judging, number: int, out: Path) -> None:
    from bot.core.handover import FILE, digest_of

    if world.handed is None:
        click.echo("nothing waits to be landed")
        workflow.output(act="false", number=str(number))
        return
    text = world.handed.bytes
    out.mkdir(parents=True, exist_ok=True)
    (out / FILE).write_bytes(text)
    click.echo(f"what waits to be landed: {digest_of(text)}")
    workflow.output(act="true", digest=digest_of(text), number=str(number))
