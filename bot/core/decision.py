"""A decision is what follows from the judgements: merge, hold, refuse or revert."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from bot.core.figures import count
from bot.core.verdict import Bounds, Outcome, worst
from bot.core.waiting import waiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.errors import Refusal
    from bot.core.policy import Freeze
    from bot.core.proposal import Standing
    from bot.core.trial import Judgement
    from bot.core.verdict import Override
    from bot.core.waiting import Waiting

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
    waiting: tuple[Waiting, ...] = ()
    """What must happen before this merges."""
    overridden: tuple[Override, ...] = ()
    """What people took upon themselves; with any, it passed with an override and did not pass."""
    refusal: Refusal | None = None

    @property
    def state(self) -> str:
        """Name the outcome in one word: `passed` is never said of what was overridden."""
        return "overridden" if self.overridden else self.outcome.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the policies of all judged models say about merging, folded strictest first."""

    merge: str
    reviewed: bool = False
    """Some policy asks for a review, whatever the strictest one asks besides."""
    freeze: Freeze | None = None
    frozen_at: str = ""
    """`policies/x.yaml:30:5`, where the freeze is written."""


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
    waits = waiting([judgement.trial for judgement in judgements], standing, rules)
    return Decision(
        ruling=Ruling.HOLD if waits else Ruling.MERGE,
        because=deciding,
        outcome=outcome,
        waiting=waits,
        overridden=_overridden(judgements),
    )


def _overridden(judgements: Sequence[Judgement]) -> tuple[Override, ...]:
    """List the overrides that were used, each once."""
    used = (v.overridden for judgement in judgements for v in judgement.verdicts if v.overridden)
    return tuple({override.comment: override for override in used}.values())


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
