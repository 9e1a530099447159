"""`lockstep land`: zone 3, which records and merges what zone 2 decided, if it still stands."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from bot.cli.forges import forge_option, open_forge
from bot.cli.zoned import FOLDER, digest
from bot.world.github_zones import Zone


@click.command(epilog="Example: lockstep land --decision decision --digest sha256:…")
@click.option("--decision", type=FOLDER, required=True, help="The folder `lockstep judge` left.")
@click.option("--digest", "named", required=True, callback=digest, help="What it printed.")
@forge_option
def command(decision: Path, named: str, forge: str | None, repo: str | None) -> None:
    """Store the record of a decision, set its green status, and merge.

    The pull request is read again first: when its head, its base, what people said or the day is
    another than when it was judged, nothing is done.
    """
    from bot.cli import infile, outcome
    from bot.cli.evaluate import here
    from bot.core.handover import FILE, LARGEST, read
    from bot.world.landing import land, world_of
    from bot.world.repository import Repository

    remedy = "name the folder that `lockstep judge --out` left"
    handed = read(infile.read(decision / FILE, LARGEST, remedy), named)
    chosen = open_forge(forge, repo, origin=here(), zone=Zone.LAND)
    with tempfile.TemporaryDirectory(prefix="lockstep-") as folder:
        clone = Repository.create(Path(folder), chosen.git_environment())
        click.echo(land(handed, world_of(handed, chosen, clone, outcome.progress())))
