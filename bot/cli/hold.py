"""`lockstep hold`: keep a stage, or one version, from being promoted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.cli.arguments import (
    LINE,
    MODEL,
    STAGE,
    VERSION,
    Calendar,
    by_option,
    proposal_options,
)

if TYPE_CHECKING:
    from datetime import date


@click.command(
    "hold",
    epilog='Example: lockstep hold credit-risk production --reason "audit" --until 2026-12-01 --pr',
    short_help="Keep a stage, or one version, from being promoted.",
)
@click.argument("model", type=MODEL)
@click.argument("stage", type=STAGE)
@click.option("--reason", type=LINE, required=True, help="Why.")
@click.option("--version", type=VERSION, help="Hold this version alone; others may pass.")
@click.option("--until", type=Calendar(), metavar="DAY", help="Last day.  Default: no end.")
@by_option
@proposal_options
def command(
    *,
    model: str,
    stage: str,
    reason: str,
    version: str | None,
    until: date | None,
    by: str | None,
    pr: bool,
    as_json: bool,
    forge: str | None,
    repo: str | None,
) -> None:
    """Let nothing, or not one version, be promoted to STAGE of MODEL; rollbacks still pass."""
    from bot.cli.bench import Bench, Change, report
    from bot.cli.edit import held
    from bot.core.lock import Hold

    bench = Bench.here(pr=pr, forge=forge, repo=repo)
    draft = bench.draft(model)
    edited = held(draft, stage, Hold(reason=reason, by=bench.by(by), until=until, version=version))
    policy = bench.policy(model)
    bench.stage(policy, stage)
    what = f"{model} {version}" if version else model
    change = Change(
        draft=draft,
        model=edited,
        title=f"Hold {what} at {stage}",
        words=(model, version or "", stage, "hold"),
        reason=reason,
    )
    report(change, bench.land(change, policy), as_json=as_json, stage=stage, version=version)
