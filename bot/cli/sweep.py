"""`lockstep sweep`: find what events missed, among all open pull requests and landed commits."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.arguments import json_option
from bot.cli.forges import forge_option, open_forge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.world.forge import Forge
    from bot.world.repository import Repository
    from bot.world.sweep import Due, Plan

MOST_JOBS = 200
"""Requests that one workflow's matrix takes; the next sweep finds the rest."""


@click.command(
    "sweep",
    epilog="Example: lockstep sweep --act --repo acme/models",
    short_help="Find open pull requests to judge that no event told of.",
)
@click.option("--act", is_flag=True, help="Judge what is found, one after the other.")
@click.option("--forks", is_flag=True, help="Judge requests from forks as well.")
@forge_option
@json_option
def command(*, act: bool, forks: bool, forge: str | None, repo: str | None, as_json: bool) -> None:
    """Find open pull requests whose verdict is missing, or rests on what moved since.

    Landings that were not sealed are, and the guard looks at the default branch.  All open
    requests are surveyed at one question for fifty; what moved is read from git.  In a workflow
    the output `plan` names what is to be judged.
    """
    from bot.cli import outcome
    from bot.cli.evaluate import here
    from bot.world.github_zones import Zone
    from bot.world.guard import Guard
    from bot.world.repository import Repository
    from bot.world.sweep import planned

    chosen = open_forge(forge, repo, origin=here(), zone=Zone.SWEEP)
    say = outcome.progress()
    with tempfile.TemporaryDirectory(prefix="lockstep-") as folder:
        clone = Repository.create(Path(folder), chosen.git_environment())
        branch = chosen.default_branch()
        guarded = Guard(chosen, clone, branch, say).walk()
        if guarded.tip is None:
            raise click.UsageError(f"{chosen.slug()} has no branch {branch} yet")
        plan = planned(chosen, clone, branch, forks=forks, say=say)
        _to_workflow(plan.due)
        ends = _judged(plan.due, chosen, clone, say) if act else {}
    if as_json:
        from bot.cli import guard, show

        show.as_json(_told(plan, ends) | {"guard": guard.told(guarded)})
    else:
        from bot.cli import guard

        guard.print_walk(guarded)
        _print(plan, ends)


def _to_workflow(due: Sequence[Due]) -> None:
    from bot.cli import workflow

    rows: list[dict[str, int | str]] = [
        {"number": one.number, "head": one.head} for one in due[:MOST_JOBS]
    ]
    workflow.matrix("plan", rows)


def _judged(
    due: Sequence[Due], forge: Forge, clone: Repository, say: Callable[[str], None]
) -> dict[int, str]:
    """Judge some requests; what becomes of one does not keep the others from it."""
    from bot.cli.evaluate import carry
    from bot.core.errors import Stop
    from bot.world.here import Hosted

    ends = {}
    for at, one in enumerate(due, 1):
        say(f"{at:,} of {len(due):,}: pull request {one.number}, {one.why}")
        try:
            world = Hosted(forge=forge, repository=clone, say=say)
            conclusion = carry(one.number, world)
        except Stop as stop:
            ends[one.number] = f"stopped: {str(stop).splitlines()[0]}"
            continue
        landed = world.performed.landed
        ruling = conclusion.decision.ruling.value
        ends[one.number] = f"landed as {landed[:12]}" if landed else ruling
    return ends


def _told(plan: Plan, ends: dict[int, str]) -> dict[str, Any]:
    return {
        "branch": plan.branch,
        "open": plan.open,
        "forks": list(plan.forks),
        "evaluate": [
            {"number": one.number, "head": one.head, "why": one.why}
            | ({"became": ends[one.number]} if one.number in ends else {})
            for one in plan.due
        ],
    }


def _print(plan: Plan, ends: dict[int, str]) -> None:
    from bot.cli import show

    if plan.due:
        rows = [
            [str(one.number), one.head[:10], one.why, *([ends[one.number]] if ends else [])]
            for one in plan.due
        ]
        show.table(["REQUEST", "HEAD", "WHY", *(["BECAME"] if ends else [])], rows)
    forks = f", {len(plan.forks):,} from forks left alone" if plan.forks else ""
    click.echo(f"{plan.open:,} open requests, {len(plan.due):,} to judge{forks}")
    if plan.due and not ends:
        click.echo("judge them: lockstep sweep --act")
