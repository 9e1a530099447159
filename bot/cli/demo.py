"""`lockstep demo`: play the worked example on this machine, with real git and real models."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click


@click.command(epilog="Example: lockstep demo --folder flights")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to build the example.  [default: a new temporary folder]",
)
def command(folder: Path | None) -> None:
    """Play the worked example from first champion to rollback; no account, no network.

    A bare git repository stands in for GitHub.  Six pull requests are opened, judged, merged or
    refused by the same code that runs on GitHub.
    """
    from bot.cli.stage import Stage

    if folder is not None and folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"{folder} is not empty; name a new folder")
    place = folder or Path(tempfile.mkdtemp(prefix="lockstep-demo-"))
    place.mkdir(parents=True, exist_ok=True)
    Stage(place.resolve()).play()
