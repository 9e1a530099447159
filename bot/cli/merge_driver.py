"""`lockstep merge-driver`: merge two locks by meaning; git calls it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from bot.cli.attributes import DRIVER, add_attribute

COMMAND = "lockstep merge-driver %O %A %B --path %P"
TITLE = "models.lock, merged by what it says"


@click.command(
    "merge-driver",
    epilog="Example: lockstep merge-driver --install",
    short_help="Merge two locks by meaning; git calls it.",
)
@click.argument("base", required=False, type=click.Path(path_type=Path))
@click.argument("ours", required=False, type=click.Path(path_type=Path))
@click.argument("theirs", required=False, type=click.Path(path_type=Path))
@click.option("--path", default="models.lock", show_default=True, help="Name in messages.")
@click.option("--install", is_flag=True, help="Let git call it for models.lock in this clone.")
def command(
    *, base: Path | None, ours: Path | None, theirs: Path | None, path: str, install: bool
) -> None:
    """Merge OURS and THEIRS, which both began as BASE, into OURS.

    Two promotions of different models, or of different facts of one model, merge.  A fact that
    both sides changed is a conflict: each is named, git's markers are left, and the exit code is 1.
    """
    if install:
        _install()
    elif base is None or ours is None or theirs is None:
        raise click.UsageError("name BASE, OURS and THEIRS, as git does with %O %A %B")
    else:
        _merge(base, ours, theirs, path)


def _install() -> None:
    from bot.cli.worktree import Worktree

    worktree = Worktree.here()
    added = add_attribute(worktree.root)
    for key, value in (("name", TITLE), ("driver", COMMAND)):
        worktree.configure(f"merge.{DRIVER}.{key}", value)
    click.echo(f".gitattributes {'names' if added else 'already named'} the merge driver")
    click.echo("git config of this clone runs it; every clone needs this command once")


def _merge(base: Path, ours: Path, theirs: Path, path: str) -> None:
    from bot.core.errors import Refusal
    from bot.core.merge import merge

    sides = [_read(one) for one in (base, ours, theirs)]
    try:
        merged = merge(*sides, file=path)
    except Refusal as refusal:
        _leave_markers(base, ours, theirs)
        click.echo(str(refusal), err=True)
        click.echo(f"{path}: both sides are kept between markers; choose, then git add", err=True)
        sys.exit(1)
    ours.write_bytes(merged)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise click.FileError(str(file), hint=error.strerror) from None


def _leave_markers(base: Path, ours: Path, theirs: Path) -> None:
    """Write what git would have left, so that no side is lost.

    Two sides that merge as text and not as locks are put between markers whole.
    """
    labels = [part for name in ("ours", "base", "theirs") for part in ("-L", name)]
    files = [str(one.absolute()) for one in (ours, base, theirs)]
    done = subprocess.run(
        ["git", "merge-file", "-p", *labels, *files], capture_output=True, check=False
    )
    text = done.stdout
    if not 0 < done.returncode < 128:
        here, there = _read(ours), _read(theirs)
        text = b"<<<<<<< ours\n%s=======\n%s>>>>>>> theirs\n" % (_ended(here), _ended(there))
    ours.write_bytes(text)


def _ended(text: bytes) -> bytes:
    return text if not text or text.endswith(b"\n") else text + b"\n"
