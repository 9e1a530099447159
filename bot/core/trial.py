"""A trial is a transition with its gates; a judgement is a trial with its verdicts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from bot.core.errors import Fault
from bot.core.evidence import Absent, EvidenceMissing
from bot.core.verdict import Outcome, Verdict, worst

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.core.case import Case
    from bot.core.evidence import Evidence, Need
    from bot.core.transition import Transition
    from bot.core.verdict import Override, Waiver

INTEGRITY = ("artifact", "unsafe_code")
"""Gates that nobody may override: whether the bytes are what they are said to be, and are safe."""


class Question(Protocol):
    """What a trial asks: a gate, as far as core needs to know it."""

    @property
    def title(self) -> str:
        """Name the gate with its subject."""

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Say which questions must be answered first."""

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """Answer from the evidence alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One gate as a policy asks it."""

    name: str
    gate: Question
    place: str
    """`policies/x.yaml:12:7`."""
    compares: bool = False
    """It asks for a champion, so it cannot open a stage."""
    observe: bool = False
    waived: Waiver | None = None
    hard: bool = False
    """The policy lets nobody override it."""
    overridden: Override | None = None

    @property
    def overridable(self) -> bool:
        """Tell whether a person may take it upon themselves that this gate says no."""
        return not self.hard and self.name not in INTEGRITY


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A transition with the gates that guard it."""

    case: Case | None
    """None for transitions that only restrict (a hold) and need no evidence."""
    transition: Transition
    asked: tuple[Asked, ...]
    policy: str
    """File of the policy that asks."""
    policy_digest: str
    fast_lane: bool = False
    """A rollback: integrity only, and exempt from freezes."""
    cold_start: bool = False
    """There is no champion yet."""
    needs_person: str = ""
    """Why a person must approve before this merges, whatever the policy's merge mode."""
    settled: str = ""
    """Why nothing has to be asked at all; empty means gates are required."""

    @property
    def needs(self) -> frozenset[Need[Any]]:
        """Every question of every gate."""
        if self.case is None:
            return frozenset()
        return frozenset(need for ask in self.asked for need in ask.gate.needs(self.case))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A trial with its verdicts, in the order the policy asks."""

    trial: Trial
    verdicts: tuple[Verdict, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst verdict that counts; nothing asked is ERRORED unless nothing had to be."""
        if self.trial.settled:
            return Outcome.PASSED
        return worst(verdict.counts for verdict in self.verdicts)


def needs_of(trials: Iterable[Trial]) -> frozenset[Need[Any]]:
    """Every question of every trial, each once."""
    return frozenset(need for trial in trials for need in trial.needs)


def judge(trials: Iterable[Trial], evidence: Evidence) -> tuple[Judgement, ...]:
    """Answer every trial from the evidence; the same evidence gives the same verdicts."""
    return tuple(Judgement(trial=trial, verdicts=_verdicts(trial, evidence)) for trial in trials)


def _verdicts(trial: Trial, evidence: Evidence) -> tuple[Verdict, ...]:
    if trial.settled:
        return ()
    if trial.case is None or not trial.asked:
        return (_unguarded(trial),)
    return tuple(_verdict(ask, trial.case, evidence) for ask in trial.asked)


def _verdict(ask: Asked, case: Case, evidence: Evidence) -> Verdict:
    try:
        verdict = ask.gate.judge(case, evidence)
    except EvidenceMissing as missing:
        verdict = errored(ask.name, ask.gate.title, _blamed(missing, case))
    waived = ask.waived if verdict.outcome is not Outcome.PASSED else None
    verdict = replace(
        verdict, place=ask.place, observed=ask.observe, waived=waived, hard=not ask.overridable
    )
    # An override is used only where nothing else lets the promotion through.
    used = verdict.counts is not Outcome.PASSED and ask.overridable
    return replace(verdict, overridden=ask.overridden if used else None)


def _blamed(missing: EvidenceMissing, case: Case) -> Absent:
    """Say that it is the champion whose bytes are gone; a promotion then has no way back."""
    gone = missing.absent.fault in (Fault.ARTIFACT_UNREACHABLE, Fault.ARTIFACT_DIGEST)
    champion = case.champion
    if not gone or champion is None:
        return missing.absent
    if getattr(missing.need, "artifact", None) != champion.entry.artifact:
        return missing.absent
    return Absent(
        fault=Fault.CHAMPION_GONE,
        reason=f"the champion {champion.version} cannot be judged: {missing.absent.reason}",
        remedy="bring its bytes back, or roll back to a version whose bytes are there",
    )


def errored(gate: str, title: str, absent: Absent) -> Verdict:
    """Turn absent evidence into a verdict that says why and what to do."""
    return Verdict(
        gate=gate,
        title=title,
        outcome=Outcome.ERRORED,
        because=absent.reason,
        required="evidence",
        remedy=absent.remedy,
        fault=absent.fault,
    )


def _unguarded(trial: Trial) -> Verdict:
    absent = Absent(
        fault=Fault.NO_GATES,
        reason=f"{trial.policy} asks no gate about this transition; nothing asked is not a pass",
        remedy="add gates to the policy in a pull request of its own",
    )
    return errored("policy", "policy", absent)
