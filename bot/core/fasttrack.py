"""The fast track: a comparison whose proof lets a promotion skip rungs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bot.core.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from bot.core.case import Case
    from bot.core.evidence import Evidence, Need
    from bot.core.trial import Question, Trial


@dataclass(frozen=True, slots=True)
class FastTrack:
    """A comparing gate that is asked because rungs are skipped, under a name of its own."""

    proof: Question
    skipped: tuple[str, ...]
    """Rungs, lowest first."""

    @property
    def title(self) -> str:
        """Name what must be shown; the policy may compare the same metric besides."""
        return f"fast track: {self.proof.title.removeprefix('compare ')}"

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Ask what the comparison asks."""
        return self.proof.needs(case)

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """Answer as the comparison does; who shows too little can still take every rung."""
        verdict = replace(self.proof.judge(case, evidence), title=self.title)
        if verdict.outcome is Outcome.PASSED:
            return verdict
        short = f": {verdict.unblock}" if verdict.unblock else ""
        advice = f"promote to {self.skipped[0]} first, or gain more{short}"
        return replace(verdict, unblock=advice)


def skipped(trial: Trial) -> tuple[str, ...]:
    """Name the rungs that a trial's promotion skips; empty without a fast track."""
    gates = [ask.gate for ask in trial.asked]
    return next((gate.skipped for gate in gates if isinstance(gate, FastTrack)), ())
