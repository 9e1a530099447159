"""`lockstep promote`: let a version serve a stage, in the lock."""

from __future__ import annotations

import click

from bot.cli.arguments import MODEL, STAGE, VERSION, proposal_options


@click.command(
    "promote",
    epilog="Example: lockstep promote credit-risk 4 staging --pr",
    short_help="Let a version serve a stage, in the lock.",
)
@click.argument("model", type=MODEL)
@click.argument("version", type=VERSION)
@click.argument("stage", type=STAGE)
@proposal_options
def command(
    *,
    model: str,
    version: str,
    stage: str,
    pr: bool,
    as_json: bool,
    forge: str | None,
    repo: str | None,
) -> None:
    """Let VERSION of MODEL serve STAGE, in models.lock.

    Nothing is promoted by this: the edit is judged when it is proposed.  Without --pr the lock of
    the working tree is edited; with --pr a pull request is opened from the default branch.
    """
    from bot.cli.bench import Bench, Change, report
    from bot.cli.edit import promoted

    bench = Bench.here(pr=pr, forge=forge, repo=repo)
    draft = bench.draft(model)
    champion = draft.known.stages.get(stage)
    edited = promoted(draft, version, stage)
    policy = bench.policy(model)
    bench.stage(policy, stage)
    change = Change(
        draft=draft,
        model=edited,
        title=f"Promote {model} {version} to {stage}",
        words=(model, version, stage),
    )
    pull = bench.land(change, policy)
    report(change, pull, as_json=as_json, version=version, stage=stage, champion=champion)
