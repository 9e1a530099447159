"""`lockstep predict`: zone 1, where models run and there is nothing to steal."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import click

from bot.cli.forges import forge_option, open_forge
from bot.cli.zoned import FOLDER, empty, one_of, request_options, resolved
from bot.world.github_zones import Zone


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
    one_of(number, head)
    empty(out)
    with tempfile.TemporaryDirectory(prefix="lockstep-clone-") as folder:
        room = _furnished(number, head, Path(folder), out, cache, forge, repo, forks=forks)
    if room is not None:
        from bot.world.room import enter

        enter("predict", "--inside", str(room), "--out", str(out.absolute()))


def _furnished(
    number: str | None,
    head: str | None,
    folder: Path,
    out: Path,
    cache: Path | None,
    forge: str | None,
    repo: str | None,
    *,
    forks: bool,
) -> Path | None:
    """Fetch what models need; None when there is nothing to ask them, and a bundle says so."""
    from bot.cli import outcome
    from bot.cli.evaluate import here
    from bot.core.proposal import Request
    from bot.flow import rehearse
    from bot.world.here import Hosted
    from bot.world.repository import Repository
    from bot.world.zones import Predicting

    chosen = open_forge(forge, repo, origin=here(), zone=Zone.PREDICT)
    meant = resolved(chosen, number, head, forks=forks)
    if isinstance(meant, str):
        click.echo(meant)
        _nothing(out)
        return None
    clone = Repository.create(folder, chosen.git_environment())
    room = Path(tempfile.mkdtemp(prefix="lockstep-room-"))
    try:
        there = Hosted(forge=chosen, repository=clone, say=outcome.progress(), known=meant)
        world = Predicting(there, room, cache)
        rehearse(Request(number=meant.number), world)
        if world.asked:
            click.echo(f"asking models {world.asked} questions about pull request {meant.number}")
            return room
    except BaseException:
        shutil.rmtree(room, ignore_errors=True)
        raise
    click.echo(f"pull request {meant.number} asks nothing of a model")
    _let_in(room, out)
    return None


def _nothing(out: Path) -> None:
    from bot import __version__
    from bot.world.bundle_write import write

    write(out, {}, version=__version__, head=None, base=None)


def _let_in(room: Path, out: Path) -> None:
    from bot.cli import outcome
    from bot.world.room import let_in

    let_in(room, out, outcome.progress())
    click.echo(f"the bundle is in {out}")
