"""`lockstep release`: let a version that was rolled back be proposed again, or end a hold."""

from __future__ import annotations

import click

from bot.cli.arguments import LINE, MODEL, STAGE, VERSION, by_option, proposal_options


@click.command(
    "release",
    epilog='Example: lockstep release credit-risk 4 --reason "the feed was broken, not 4" --pr',
    short_help="Let a version be proposed again, or end a hold.",
)
@click.argument("model", type=MODEL)
@click.argument("version", type=VERSION, required=False)
@click.option("--stage", type=STAGE, help="End the hold on this stage instead.")
@click.option("--reason", type=LINE, required=True, help="Why.")
@by_option
@proposal_options
def command(
    *,
    model: str,
    version: str | None,
    stage: str | None,
    reason: str,
    by: str | None,
    pr: bool,
    as_json: bool,
    forge: str | None,
    repo: str | None,
) -> None:
    """Let VERSION of MODEL, which was rolled back, be proposed again; or end a hold.

    Holds on VERSION alone end with its release.  A release promotes nothing and lands before the
    promotion that needs it, in a pull request of its own, so that a person decides on it.
    """
    from bot.cli.bench import Bench, Change, report
    from bot.cli.edit import freed, opened
    from bot.core.lock import Release

    if (version is None) == (stage is None):
        raise click.UsageError("name a VERSION that was rolled back, or a --stage that is held")
    bench = Bench.here(pr=pr, forge=forge, repo=repo)
    draft = bench.draft(model)
    if stage is not None:
        edited, title = opened(draft, stage), f"End the hold on {stage} of {model}"
    else:
        edited = freed(draft, str(version), Release(reason=reason, by=bench.by(by)))
        title = f"Release {model} {version}"
    change = Change(
        draft=draft,
        model=edited,
        title=title,
        words=(model, version or stage or "", "release"),
        reason=reason,
    )
    pull = bench.land(change, bench.policy(model))
    report(change, pull, as_json=as_json, version=version, stage=stage)
