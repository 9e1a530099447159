"""A plan sets every transition on trial: which policy, which gates, against whom."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from bot.core.case import Case, Contender
from bot.core.errors import ForbiddenChange, Problem
from bot.core.fasttrack import FastTrack
from bot.core.policyfile import policy_for
from bot.core.transition import (
    Exposure,
    Hold,
    Promotion,
    Registration,
    Release,
    Retirement,
    Rewiring,
    Rollback,
    reigns,
)
from bot.core.trial import Asked, Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from bot.core.lock import Model
    from bot.core.policyfile import Policy
    from bot.core.transition import Past, Transition
    from bot.core.trial import Question
    from bot.core.verdict import Override

FAST_LANE = ("artifact", "unsafe_code", "loads", "schema")
"""What a rollback is asked: the version exists, hashes, loads and speaks the same schema."""

UNDECIDED = "every gate only observes, so a person decides"


@dataclass(frozen=True, slots=True, kw_only=True)
class Court:
    """Everything besides the transitions that a plan rests on."""

    base: Mapping[str, Model]
    head: Mapping[str, Model]
    """The changed models, before and after."""
    past: Past
    policies: Sequence[Policy]
    repository: str
    version: str
    """Version of Lockstep; another version is another evidence key."""
    today: date
    gate: Callable[[str, Mapping[str, object]], Question]
    """Build a gate from its name and settings."""
    overrides: tuple[Override, ...] = ()
    """What people took upon themselves, for this head."""
    person: str = ""
    """Why a person must approve of the whole request, where one must."""


def plan(changes: Sequence[Transition], court: Court) -> tuple[Trial, ...]:
    """Set each transition on trial, in order.

    Raises:
        PolicyMissing: not exactly one policy matches a changed model.
        ForbiddenChange: a promotion skips a rung that the policy does not let it skip.
    """
    trials = (_trial(one, policy_for(one.model, court.policies), court) for one in changes)
    return tuple(replace(one, needs_person=one.needs_person or court.person) for one in trials)


def _trial(  # noqa: PLR0911 -- one arm for each transition
    change: Transition, policy: Policy, court: Court
) -> Trial:
    match change:
        case Registration():
            contender = Contender(version=change.version, entry=change.entry)
            return _guarded(change, policy, court, contender, None, policy.gates("registration"))
        case Promotion():
            return _promotion(change, policy, court)
        case Rollback():
            return _rollback(change, policy, court)
        case Exposure():
            return _exposure(change, policy, court)
        case Hold():
            whole = change.stage is not None and change.hold.version is None
            person = "a person confirms that a whole stage is held" if whole else ""
            return _settled(change, policy, "a hold only restricts", person)
        case Retirement():
            return _settled(
                change,
                policy,
                "a retirement only restricts",
                "a person confirms that a version is taken out of service",
            )
        case Release():
            return _settled(
                change,
                policy,
                "a release promotes nothing by itself",
                "a person lets a version that was rolled back be proposed again",
            )
        case Rewiring():
            return Trial(
                case=None,
                transition=change,
                asked=(),
                policy=policy.path,
                policy_digest=policy.digest,
            )
        case _:
            assert_never(change)


def _settled(change: Transition, policy: Policy, settled: str, person: str = "") -> Trial:
    return Trial(
        case=None,
        transition=change,
        asked=(),
        policy=policy.path,
        policy_digest=policy.digest,
        settled=settled,
        needs_person=person,
    )


def _promotion(change: Promotion, policy: Policy, court: Court) -> Trial:
    challenger = _contender(change.challenger, court.head[change.model])
    champion = _champion(change, court)
    skipped = _skipped(change, policy, court)
    asked = policy.gates(change.stage)
    if champion is None:
        asked = tuple(ask for ask in asked if not ask.compares) if policy.gates("opening") else ()
        asked += policy.gates("opening")
    if skipped:
        asked += (_fast_track(policy, skipped),)
    trial = _guarded(change, policy, court, challenger, champion, asked)
    return replace(trial, cold_start=champion is None)


def _champion(change: Promotion, court: Court) -> Contender | None:
    """Name who is to be beaten: the holder of the stage, else the last one who held it.

    A stage that was vacated is no cold start: emptying it must not spare the comparison.
    """
    if change.champion is not None:
        return _contender(change.champion, court.base[change.model])
    for reign in reigns(court.past, change.model, change.stage):
        for landing in court.past.of(change.model):
            if reign.version in landing.model.versions:
                return _contender(reign.version, landing.model)
    return None


def _rollback(change: Rollback, policy: Policy, court: Court) -> Trial:
    restored = _contender(change.restored, court.head[change.model])
    champion = _contender(change.champion, court.base[change.model])
    asked = tuple(
        _built_in(name, policy, court) for name in FAST_LANE if policy.data or name != "schema"
    )
    return replace(_guarded(change, policy, court, restored, champion, asked), fast_lane=True)


def _exposure(change: Exposure, policy: Policy, court: Court) -> Trial:
    if change.after <= change.before:
        return _settled(change, policy, "less traffic only lowers exposure")
    head = court.head[change.model]
    serving = head.stages.get(policy.ladder[-1])
    champion = None if serving is None else _contender(serving, head)
    challenger = _contender(head.stages[change.stage], head)
    return _guarded(change, policy, court, challenger, champion, policy.gates(change.stage))


def _guarded(
    change: Transition,
    policy: Policy,
    court: Court,
    challenger: Contender,
    champion: Contender | None,
    asked: tuple[Asked, ...],
) -> Trial:
    """Build a trial whose gates see one case."""
    case = Case(
        transition=change,
        model=change.model,
        challenger=challenger,
        champion=champion,
        data=policy.data,
        artifacts=policy.artifacts,
        sandbox=policy.sandbox,
        key=_key(change, policy, court, challenger, champion),
    )
    # What lets a promotion skip rungs is proved or not; nothing stands in for it.
    permitted = tuple(
        replace(ask, hard=True)
        if isinstance(ask.gate, FastTrack)
        else replace(
            ask,
            waived=policy.waiver(ask.name, change.model, court.today),
            overridden=_override(ask, case.key, court),
        )
        for ask in asked
    )
    return Trial(
        case=case,
        transition=change,
        asked=permitted,
        policy=policy.path,
        policy_digest=policy.digest,
        needs_person=UNDECIDED if asked and all(ask.observe for ask in asked) else "",
    )


def _override(ask: Asked, key: str, court: Court) -> Override | None:
    """Find an override of a gate, by its name or its title, on exactly this evidence."""
    fitting = (one for one in court.overrides if one.gate in (ask.name, ask.gate.title))
    return next((one for one in fitting if key in one.keys), None)


def _skipped(change: Promotion, policy: Policy, court: Court) -> tuple[str, ...]:
    """Return the rungs that a promotion skips, or refuse it.

    Raises:
        ForbiddenChange: a rung below was never held, and no fast track may skip it.
    """
    if change.stage not in policy.ladder:
        raise _forbidden(
            f"{policy.path} has no stage {change.stage} on its ladder",
            f"its rungs are {', '.join(policy.ladder)}",
        )
    below = policy.ladder[: policy.ladder.index(change.stage)]
    held = [index for index, rung in enumerate(below) if _has_held(change, rung, court)]
    skipped = below[held[-1] + 1 if held else 0 :]
    fast = policy.promotion.fast_track
    if not skipped or (fast and set(skipped) <= set(fast.skip) and change.champion is not None):
        return skipped
    raise _forbidden(
        f"{change.model} {change.challenger} would skip {', '.join(skipped)} on its way to "
        f"{change.stage}",
        f"promote it to {skipped[0]} first",
    )


def _has_held(change: Promotion, rung: str, court: Court) -> bool:
    base = court.base.get(change.model)
    if base is not None and base.stages.get(rung) == change.challenger:
        return True
    return any(
        reign.version == change.challenger for reign in reigns(court.past, change.model, rung)
    )


def _fast_track(policy: Policy, skipped: tuple[str, ...]) -> Asked:
    proof = policy.fast_track
    assert proof is not None, "it let a rung be skipped"  # noqa: S101 -- narrows a type
    return replace(proof, gate=FastTrack(proof.gate, skipped))


def _built_in(name: str, policy: Policy, court: Court) -> Asked:
    """Ask a gate of the fast lane as the policy configures it, else with its defaults."""
    for ask in policy.every_gate():
        if ask.name == name:
            return replace(ask, observe=False)
    data = {"data": next(iter(policy.data))} if name == "schema" else {}
    return Asked(name=name, gate=court.gate(name, data), place=f"{policy.path} (fast lane)")


def _contender(version: str, model: Model) -> Contender:
    return Contender(version=version, entry=model.versions[version])


def _forbidden(what: str, remedy: str) -> ForbiddenChange:
    return ForbiddenChange(Problem(what=what, remedy=remedy, file="models.lock"))


def _key(
    change: Transition,
    policy: Policy,
    court: Court,
    challenger: Contender,
    champion: Contender | None,
) -> str:
    """Name the evidence: everything that a verdict depends on (DESIGN §7)."""
    parts = {
        "repository": court.repository,
        "transition": type(change).__name__,
        "stage": getattr(change, "stage", None),
        "challenger": challenger.entry.model_dump(mode="json"),
        "champion": champion.entry.model_dump(mode="json") if champion else None,
        "policy": policy.digest,
        "data": {name: data.digest for name, data in policy.data.items()},
        "lockstep": court.version,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
