"""`lockstep fmt`: write the lock in its canonical form."""

from __future__ import annotations

import click


@click.command(
    "fmt",
    epilog="Example: lockstep fmt --check",
    short_help="Write the lock in its canonical form.",
)
@click.option("--check", is_flag=True, help="Change nothing; exit 12 if it would change.")
def command(*, check: bool) -> None:
    """Write models.lock in its canonical form: one fact a line, one block a model.

    A comment that would be lost is refused, and the lock stays as it is.
    """
    from bot.cli.worktree import Worktree
    from bot.core.errors import NotARepository, NotCanonical, Problem
    from bot.core.lockfile import fmt
    from bot.core.proposal import LOCK

    worktree = Worktree.here()
    text = worktree.read_lock()
    if not text and not worktree.lock.exists():
        missing = Problem(what="it is not there", remedy="run `lockstep init`", file=LOCK)
        raise NotARepository(missing)
    written = fmt(text, LOCK)
    if written == text:
        click.echo(f"{LOCK} is canonical")
        return
    line = _first_difference(text, written)
    if check:
        remedy = "run `lockstep fmt`"
        raise NotCanonical(
            Problem(what="the lock is not canonical", remedy=remedy, file=LOCK, line=line, column=1)
        )
    worktree.write_lock(written, over=text)
    click.echo(f"{LOCK} is canonical now; the first change is in line {line}")


def _first_difference(one: bytes, other: bytes) -> int:
    """Return the first line, from 1, in which two texts differ."""
    here, there = one.splitlines(keepends=True), other.splitlines(keepends=True)
    same = (
        number for number, pair in enumerate(zip(here, there, strict=False)) if pair[0] != pair[1]
    )
    return next(same, min(len(here), len(there))) + 1
