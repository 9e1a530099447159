"""The command line: parses, wires, exits; no decisions.

Verbs are imported when they are called, so that `--help` starts at once.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

from bot import __version__

VERBS = {
    "init": "Write a first lock and policy.",
    "check": "Judge the lock of the working tree.",
    "register": "Add a version to the lock.",
    "promote": "Let a version serve a stage, in the lock.",
    "rollback": "Return a stage to an earlier champion, in the lock.",
    "hold": "Keep a stage, or one version, from being promoted.",
    "release": "Let a version be proposed again, or end a hold.",
    "evaluate": "Judge a pull request, report, and merge it if it may.",
    "status": "Show which version serves each stage, and since when.",
    "log": "Show the history of the lock, one transition a line.",
    "fmt": "Write the lock in its canonical form.",
    "schema": "Print the JSON Schema of a policy or a lock.",
    "merge-driver": "Merge two locks by meaning; git calls it.",
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
    10 to 18 input that was refused, 20 to 41 evidence that could not be had, 75 try again.
    """


def main() -> None:
    """Run a verb; what a user can cause ends in a sentence and an exit code."""
    from bot.core.errors import Stop

    try:
        root.main(prog_name="lockstep", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
    except Stop as stop:
        click.echo(str(stop), err=True)
        sys.exit(stop.exit_code)
