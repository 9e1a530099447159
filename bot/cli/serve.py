"""`lockstep serve`: carry what GitHub delivers, without Actions."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.arguments import Matching

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRET = "LOCKSTEP_WEBHOOK_SECRET"  # noqa: S105 -- the name of a variable
REPOSITORY = Matching(
    "repository", r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}/[A-Za-z0-9._-]{1,100}", "write owner/name"
)
LISTEN = Matching(
    "address", r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}", "write 127.0.0.1:8080"
)
DURATION = Matching("duration", r"[0-9]{1,6}(s|m|h)|0", "write 30m, 45s, 2h, or 0 for never")
SECONDS = {"s": 1, "m": 60, "h": 3600}
MOST_WORKERS = 32
"""Well below the hundred requests at once that GitHub allows."""


@click.command(epilog="Example: lockstep serve --repo acme/models --secret-file webhook.secret")
@click.option(
    "--repo",
    "repositories",
    type=REPOSITORY,
    multiple=True,
    required=True,
    metavar="OWNER/NAME",
    help="A repository to serve; say it again for more.  No other one is ever acted on.",
)
@click.option(
    "--secret-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"Secrets of the webhook, one a line; several while one is rotated.  Default: ${SECRET}.",
)
@click.option("--listen", type=LISTEN, default="127.0.0.1:8080", show_default=True)
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    envvar=["LOCKSTEP_STATE", "STATE_DIRECTORY"],
    default=Path("lockstep-state"),
    show_default=True,
    help="Folder of the queue, the deliveries and the caches; kept between runs.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, MOST_WORKERS),
    default=2,
    show_default=True,
    help="Jobs at once, each in a process of its own.",
)
@click.option(
    "--queue",
    "most",
    type=click.IntRange(1, 100_000),
    default=1_000,
    show_default=True,
    help="Jobs that may wait; when they do, deliveries are answered 503.",
)
@click.option(
    "--forks", is_flag=True, help="Judge requests from forks before a writer asks for it."
)
@click.option("--sweep", type=DURATION, default="30m", show_default=True, help="Between sweeps.")
@click.option("--job", type=DURATION, default="30m", show_default=True, help="Most a job may take.")
@click.option(
    "--grace", type=DURATION, default="60s", show_default=True, help="For running jobs, at a stop."
)
def command(
    repositories: tuple[str, ...],
    secret_file: Path | None,
    listen: str,
    state: Path,
    workers: int,
    most: int,
    forks: bool,
    **durations: str,
) -> None:
    """Take GitHub's webhooks at /webhook and carry what they ask for.

    Every job is a verb of this program in a process of its own: `evaluate`, `command`, `guard` or
    `sweep`.  GitHub is spoken to with the same environment as by those verbs: an app's
    LOCKSTEP_APP_ID and key, or GITHUB_TOKEN, and GITHUB_API_URL for an Enterprise server.
    SIGTERM stops it: running jobs end in their grace time or are given back to the queue.
    """
    serve, setting, journal, terms = _parts()
    secrets = _secrets(secret_file)
    host, _, port = listen.rpartition(":")
    if int(port) > 65_535:
        raise click.UsageError(f"there is no port {port}; use 1 to 65535, or 0 for a free one")
    environment = _environment(state.absolute())
    serve(
        setting(
            host=host.strip("[]"),
            port=int(port),
            folder=state.absolute(),
            repositories=tuple(dict.fromkeys(repositories)),
            secrets=secrets,
            # Where a job works there are files of others; none of them is ever imported.
            verb=(sys.executable, "-P", "-m", "bot"),
            environment=environment,
            most=most,
            terms=terms(
                workers=workers,
                forks=forks,
                sweep_s=_seconds(durations["sweep"]),
                job_s=_seconds(durations["job"]) or _seconds("24h"),
                grace_s=_seconds(durations["grace"]),
            ),
        ),
        journal(secrets, environment),
    )


def _parts() -> tuple[Any, Any, Any, Any]:
    """Import the server, which is an extra.

    Raises:
        click.UsageError: it is not installed.
    """
    try:
        from bot.serve.crew import Terms
        from bot.serve.journal import Journal, forms, secret_values
        from bot.serve.running import Setting, serve
    except ModuleNotFoundError as missing:
        raise click.UsageError(
            f"this installation cannot serve, {missing.name} is missing; "
            "install it: pip install 'lockstep-bot[serve]'"
        ) from None

    def journal(secrets: tuple[bytes, ...], environment: Mapping[str, str]) -> Journal:
        hidden = [*(one.decode() for one in secrets), *secret_values(environment)]
        return Journal(forms(hidden))

    return serve, Setting, journal, Terms


def _secrets(file: Path | None) -> tuple[bytes, ...]:
    from bot.serve.signature import secrets_of

    if file is None:
        return secrets_of(os.environ.get(SECRET, ""))
    try:
        return secrets_of(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{file} cannot be read ({type(error).__name__})") from None


def _environment(state: Path) -> dict[str, str]:
    """Choose what jobs are told: all of ours but what only the door needs to know."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(SECRET)}
    # The code that runs is the server's, wherever a job's folder is.
    root = str(Path(__file__).resolve().parent.parent.parent)
    paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {
        "LOCKSTEP_CACHE": str(state / "cache"),
        **ours,
        "PYTHONPATH": os.pathsep.join(paths),
        "GIT_PYTHON_REFRESH": "quiet",
    }


def _seconds(text: str) -> float:
    match = re.fullmatch(r"([0-9]+)([smh]?)", text)
    assert match is not None, "the option was checked"  # noqa: S101 -- narrows
    return float(match[1]) * SECONDS.get(match[2], 1)
