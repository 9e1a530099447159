"""The command line: parses, wires, exits; no decisions.

Verbs are imported when they are called, so that `--help` starts at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from bot import __version__

ISSUES = "https://github.com/lockstep-bot/lockstep/issues"
STOPPED, PIPE_CLOSED = 130, 141
"""What a shell reports for SIGINT and for SIGPIPE."""
VERBS = {
    "init": "Write a first lock and policy.",
    "check": "Judge the lock of the working tree.",
    "register": "Add a version to the lock.",
    "promote": "Let a version serve a stage, in the lock.",
    "rollback": "Return a stage to an earlier champion, in the lock.",
    "hold": "Keep a stage, or one version, from being promoted.",
    "release": "Let a version be proposed again, or end a hold.",
    "evaluate": "Judge a pull request, report, and merge it if it may.",
    "approve": "Approve of a pull request on a forge in a folder.",
    "comment": "Comment on a pull request, and carry the command in it.",
    "command": "Carry the command of a comment.",
    "predict": "Let the models of a pull request answer, where nothing is trusted.",
    "judge": "Judge a pull request from what its models answered, and report.",
    "land": "Record and merge what was judged, if it still stands.",
    "guard": "Find landed changes of the lock that no decision accounts for.",
    "sweep": "Find open pull requests to judge that no event told of.",
    "status": "Show which version serves each stage, and since when.",
    "log": "Show the history of the lock, one transition a line.",
    "doctor": "Check settings, files, data and the way back.",
    "fmt": "Write the lock in its canonical form.",
    "schema": "Print the JSON Schema of a policy or a lock.",
    "merge-driver": "Merge two locks by meaning; git calls it.",
    "serve": "Carry what GitHub delivers, without Actions.",
    "demo": "Play the worked example from first champion to rollback.",
}
"""Every verb with its one line, in the order of `--help`."""


class Verbs(click.Group):
    """A group that imports a verb when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        """List the verbs in the order a newcomer meets them."""
        return list(VERBS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 -- click's signature
        cmd_name: str,
    ) -> click.Command | None:
        """Import the verb."""
        if cmd_name not in VERBS:
            return None
        module = import_module(f"bot.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Read the command line; `--help` is printed here."""
        with _read():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb."""
        with _read():
            return super().invoke(ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or say which one was probably meant."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], VERBS, n=1)
            hint = f"did you mean '{near[0]}'?" if near else "see `lockstep --help`"
            ctx.fail(f"there is no verb '{args[0]}'; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- click's signature
        """List the verbs without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: lockstep check",
)
@click.version_option(__version__, prog_name="lockstep")
def root() -> None:
    """Promote machine-learning models by pull request, on statistical evidence.

    `models.lock` says which version of each model serves each stage.  A pull request that edits
    it is judged by the gates in `policies/`; `git revert` is rollback.

    Exit codes: 0 passed, 1 a gate said no, 2 wrong command line, 3 too little evidence,
    4 a gate could not be answered, 5 the doctor found something wrong, 10 to 18 input that was
    refused, 20 to 43 evidence that could not be had, 70 a bug, 75 try again, 76 what landed is
    not what was judged, 130 stopped, 141 nobody read the output.
    """


def main() -> None:
    """Run a verb; what a user can cause ends in a sentence and an exit code."""
    code = run(root)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = PIPE_CLOSED
    if code == PIPE_CLOSED:
        # Python flushes once more when it ends; nobody reads that.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if code:
        sys.exit(code)


def run(group: click.Group) -> int:
    """Run a group of verbs on the command line; return the exit code, whatever happens."""
    try:
        return group.main(prog_name="lockstep", standalone_mode=False) or 0
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return STOPPED
    except Exception as error:  # noqa: BLE001 -- a bug ends in a code of its own, never in 1
        return _ended(error)


def _ended(error: Exception) -> int:
    """Say why a verb ended."""
    from bot.core.errors import Stop

    match error:
        case click.ClickException():
            error.show()
            return error.exit_code
        case Stop():
            from bot.report.markdown import on_screen

            # A message may name what an outsider wrote: a branch, a file, a key of a lock.
            for line in str(error).split("\n"):
                click.echo(on_screen(line), err=True)
            return error.exit_code
        case _:
            return _unforeseen(error)


@contextmanager
def _read() -> Iterator[None]:
    """Leave when nobody reads the output; click and rich would leave with 1, as a gate's no."""
    try:
        yield
    except BrokenPipeError:
        raise click.exceptions.Exit(PIPE_CLOSED) from None
    except SystemExit as leaving:
        if isinstance(leaving.__context__, BrokenPipeError):
            raise click.exceptions.Exit(PIPE_CLOSED) from None
        raise


def _unforeseen(error: Exception) -> int:
    """Say that git is missing, or show a bug whole and ask for a report."""
    import shutil
    import traceback

    from bot.core.errors import BUG, NotARepository

    if isinstance(error, ImportError) and shutil.which("git") is None:
        # GitPython looks for git when it is imported.
        click.echo("git cannot be found; install git, or put it on the PATH", err=True)
        return NotARepository.exit_code
    traceback.print_exception(error)
    click.echo(f"this is a bug in Lockstep; please report the lines above: {ISSUES}", err=True)
    return BUG
