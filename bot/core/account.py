"""The account of a decision: what a record says and what the landed commit's trailers say."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bot.core.figures import figure
from bot.core.record import FORMAT, Record
from bot.core.transition import Promotion, Registration, Rollback
from bot.core.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.decision import Decision
    from bot.core.proposal import Proposal
    from bot.core.transition import Transition
    from bot.core.trial import Judgement
    from bot.core.verdict import Measure, Override, Verdict
    from bot.core.waiting import Waiting


UNDECIDED = (Outcome.INCONCLUSIVE, Outcome.ERRORED)


def account(
    decision: Decision, judgements: Sequence[Judgement], proposal: Proposal, version: str
) -> Record:
    """Write the record of one decision; JSON values only, floats as they were measured."""
    return Record(
        content={
            "format": FORMAT,
            "at": proposal.now.isoformat(),
            "lockstep": version,
            "repository": proposal.repository,
            "request": {
                "number": proposal.request.number,
                "author": proposal.author,
                "approved_by": list(proposal.standing.approved_by),
                "merge_ordered_by": proposal.standing.merge_ordered_by or None,
            },
            "branch": proposal.branch,
            "base": {"commit": proposal.base_sha, "lock": _oid(proposal, "base")},
            "head": {"commit": proposal.head_sha, "lock": _oid(proposal, "head")},
            "policies": {
                judgement.trial.policy: judgement.trial.policy_digest for judgement in judgements
            },
            "decision": {
                "ruling": decision.ruling.value,
                "outcome": decision.state,
                "because": decision.because,
                "waiting": [_waiting(one) for one in decision.waiting],
                "overrides": [_override(one) for one in decision.overridden],
            },
            "judgements": [_judgement(judgement) for judgement in judgements],
        }
    )


def identity(decision: Decision, judgements: Sequence[Judgement], proposal: Proposal) -> str:
    """Name a decision by what it is about, not by when: the same twice is one record."""
    parts = (
        proposal.repository,
        str(proposal.request.number),
        # People rename their accounts and teams their branches; what was recorded stays as it is.
        proposal.author,
        proposal.branch,
        proposal.head_sha,
        proposal.base_sha,
        _oid(proposal, "head") or "",
        decision.ruling.value,
        # What errs today may pass tomorrow on the same evidence, and that is another decision.
        *((decision.state,) if decision.outcome in UNDECIDED else ()),
        *(judgement.trial.case.key for judgement in judgements if judgement.trial.case),
        *(f"override {override.comment}" for override in decision.overridden),
        # Who answers for it and what it waits for: a record must not go on saying the earlier.
        *sorted(f"approved by {who}" for who in proposal.standing.approved_by),
        f"merge ordered by {proposal.standing.merge_ordered_by}",
        *sorted({f"waits for {one.kind.value}" for one in decision.waiting}),
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def subject(judgements: Sequence[Judgement]) -> str:
    """Say in one line what lands."""
    moves = [_move(judgement.trial.transition) for judgement in judgements]
    # A hold beside a rollback only keeps what was rolled back from coming again.
    minor = ("Register", "Hold of")
    main = [move for move in moves if not move.startswith(minor)] or moves
    return main[0] if len(main) == 1 else f"{main[0]} and {len(main) - 1} more"


def trailers(
    decision: Decision, judgements: Sequence[Judgement], proposal: Proposal
) -> tuple[str, ...]:
    """Write the machine-readable end of the landed commit's message."""
    lines: list[str] = []
    for judgement in judgements:
        lines += _about(judgement.trial.transition)
    lines.append(f"Decision: {decision.ruling.value}")
    lines += [f"Override: {_gate(one)} by {_login(one.by)}" for one in decision.overridden]
    lines += sorted({f"Policy: {judgement.trial.policy_digest}" for judgement in judgements})
    if proposal.request.number is not None:
        lines.append(f"Triggered-by: {proposal.repository}#{proposal.request.number}")
    return tuple(lines)


def _about(change: Transition) -> list[str]:
    lines = [f"Model: {change.model}", f"Transition: {type(change).__name__}"]
    match change:
        case Registration():
            lines.append(f"Challenger: {change.version}")
        case Promotion():
            lines += [
                f"Stage: {change.stage}",
                f"Champion: {change.champion or 'none'}",
                f"Challenger: {change.challenger}",
            ]
        case Rollback():
            lines += [
                f"Stage: {change.stage}",
                f"Champion: {change.champion}",
                f"Challenger: {change.restored}",
                f"Rollback-of: {change.model}@{change.champion}",
            ]
        case _:
            pass
    return lines


def _move(change: Transition) -> str:
    match change:
        case Registration():
            return f"Register {change.model} {change.version}"
        case Promotion():
            return f"Promote {change.model} {change.challenger} to {change.stage}"
        case Rollback():
            return f"Roll {change.model} back to {change.restored} in {change.stage}"
        case _:
            return f"{type(change).__name__} of {change.model}"


def _login(name: str) -> str:
    """Write a login into a commit's message, where an @ would call its owner at every fetch."""
    return re.sub(r"[^A-Za-z0-9._\[\]-]", "", name) or "somebody"


def _gate(override: Override) -> str:
    """Write the name of an overridden gate on one line of plain letters."""
    return re.sub(r"[^A-Za-z0-9_. -]", "", override.gate)


def _waiting(one: Waiting) -> dict[str, str]:
    return {"kind": one.kind.value, "because": one.because, "unblock": one.unblock}


def _override(one: Override) -> dict[str, Any]:
    return {
        "gate": one.gate,
        "by": one.by,
        "reason": one.reason,
        "until": one.until.isoformat(),
        "comment": one.comment,
    }


def _oid(proposal: Proposal, side: str) -> str | None:
    blob = proposal.base if side == "base" else proposal.head
    return None if blob is None else blob.oid


def _judgement(judgement: Judgement) -> dict[str, Any]:
    trial = judgement.trial
    case = trial.case
    return {
        "transition": {"kind": type(trial.transition).__name__, "about": _about(trial.transition)},
        "key": case.key if case else None,
        "challenger": case.challenger.entry.artifact.digest if case else None,
        "champion": case.champion.entry.artifact.digest if case and case.champion else None,
        "data": {name: data.digest for name, data in case.data.items()} if case else {},
        "outcome": judgement.outcome.name.lower(),
        "settled": trial.settled,
        "cold_start": trial.cold_start,
        "fast_lane": trial.fast_lane,
        "verdicts": [_verdict(verdict) for verdict in judgement.verdicts],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "gate": verdict.gate,
        "title": verdict.title,
        "place": verdict.place,
        "outcome": verdict.outcome.name.lower(),
        "because": verdict.because,
        "required": verdict.required,
        "unblock": verdict.unblock,
        "fault": verdict.fault.name.lower() if verdict.fault else None,
        "observed": verdict.observed,
        "waived_by": verdict.waived.by if verdict.waived else None,
        "overridden_by": verdict.overridden.by if verdict.overridden else None,
        "notes": list(verdict.notes),
        "details": list(verdict.details),
        "measured": [_measure(measure) for measure in verdict.measured],
    }


def _measure(measure: Measure) -> dict[str, Any]:
    """Write a measure; what is unbounded is written as text, since JSON has no infinity."""
    return {key: _finite(value) for key, value in asdict(measure).items() if value is not None}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return figure(value)
    return value.name.lower() if hasattr(value, "name") else value
