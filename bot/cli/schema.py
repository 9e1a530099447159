"""`lockstep schema`: print the JSON Schema of a policy or a lock, for editors."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(
    "schema",
    epilog="Example: lockstep schema policy --write policies/schema.json",
    short_help="Print the JSON Schema of a policy or a lock.",
)
@click.argument("document", type=click.Choice(["policy", "lock"]))
@click.option(
    "--write", type=click.Path(path_type=Path), metavar="FILE", help="Write it there instead."
)
def command(*, document: str, write: Path | None) -> None:
    """Print the JSON Schema (2020-12) of a policy file or of models.lock.

    An editor that knows it completes keys and marks mistakes as they are typed.
    """
    import json

    from bot.gates.describe import lock_schema, policy_schema

    shape = policy_schema() if document == "policy" else lock_schema()
    text = json.dumps(shape, indent=2, ensure_ascii=False) + "\n"
    if write is None:
        click.echo(text, nl=False)
        return
    try:
        write.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.FileError(str(write), hint=error.strerror) from None
    click.echo(f"wrote {write}")
