"""The commit status: the verdict and its subject in at most 140 characters."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Literal, assert_never

from bot.core.decision import Ruling
from bot.core.errors import ForbiddenChange, OutOfScope
from bot.core.verdict import Outcome
from bot.core.waiting import FOR_PERSON, Wait
from bot.report.headline import Kind, counts, kind, subject, waits_for
from bot.report.markdown import clean, end_cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.decision import Decision
    from bot.core.errors import Refusal
    from bot.core.owners import Owners
    from bot.core.proposal import Proposal
    from bot.core.trial import Judgement

State = Literal["pending", "success", "failure", "error"]
LONGEST = 140
CLEARED = "Cleared to merge."
"""How it ends for what waits for nobody: the bot merges it, or hands it to the queue."""
PERMITTED = {Kind.WAIVED: " with a waiver", Kind.OVERRIDDEN: " with an override"}
BASE_DIGITS = 12
_BASE = re.compile(rf" @([0-9a-f]{{{BASE_DIGITS}}})\Z")


def context(branch: str) -> str:
    """Name the status of a base branch, as no other branch is named.

    A forge takes upper and lower case of a context for one: `Main` must not speak for `main`.
    """
    if branch == branch.casefold():
        return f"lockstep/gate: {branch}"
    return f"lockstep/gate: {branch} ({hashlib.sha256(branch.encode()).hexdigest()[:8]})"


def status(
    decision: Decision, judgements: Sequence[Judgement], proposal: Proposal
) -> tuple[State, str]:
    """Say the state of a commit, and why in one line; its first word carries the verdict.

    The line ends with the base it was judged against, by which a sweep sees that it moved.
    """
    state, words = _status(decision, judgements, proposal)
    if proposal.standing.queued and state == "pending":
        # A queue waits for a verdict and for nobody else.
        state = "failure"
    base = f" @{proposal.base_sha[:BASE_DIGITS]}"
    return state, end_cut(_plain(words), LONGEST - len(base)) + base


def base_in(description: str) -> str | None:
    """Read the first digits of the judged base out of a status description of ours."""
    found = _BASE.search(description)
    return found[1] if found else None


def _status(
    decision: Decision, judgements: Sequence[Judgement], proposal: Proposal
) -> tuple[State, str]:
    named = subject(decision, judgements)
    if decision.refusal is not None:
        return _refused(decision.refusal)
    if decision.ruling in {Ruling.NOTHING, Ruling.REVERT}:
        back = f"ROLLED BACK {named}: {decision.because}."
        nothing = decision.ruling is Ruling.NOTHING
        landed = proposal.standing.merged_as
        none = f"Already merged as {landed[:7]}." if landed else "No promotion in this change."
        return "success", none if nothing else back
    counted = counts(decision.outcome, judgements)
    tail = f" ({counted})" if counted else ""
    match decision.outcome:
        case Outcome.FAILED:
            return "failure", f"FAIL {end_cut(decision.because, 100)}{tail}."
        case Outcome.INCONCLUSIVE:
            advice = _unblock(judgements)
            return "failure", f"INCONCLUSIVE: {decision.because}{f'; {advice}' if advice else ''}."
        case Outcome.ERRORED:
            return "error", f"ERROR {decision.because}: {named}."
        case Outcome.PASSED:
            return _passed(decision, judgements, proposal)
    assert_never(decision.outcome)


def _passed(
    decision: Decision, judgements: Sequence[Judgement], proposal: Proposal
) -> tuple[State, str]:
    """Say what follows a pass; what only a person can do must not keep that person from it."""
    held, frost = (waits_for(decision, kind) for kind in (Wait.HELD, Wait.FROZEN))
    if held:
        return "pending", f"HELD{held.because.removeprefix('held')}."
    if frost:
        return "failure", f"FROZEN: {frost.because}."
    waits = [wait for wait in decision.waiting if wait.kind not in FOR_PERSON]
    if waits:
        return "pending", f"WAITING: {waits[0].sentence}."
    verdicts = [verdict for judgement in judgements for verdict in judgement.verdicts]
    passing = sum(verdict.outcome is Outcome.PASSED for verdict in verdicts)
    gates = f" {passing:,}/{len(verdicts):,} gates" if verdicts else ""
    permitted = PERMITTED.get(kind(decision, judgements), "")
    named = end_cut(subject(decision, judgements), 80)
    if proposal.standing.merged_as:
        after = f"Merged as {proposal.standing.merged_as[:7]}."
    elif proposal.standing.queued:
        after = "The queue merges."
    elif decision.waiting:
        manual = decision.waiting[0].kind is Wait.MANUAL
        after = "A person merges." if manual else _reviewed(proposal.standing.owners)
    else:
        # Nothing says it anew when it has merged or waits in a queue, so it stays true then.
        after = CLEARED
    return "success", f"PASS{permitted}{gates}: {named}. {after}"


def _reviewed(owners: Owners | None) -> str:
    """Say whose review lets it merge."""
    if owners is None:
        return "Merges when reviewed."
    if not owners.able:
        return "Nobody can approve as a code owner."
    return f"Merges when {owners.named(2)} approves."


def _refused(refusal: Refusal) -> tuple[State, str]:
    """Say why input was not judged: it may not be (failure), or it cannot be read (error)."""
    first = refusal.problems[0]
    match refusal:
        case OutOfScope() | ForbiddenChange():
            return "failure", f"REFUSED: {first}"
        case _:
            return "error", f"ERROR {first}"


def _unblock(judgements: Sequence[Judgement]) -> str:
    undecided = (v for j in judgements for v in j.verdicts if v.counts is Outcome.INCONCLUSIVE)
    return next((verdict.unblock for verdict in undecided if verdict.unblock), "")


def _plain(words: str) -> str:
    """Write words for a place without markup."""
    return clean(words).replace("`", "").replace("→", "->").replace("..", ".")
