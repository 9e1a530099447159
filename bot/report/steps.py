"""What happens next: what is done, what is awaited, and what a person may do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.command import CALL, FORMS, Verb, override_line
from bot.core.errors import Fault, NotCanonical, OutOfScope
from bot.core.record import BRANCH
from bot.core.verdict import Outcome
from bot.core.waiting import Wait
from bot.report.headline import Kind, advice, kind
from bot.report.numbers import plural
from bot.report.values import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.decision import Decision
    from bot.core.errors import Refusal
    from bot.core.proposal import Proposal
    from bot.core.trial import Judgement
    from bot.core.waiting import Waiting

MOST_OVERRIDES = 2
"""Gates that an override is written out for."""
AGAIN = {
    Outcome.FAILED: "Push another challenger. A limit or a waiver is changed in the policy, by a "
    "pull request of its own.",
    Outcome.INCONCLUSIVE: "Settle what the undecided gates name, then evaluate again.",
    Outcome.ERRORED: "Repair what each error names, then evaluate again.",
}


def steps(
    decision: Decision, judgements: Sequence[Judgement], proposal: Proposal
) -> tuple[Step, ...]:
    """List what is done and what is awaited, in order."""
    if kind(decision, judgements) in {Kind.NOTHING, Kind.REVERTED}:
        return ()
    return (
        Step(done=decision.refusal is None, text=f"Gates evaluated on {_judged(proposal)}"),
        *_awaited(decision, judgements, proposal),
    )


def _judged(proposal: Proposal) -> str:
    base = f"`{proposal.base_sha[:7]}`"
    if proposal.request.number is None:
        return f"the working tree against {base}"
    branch = f"{quoted(proposal.branch)} " if proposal.branch else ""
    return f"the merged lock (`{proposal.head_sha[:7]}` onto {branch}{base})"


def _awaited(decision: Decision, judgements: Sequence[Judgement], proposal: Proposal) -> list[Step]:
    if decision.refusal is not None:
        return [Step(done=False, text=_correction(decision.refusal))]
    ways = advice(judgements)
    if decision.outcome is Outcome.INCONCLUSIVE and ways:
        return [Step(done=False, text=_capital(way)) for way in ways]
    if decision.outcome is not Outcome.PASSED:
        return [Step(done=False, text=AGAIN[decision.outcome]), *_overriding(judgements, proposal)]
    waits = (_capital(f"{wait.because}; {_unblock(wait, proposal)}") for wait in decision.waiting)
    return [*(Step(done=False, text=wait) for wait in waits), _merging(proposal)]


def _unblock(wait: Waiting, proposal: Proposal) -> str:
    """Say what ends a wait; where a command is asked for, as it can be pasted."""
    if wait.kind is not Wait.MANUAL or proposal.request.number is None:
        return wait.unblock
    return f"a person merges, or comments `{CALL} merge {proposal.head_sha[:12]}`"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _overriding(judgements: Sequence[Judgement], proposal: Proposal) -> list[Step]:
    """Say who may override the gates that keep this out; nothing when one of them is hard."""
    against = [v for j in judgements for v in j.verdicts if v.counts is not Outcome.PASSED]
    if proposal.request.number is None or any(verdict.hard for verdict in against):
        return []
    if any(verdict.fault is Fault.NO_GATES for verdict in against):
        return []
    gates = list(dict.fromkeys(verdict.gate for verdict in against))
    lines = " and ".join(f"`{override_line(gate)}`" for gate in gates[:MOST_OVERRIDES])
    more = len(gates) - MOST_OVERRIDES
    also = f" and {plural(more, 'gate')} more" if more > 0 else ""
    who = "Or somebody with write access who is not the author takes it upon themselves: "
    return [Step(done=False, text=f"{who}{lines}{also}")]


def _correction(refusal: Refusal) -> str:
    match refusal:
        case OutOfScope():
            return "Move the other files to a pull request of their own."
        case NotCanonical():
            return "Run `lockstep fmt`, commit and push."
        case _:
            return "Correct each place named above and push."


def _merging(proposal: Proposal) -> Step:
    landed = proposal.standing.merged_as
    if landed:
        return Step(done=True, text=f"Merged as `{landed[:7]}`, recorded on `{BRANCH}`")
    if proposal.request.number is None:
        return Step(done=False, text="Open a pull request with this change, to be judged there")
    text = f"Then this commit and no other is merged, and the decision recorded on `{BRANCH}`"
    return Step(done=False, text=text)


def commands(
    decision: Decision, judgements: Sequence[Judgement], proposal: Proposal
) -> tuple[str, ...]:
    """Say how to stop, to repeat and to undo."""
    if proposal.request.number is None or kind(decision, judgements) is Kind.NOTHING:
        return ()
    again = f"To judge it again, comment `{FORMS[Verb.EVALUATE].written}`."
    if decision.refusal is not None or decision.outcome is not Outcome.PASSED:
        return (again,)
    models = list(dict.fromkeys(judgement.trial.transition.model for judgement in judgements))
    model = models[0] if len(models) == 1 else "MODEL"
    undo = f"To undo it after merging, `git revert <landed>` or `lockstep rollback {model}`."
    if proposal.standing.merged_as:
        landed = proposal.standing.merged_as[:12]
        return (f"To undo it, `git revert {landed}` or `lockstep rollback {model}`.",)
    if proposal.standing.holds:
        return (again, undo)
    stop = f"To stop this, comment `{FORMS[Verb.HOLD].written}`."
    return (stop, again, undo)


def reproduce(proposal: Proposal) -> str:
    """Name the command that comes to the same verdict."""
    check = f"`lockstep check --base {proposal.base_sha}`"
    if proposal.request.number is None:
        return f"To reproduce this: {check}."
    head = f"on `{proposal.head_sha[:12]}`"
    return f"To reproduce this: {check} {head}, or `lockstep evaluate {proposal.request.number}`."


def quoted(name: str) -> str:
    """Put a name from outside in backticks; it cannot end them."""
    return f"`{name.replace('`', chr(39))}`"
