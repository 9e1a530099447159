"""The headline: the verdict in words, its subject, the sentence that decided, and what follows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, assert_never

from bot.core.decision import Decision, Ruling
from bot.core.errors import ForbiddenChange, NotCanonical, OutOfScope, PolicyMissing, UnsafeFile
from bot.core.transition import Promotion, Registration, Rollback
from bot.core.verdict import Outcome
from bot.core.waiting import Wait
from bot.report.change import change
from bot.report.numbers import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.errors import Refusal
    from bot.core.proposal import Proposal
    from bot.core.trial import Judgement
    from bot.core.waiting import Waiting

SUBJECTS = 2
MOST_WAYS = 3
"""Doubts whose end is named before the table is left to name the rest."""


class Kind(Enum):
    """The headlines there are; the value is mark and words."""

    REFUSED = ("⛔", "Not evaluated")
    NOTHING = ("✅", "No promotion in this change")
    LANDED = ("✅", "Already merged as")
    REVERTED = ("↩️", "Rolled back")
    FAILED = ("❌", "Promotion gates failed")
    ERRORED = ("⛔", "Could not evaluate")
    INCONCLUSIVE = ("❔", "Not enough evidence")
    OVERRIDDEN = ("⚠️", "Passed with an override")
    WAIVED = ("⚠️", "Passed with a waiver")
    OBSERVED = ("⚠️", "Passed, because a failing gate only observes")
    HELD = ("⏸️", "Promotion gates passed, somebody holds it")
    FROZEN = ("⏸️", "Promotion gates passed, promotions are frozen")
    ROLLBACK = ("✅", "Rollback passed on the fast lane")
    OPENING = ("✅", "First champion passed")
    REGISTERED = ("✅", "Registration gates passed")
    SETTLED = ("✅", "Change accepted, nothing to judge")
    PASSED = ("✅", "Promotion gates passed")


PERMITTING = (Kind.WAIVED, Kind.OVERRIDDEN)
DECIDING = {
    Kind.ROLLBACK: "The version to return to is whole; that is all a rollback must show",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The first lines of a report."""

    mark: str
    verdict: str
    subject: str
    deciding: str
    counts: str
    standing: str


def kind(decision: Decision, judgements: Sequence[Judgement]) -> Kind:
    """Say which headline a decision earns."""
    if decision.refusal is not None:
        return Kind.REFUSED
    match decision.ruling:
        case Ruling.NOTHING:
            return Kind.NOTHING
        case Ruling.REVERT:
            return Kind.REVERTED
        case Ruling.MERGE | Ruling.HOLD | Ruling.REFUSE:
            return _judged(decision, judgements)
    assert_never(decision.ruling)


def _judged(decision: Decision, judgements: Sequence[Judgement]) -> Kind:
    match decision.outcome:
        case Outcome.FAILED:
            return Kind.FAILED
        case Outcome.ERRORED:
            return Kind.ERRORED
        case Outcome.INCONCLUSIVE:
            return Kind.INCONCLUSIVE
        case Outcome.PASSED:
            return _passed(decision, judgements)
    assert_never(decision.outcome)


def _passed(decision: Decision, judgements: Sequence[Judgement]) -> Kind:
    spared = [v for j in judgements for v in j.verdicts if v.outcome is not v.counts]
    trials = [judgement.trial for judgement in judgements]
    promotions = [trial for trial in trials if isinstance(trial.transition, Promotion)]
    registered = any(isinstance(trial.transition, Registration) for trial in trials)
    earned = (
        (bool(decision.overridden), Kind.OVERRIDDEN),
        (any(verdict.waived for verdict in spared), Kind.WAIVED),
        (bool(spared), Kind.OBSERVED),
        (waits_for(decision, Wait.HELD) is not None, Kind.HELD),
        (waits_for(decision, Wait.FROZEN) is not None, Kind.FROZEN),
        (not any(judgement.verdicts for judgement in judgements), Kind.SETTLED),
        (all(trial.fast_lane for trial in trials if not trial.settled), Kind.ROLLBACK),
        (bool(promotions) and all(trial.cold_start for trial in promotions), Kind.OPENING),
        (registered and not promotions, Kind.REGISTERED),
        (True, Kind.PASSED),
    )
    return next(sort for is_so, sort in earned if is_so)


def waits_for(decision: Decision, kind: Wait) -> Waiting | None:
    """Find a reason to wait among those of a decision."""
    return next((wait for wait in decision.waiting if wait.kind is kind), None)


def headline(decision: Decision, judgements: Sequence[Judgement], proposal: Proposal) -> Headline:
    """Write the first lines."""
    sort = kind(decision, judgements)
    refusal = decision.refusal
    nothing = sort is Kind.NOTHING
    counted = counts(decision.outcome, judgements)
    deciding = "" if refusal or nothing else _deciding(sort, decision, judgements)
    landed = proposal.standing.merged_as
    mark, verdict = (Kind.LANDED if nothing and landed else sort).value
    if nothing and landed:
        verdict = f"{verdict} `{landed[:7]}`"
    return Headline(
        mark=mark,
        verdict=verdict,
        subject=_refused(refusal) if refusal else subject(decision, judgements),
        deciding=deciding,
        counts="" if refusal or sort is Kind.REVERTED or counted in deciding else counted,
        standing="" if nothing else standing(decision, proposal),
    )


def _deciding(sort: Kind, decision: Decision, judgements: Sequence[Judgement]) -> str:
    """Say what decided: with what would end a doubt, every waiver and every override."""
    said = [*_taken_on(judgements), DECIDING.get(sort, decision.because)]
    if sort is Kind.INCONCLUSIVE:
        said += [way for way in advice(judgements)[:1] if way not in decision.because]
    for verdict in (v for j in judgements for v in j.verdicts if sort in PERMITTING):
        if verdict.waived and verdict.outcome is not Outcome.PASSED:
            waiver = verdict.waived
            said.append(f"{verdict.title} is waived by {waiver.by} until {waiver.until}")
    return "; ".join(said)


def _taken_on(judgements: Sequence[Judgement]) -> list[str]:
    """Say of each overridden gate what it says, and who took that upon themselves."""
    overridden = [v for j in judgements for v in j.verdicts if v.overridden]
    return [
        f"{verdict.because}, overridden by {verdict.overridden.by} until "
        f"{verdict.overridden.until:%Y-%m-%d}"
        for verdict in overridden
        if verdict.overridden
    ]


def advice(judgements: Sequence[Judgement]) -> tuple[str, ...]:
    """List what would end each doubt, as the undecided gates say it, each once.

    A gate whose sentence decides speaks first.
    """
    verdicts = [verdict for judgement in judgements for verdict in judgement.verdicts]
    undecided = [v for v in verdicts if v.counts is Outcome.INCONCLUSIVE and v.unblock]
    undecided.sort(key=lambda v: not any(m.difference is not None for m in v.measured))
    return tuple(dict.fromkeys(verdict.unblock for verdict in undecided))[:MOST_WAYS]


def subject(decision: Decision, judgements: Sequence[Judgement]) -> str:
    """Name the transitions that the decision is about, the worst and weightiest first."""
    concerned = [j for j in judgements if j.outcome is decision.outcome] or list(judgements)
    weighty = [j for j in concerned if isinstance(j.trial.transition, Promotion | Rollback)]
    named = [change(judgement.trial).subject for judgement in weighty or concerned]
    more = len(named) - SUBJECTS
    return ", ".join(named[:SUBJECTS]) + (f" and {more:,} more" if more > 0 else "")


def counts(outcome: Outcome, judgements: Sequence[Judgement]) -> str:
    """Count gates: how many pass when all do, else how many say what the whole says."""
    verdicts = [verdict for judgement in judgements for verdict in judgement.verdicts]
    if not verdicts:
        return ""
    alike = sum(verdict.counts is outcome for verdict in verdicts)
    words = {
        Outcome.PASSED: "passed",
        Outcome.FAILED: "failed",
        Outcome.ERRORED: "could not be evaluated",
        Outcome.INCONCLUSIVE: "cannot decide yet",
    }
    if outcome is Outcome.PASSED:
        alike = sum(verdict.outcome is outcome for verdict in verdicts)
    return f"{alike:,} of {plural(len(verdicts), 'gate')} {words[outcome]}"


def standing(decision: Decision, proposal: Proposal) -> str:
    """Say in one sentence whether this merges."""
    if proposal.standing.merged_as:
        return f"Merged as `{proposal.standing.merged_as[:7]}`."
    if decision.waiting:
        more = len(decision.waiting) - 1
        first = decision.waiting[0].because
        return f"Not merged yet: {first}{f' (and {more} more)' if more else ''}."
    match decision.ruling:
        case Ruling.MERGE:
            return "Merges now." if proposal.request.number else "A pull request would merge."
        case Ruling.REVERT:
            return "The earlier version serves again."
        case Ruling.HOLD | Ruling.REFUSE | Ruling.NOTHING:
            return "Nothing is merged."
    assert_never(decision.ruling)


def _refused(refusal: Refusal) -> str:
    match refusal:
        case OutOfScope():
            return "this pull request changes more than the lock"
        case ForbiddenChange():
            return "the lock may not change in this way"
        case NotCanonical():
            return "the lock is not in canonical form"
        case PolicyMissing():
            return "not exactly one policy guards a model"
        case UnsafeFile():
            return "the lock is not a plain file of a sane size"
        case _:
            return f"{plural(len(refusal.problems), 'problem')} in the input"
