"""The actions that follow from a decision, in the order that is safe to be cut short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.account import account, identity, subject, trailers
from bot.core.action import (
    ConfirmLanding,
    MergePullRequest,
    PublishReport,
    SetStatus,
    StoreRecord,
)
from bot.core.decision import Ruling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.action import Action
    from bot.core.decision import Decision
    from bot.core.proposal import Proposal
    from bot.core.trial import Judgement

MARKER = "<!-- lockstep:report:v1 "
"""How the first line of every comment begins, by which our own is found again."""


def actions(
    decision: Decision,
    judgements: Sequence[Judgement],
    proposal: Proposal,
    comment: str,
    status: SetStatus,
    version: str,
) -> tuple[Action, ...]:
    """Say what to do: report, record, status, merge; nothing follows a merge but its seal."""
    number = proposal.request.number
    if number is None:
        return ()
    if proposal.standing.merged_as:
        return confirmed(proposal)
    if not proposal.standing.open:
        return ()
    # Whoever may push makes other branches, with policies of their own; nothing lands there.
    if decision.ruling is Ruling.NOTHING or proposal.branch != proposal.default_branch:
        return (status,)
    done: list[Action] = []
    # The report is about the request's own head; of a group only what keeps it from landing is.
    if not proposal.standing.queued or decision.ruling is not Ruling.MERGE:
        done.append(PublishReport(number=number, marker=MARKER, body=comment))
    # What was not decided is recorded as well: an approval of it is of evidence that was shown.
    if judgements:
        done.append(
            StoreRecord(
                number=number,
                identity=identity(decision, judgements, proposal),
                record=account(decision, judgements, proposal, version),
            )
        )
    # A green status may let somebody else merge, so the record is there before it.
    done.append(status)
    if decision.ruling is Ruling.MERGE and not proposal.standing.queued:
        done.append(_merge(decision, judgements, proposal, number))
    return tuple(done)


def confirmed(proposal: Proposal) -> tuple[Action, ...]:
    """Say what to do about a request that has landed: seal it, wherever it did."""
    number, landed = proposal.request.number, proposal.standing.merged_as
    if number is None or landed is None:
        return ()
    elsewhere = proposal.branch != proposal.default_branch
    return (
        ConfirmLanding(
            number=number,
            landed=landed,
            branch=proposal.default_branch,
            onto=proposal.branch if elsewhere else "",
        ),
    )


def _merge(
    decision: Decision, judgements: Sequence[Judgement], proposal: Proposal, number: int
) -> MergePullRequest:
    assert proposal.head is not None, "a lock was judged"  # noqa: S101 -- narrows a type
    return MergePullRequest(
        number=number,
        head_sha=proposal.head_sha,
        base_sha=proposal.base_sha,
        branch=proposal.branch,
        lock_oid=proposal.head.oid,
        title=f"{subject(judgements)} (#{number})",
        trailers=trailers(decision, judgements, proposal),
        identity=identity(decision, judgements, proposal),
    )
