"""The evidence of a report: keys, policies, data and versions, and the line a machine reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.case import fold_keys
from bot.report.change import change, short
from bot.report.headline import Kind, kind
from bot.report.values import Fact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.core.decision import Decision
    from bot.core.proposal import Proposal
    from bot.core.trial import Judgement

FORMAT = 1
"""Version of the marker's content."""


def evidence(judgements: Sequence[Judgement], proposal: Proposal, version: str) -> tuple[Fact, ...]:
    """List what the verdicts rest on, most telling first."""
    facts = {Fact(name="evidence key", value=_key(judgements)): None} if judgements else {}
    trials = [judgement.trial for judgement in judgements]
    for trial in trials:
        facts[Fact(name=f"policy {trial.policy}", value=trial.policy_digest)] = None
    for case in (trial.case for trial in trials if trial.case):
        for name, dataset in sorted(case.data.items()):
            facts[Fact(name=f"data {name} ({dataset.uri})", value=dataset.digest)] = None
    if proposal.head is not None:
        facts[Fact(name="judged lock", value=proposal.head.oid)] = None
    facts[Fact(name="base", value=f"{proposal.branch} {proposal.base_sha}".strip())] = None
    facts[Fact(name="lockstep", value=version)] = None
    for trial in (trial for trial in trials if trial.case and len(trials) > 1):
        about = change(trial).subject.replace("`", "")
        key = trial.case.key if trial.case else ""
        facts[Fact(name=f"evidence key of {about}", value=key)] = None
    return tuple(facts)


def footer(judgements: Sequence[Judgement], proposal: Proposal, version: str) -> tuple[str, ...]:
    """Say in one line which states were judged, by what, and when."""
    key = _key(judgements)
    base = proposal.base_sha[:7]
    states: tuple[str, ...] = (f"Head {proposal.head_sha[:7]}", f"{proposal.branch} {base}".strip())
    if proposal.request.number is None:
        states = (f"Working tree against {base}",)
    return (
        *states,
        *((f"evidence {short(key)}",) if key else ()),
        f"lockstep {version}",
        f"{proposal.now:%Y-%m-%d %H:%M} UTC",
        *(("edited in place",) if proposal.request.number is not None else ()),
    )


def marker(
    decision: Decision, judgements: Sequence[Judgement], proposal: Proposal, version: str
) -> Mapping[str, str | int]:
    """Collect what a machine may read from the first line; it is never evidence."""
    sort = kind(decision, judgements)
    verdict = {Kind.REFUSED: "refused", Kind.NOTHING: "nothing"}.get(sort, decision.state)
    return {
        "v": FORMAT,
        "pr": proposal.request.number or 0,
        "head": proposal.head_sha,
        "base": proposal.base_sha,
        "lock": proposal.head.oid if proposal.head else "",
        "key": _key(judgements),
        "ruling": decision.ruling.value,
        "verdict": verdict,
        **({"waiting": " ".join(_kinds(decision))} if decision.waiting else {}),
        "evaluated_at": f"{proposal.now:%Y-%m-%dT%H:%M:%SZ}",
        "bot": version,
    }


def _kinds(decision: Decision) -> list[str]:
    return [wait.kind.value.replace(" ", "-") for wait in decision.waiting]


def _key(judgements: Sequence[Judgement]) -> str:
    cases = (judgement.trial.case for judgement in judgements)
    return fold_keys(case.key for case in cases if case)
