"""A decision is what follows from the judgements: merge, hold, refuse or revert."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from bot.core.figures import count
from bot.core.verdict import Bounds, Outcome, worst

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.errors import Refusal
    from bot.core.policy import Freeze
    from bot.core.proposal import Standing
    from bot.core.trial import Judgement

STRICTNESS = ("auto", "approved", "manual")


class Ruling(Enum):
    """The four decisions, and that there is nothing to decide."""

    MERGE = "merge"
    HOLD = "hold"
    REFUSE = "refuse"
    REVERT = "revert"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A ruling with its reason and what it waits for."""

    ruling: Ruling
    because: str
    outcome: Outcome
    """The fold over all transitions; PASSED while a merge only waits for people."""
    waiting: tuple[str, ...] = ()
    """What must happen before this merges, one sentence each."""
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the policies of all judged models say about merging, folded strictest first."""

    merge: str
    freeze: Freeze | None = None


def refuse(refusal: Refusal) -> Decision:
    """Decide about input that cannot be judged at all."""
    return Decision(
        ruling=Ruling.REFUSE,
        because=str(refusal.problems[0]),
        outcome=Outcome.ERRORED,
        refusal=refusal,
    )


def decide(judgements: Sequence[Judgement], standing: Standing, rules: Rules) -> Decision:
    """Fold judgements over the pull request: all or nothing, worst first."""
    if not judgements:
        return Decision(
            ruling=Ruling.NOTHING, because="no promotion in this change", outcome=Outcome.PASSED
        )
    outcome = worst(judgement.outcome for judgement in judgements)
    deciding = _deciding_sentence(judgements, outcome)
    if outcome is Outcome.FAILED:
        return Decision(ruling=Ruling.REFUSE, because=deciding, outcome=outcome)
    if outcome is not Outcome.PASSED:
        return Decision(ruling=Ruling.HOLD, because=deciding, outcome=outcome)
    waiting = _waiting(judgements, standing, rules)
    ruling = Ruling.HOLD if waiting else Ruling.MERGE
    return Decision(ruling=ruling, because=deciding, outcome=outcome, waiting=waiting)


def _deciding_sentence(judgements: Sequence[Judgement], outcome: Outcome) -> str:
    """Pick the sentence that decided; of several models it names its own."""
    of = {id(v): j.trial.transition.model for j in judgements for v in j.verdicts}
    verdicts = [v for judgement in judgements for v in judgement.verdicts if v.counts is outcome]
    compared = [v for v in verdicts if any(m.difference is not None for m in v.measured)]
    estimated = [v for v in verdicts if any(isinstance(m.challenger, Bounds) for m in v.measured)]
    if verdicts and outcome is Outcome.PASSED and not compared + estimated:
        passed = sum(verdict.outcome is outcome for verdict in verdicts)
        return f"{passed:,} of {count(len(verdicts), 'gate')} passed"
    # Figures of answers that depend on their order mean nothing, so that is said first.
    broken = [v for v in verdicts if v.gate == "outputs" and outcome is Outcome.FAILED]
    said = broken + compared + estimated + verdicts
    # A waived or observed verdict counts as passed; one that did pass says more.
    for verdict in sorted(said, key=lambda one: one.outcome is not outcome):
        several = len(set(of.values())) > 1
        return f"`{of[id(verdict)]}`: {verdict.because}" if several else verdict.because
    return judgements[0].trial.settled


def _waiting(judgements: Sequence[Judgement], standing: Standing, rules: Rules) -> tuple[str, ...]:
    """List what keeps a passing request from merging.

    Exempt from freezes is what promotes nothing: a rollback, or what needs no gate at all.
    """
    reasons = [j.trial.needs_person for j in judgements if j.trial.needs_person]
    exempt = all(j.trial.fast_lane or j.trial.settled for j in judgements)
    waits = []
    if standing.draft:
        waits.append("the pull request is a draft; mark it ready for review")
    if rules.freeze is not None and not exempt:
        waits.append(f"promotions are frozen until {rules.freeze.until}: {rules.freeze.reason}")
    if rules.merge == "manual":
        waits.append("the policy says `merge: manual`; a person merges")
    elif (rules.merge == "approved" or reasons) and not standing.approved_by:
        why = reasons[0] if reasons else "the policy says `merge: approved`"
        waits.append(f"one approving review of this head is missing; {why}")
    return tuple(waits)
