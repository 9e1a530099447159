"""What keeps a passing request from merging: each reason typed, with what would end it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from bot.core.approvals import lapsed, standing_approvals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.core.decision import Rules
    from bot.core.proposal import Standing
    from bot.core.trial import Trial


class Wait(Enum):
    """The reasons there are to wait."""

    DRAFT = "draft"
    HELD = "held"
    FROZEN = "frozen"
    OBJECTION = "objection"
    STALE_REVIEW = "stale review"
    REVIEW = "review"
    OWNERS = "owners"
    MANUAL = "manual"


FOR_PERSON = frozenset({Wait.REVIEW, Wait.OWNERS, Wait.MANUAL})
"""What a person ends by reviewing or merging; a status must not keep them from it.

A stale review is not among them: the forge still takes it for a review.  Nor is an objection,
which a forge may let anybody merge over.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One reason not to merge yet."""

    kind: Wait
    because: str
    unblock: str
    """What would end it, in words that can be followed."""

    @property
    def sentence(self) -> str:
        """Both in one sentence."""
        return f"{self.because}; {self.unblock}"


def waiting(trials: Sequence[Trial], standing: Standing, rules: Rules) -> tuple[Waiting, ...]:
    """List what keeps a passing request from merging, what stops everything first."""
    return (*_stopped(trials, standing, rules), *_unconfirmed(trials, standing, rules))


def _stopped(trials: Sequence[Trial], standing: Standing, rules: Rules) -> Iterator[Waiting]:
    """List holds, a draft and a freeze.

    Exempt from freezes is what promotes nothing: a rollback, or what needs no gate at all.
    A hold stops whatever it is.
    """
    for hold in standing.holds:
        yield Waiting(
            kind=Wait.HELD,
            because=f"held by {hold.by}: {hold.reason.replace('`', chr(39))}",
            unblock="comment `/lockstep release` to go on",
        )
    if standing.draft:
        yield Waiting(
            kind=Wait.DRAFT,
            because="the pull request is a draft",
            unblock="mark it ready for review",
        )
    exempt = all(trial.fast_lane or trial.settled for trial in trials)
    if rules.freeze is not None and not exempt:
        by = f" by `{rules.frozen_at}`" if rules.frozen_at else ""
        yield Waiting(
            kind=Wait.FROZEN,
            because=f"promotions are frozen until {rules.freeze.until}{by}: {rules.freeze.reason}",
            unblock="it is judged again when the freeze is over; a rollback need not wait",
        )


def _unconfirmed(trials: Sequence[Trial], standing: Standing, rules: Rules) -> Iterator[Waiting]:
    """List the people who have not said yes yet."""
    reasons = [trial.needs_person for trial in trials if trial.needs_person]
    if rules.merge == "approved" or rules.reviewed or reasons:
        yield from _reviews(trials, standing, reasons)
    if rules.merge == "manual" and not _ordered(trials, standing):
        said = standing.merge_ordered_by
        lapse = f"; the order of {said} was for other evidence" if said else ""
        yield Waiting(
            kind=Wait.MANUAL,
            because=f"the policy says `merge: manual`{lapse}",
            unblock="a person merges, or comments `/lockstep merge` with this head's SHA",
        )


def _reviews(
    trials: Sequence[Trial], standing: Standing, reasons: Sequence[str]
) -> Iterator[Waiting]:
    if standing.objected_by:
        names = " and ".join(standing.objected_by)
        yield Waiting(
            kind=Wait.OBJECTION,
            because=f"{names} asked for changes",
            unblock="they approve or take it back, or somebody dismisses the review",
        )
    stale, owners = lapsed(trials, standing), standing.owners
    counted = standing_approvals(trials, standing)
    if not counted and stale:
        names = " and ".join(one.by for one in stale)
        yield Waiting(
            kind=Wait.STALE_REVIEW,
            because=f"the approval of {names} is of earlier evidence: {stale[0].changed}",
            unblock="approve this head again",
        )
        return
    if not counted:
        why = reasons[0] if reasons else "the policy says `merge: approved`"
        yield Waiting(
            kind=Wait.REVIEW,
            because=f"one approving review of this head is missing ({why})",
            unblock=owners.way_out
            if owners
            else "somebody with write access who is not the author approves it",
        )
        return
    if owners is not None and not any(owners.owned_by(one.by, one.teams) for one in counted):
        yield Waiting(
            kind=Wait.OWNERS,
            because=f"no code owner of `models.lock` has approved yet ({owners.place})",
            unblock=owners.way_out,
        )


def _ordered(trials: Sequence[Trial], standing: Standing) -> bool:
    """Tell whether somebody ordered to merge this head on this evidence."""
    keys = {trial.case.key for trial in trials if trial.case}
    return bool(standing.merge_ordered_by) and keys <= set(standing.merge_ordered_for)
