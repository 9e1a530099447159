"""`lockstep predict`: zone 1, where models run and there is nothing to steal."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.forges import forge_option, open_forge
from bot.cli.zoned import FOLDER, Wanted, empty, request_options
from bot.world.github_zones import Zone

if TYPE_CHECKING:
    from bot.world.forge import Forge


@click.command(epilog="Example: lockstep predict 7 --repo acme/models --out bundle")
@request_options
@click.option("--out", type=FOLDER, required=True, help="Leave the bundle in this new folder.")
@click.option("--cache", type=FOLDER, help="Keep bytes in this folder.  [default: keep nothing]")
@click.option("--inside", type=FOLDER, hidden=True, help="Let the models of a room answer.")
@forge_option
def command(
    *,
    number: str | None,
    head: str | None,
    group: str | None,
    forks: bool,
    out: Path,
    cache: Path | None,
    inside: Path | None,
    forge: str | None,
    repo: str | None,
) -> None:
    """Let the models of a pull request answer, without labels, and leave numbers alone.

    Nothing is written to the forge.  Before a model starts, the program starts itself anew with
    an environment that never held a token.  `lockstep judge` reads what is left in the folder,
    and believes none of it.
    """
    if inside is not None:
        _let_in(inside, out)
        return
    wanted = Wanted(number, head, group, forks)
    empty(out)
    from bot.cli.evaluate import here
    from bot.core.errors import Moved

    chosen = open_forge(forge, repo, origin=here(), zone=Zone.PREDICT)
    with tempfile.TemporaryDirectory(prefix="lockstep-clone-") as folder:
        try:
            room = _furnished(wanted, chosen, Path(folder), out, cache)
        except Moved as moved:
            room = None
            _nothing(out, str(moved))
    if room is not None:
        from bot.world.room import enter

        enter("predict", "--inside", str(room), "--out", str(out.absolute()))


def _furnished(
    wanted: Wanted, forge: Forge, folder: Path, out: Path, cache: Path | None
) -> Path | None:
    """Fetch what models need; None when there is nothing to ask them, and a bundle says so."""
    from bot.core.proposal import Request
    from bot.flow import rehearse
    from bot.world.zones import Predicting

    meant = wanted.found(forge)
    if isinstance(meant, str):
        _nothing(out, meant)
        return None
    room = Path(tempfile.mkdtemp(prefix="lockstep-room-"))
    try:
        world = Predicting(meant.world(forge, folder), room, cache)
        rehearse(Request(number=meant.number), world)
    except BaseException:
        shutil.rmtree(room, ignore_errors=True)
        raise
    if world.asked:
        click.echo(f"asking models {world.asked} questions about pull request {meant.number}")
        return room
    click.echo(f"pull request {meant.number} asks nothing of a model")
    _let_in(room, out)
    return None


def _nothing(out: Path, why: str) -> None:
    """Leave a bundle that says there was nothing to judge."""
    from bot import __version__
    from bot.world.bundle_write import write

    click.echo(why)
    write(out, {}, version=__version__, head=None, base=None)


def _let_in(room: Path, out: Path) -> None:
    from bot.cli import outcome
    from bot.world.room import let_in

    let_in(room, out, outcome.progress())
    click.echo(f"the bundle is in {out}")
