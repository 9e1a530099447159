"""`lockstep rollback`: return a stage to an earlier champion, in the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.cli.arguments import LINE, MODEL, STAGE, VERSION, by_option, proposal_options

if TYPE_CHECKING:
    from bot.cli.bench import Bench
    from bot.cli.edit import Draft
    from bot.core.errors import Refusal
    from bot.core.policyfile import Policy


@click.command(
    "rollback",
    epilog='Example: lockstep rollback credit-risk --reason "late labels, AUC 0.61" --pr',
    short_help="Return a stage to an earlier champion, in the lock.",
)
@click.argument("model", type=MODEL)
@click.option("--stage", type=STAGE, help="Default: the last rung of the policy's ladder.")
@click.option("--to", "target", type=VERSION, help="Default: the champion before this one.")
@click.option("--reason", type=LINE, default="rolled back", show_default=True, help="Why.")
@by_option
@proposal_options
def command(
    *,
    model: str,
    stage: str | None,
    target: str | None,
    reason: str,
    by: str | None,
    pr: bool,
    as_json: bool,
    forge: str | None,
    repo: str | None,
) -> None:
    """Return a stage of MODEL to an earlier champion, and hold the version that leaves there.

    Where the whole stage is held already, that hold stays as it is.  The version that leaves
    cannot be proposed again until a person releases it.  A rollback
    takes the fast lane: the earlier version must exist, hash, load and speak the same schema.
    `git revert` of the promotion does the same, without the hold.
    """
    from bot.cli.bench import Bench, Change, report
    from bot.cli.edit import rolled_back
    from bot.core.lock import Hold

    bench = Bench.here(pr=pr, forge=forge, repo=repo)
    draft = bench.draft(model)
    served = draft.known.stages
    policy = bench.policy(model)
    stage = bench.stage(policy, stage or policy.ladder[-1])
    leaving = served.get(stage)
    if leaving is None:
        raise _unserved(draft, stage)
    restored = target or _before(bench, draft, stage, policy)
    hold = Hold(reason=reason, by=bench.by(by), version=leaving)
    change = Change(
        draft=draft,
        model=rolled_back(draft, stage, restored, hold),
        title=f"Roll {model} back to {restored} in {stage}",
        words=(model, restored, stage, "rollback"),
        reason=reason,
    )
    pull = bench.land(change, policy)
    report(change, pull, as_json=as_json, version=restored, stage=stage, champion=leaving)


def _unserved(draft: Draft, stage: str) -> Refusal:
    from bot.core.errors import ForbiddenChange

    served = ", ".join(draft.known.stages) or "none"
    what = f"nothing serves {stage} of {draft.name}"
    remedy = f"name another stage with --stage; served: {served}"
    return draft.refusal(ForbiddenChange, what, remedy, "stages")


def _before(bench: Bench, draft: Draft, stage: str, policy: Policy) -> str:
    """Return the champion before this one, from the landed history.

    Raises:
        ForbiddenChange: there is none to return to.
    """
    from bot.core.errors import ForbiddenChange
    from bot.core.history import past
    from bot.core.reign import reigns, restorable

    window = policy.head.rollback.window
    row = reigns(past(draft.name, bench.snapshots(draft.name)), draft.name, stage)
    back = restorable(row, draft.known.stages[stage], window)
    kept = [one for one in back if one in draft.known.versions and one not in draft.known.retired]
    if kept:
        return kept[0]
    raise draft.refusal(
        ForbiddenChange,
        f"{stage} of {draft.name} has no earlier champion to return to",
        "name a version with --to; it is then judged as a promotion",
        "stages",
        stage,
    )
