"""The docket: a proposal is in scope, its locks are read, and its transitions are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.decision import STRICTNESS, Rules
from bot.core.errors import ForbiddenChange, OutOfScope, Problem, UnsafeFile
from bot.core.lockfile import changed, locator
from bot.core.planning import Court
from bot.core.policyfile import parse_policies, policy_for
from bot.core.proposal import LARGEST, LOCK
from bot.core.transition import transitions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.core.lockfile import Change
    from bot.core.proposal import Proposal, Touched
    from bot.core.transition import Transition
    from bot.core.trial import Trial
    from bot.gates.gate import Gate

EMPTY = b""
SHOWN = 10
SHARED = "another open request"
"""How the refusal of a request begins whose head another open request has."""
TAKES_BACK = "the guard proposed to take it back, and a person decides"
MODES = {"120000": "a symlink", "160000": "a submodule", "100755": "executable", "000000": "gone"}


def open_court(
    proposal: Proposal, gates: Mapping[str, type[Gate]], *, version: str
) -> tuple[Court, tuple[Transition, ...]]:
    """Read what a proposal changes, and everything its plan rests on.

    Raises:
        OutOfScope, UnsafeFile: the request changes more than the lock, or not as a plain file.
        Malformed, UnknownName, NotCanonical: a lock or a policy is not what it must be.
        ForbiddenChange: the change may not be made, or does not merge.
    """
    lock_changes = in_scope(proposal)
    if lock_changes and proposal.unreadable is not None:
        raise proposal.unreadable
    pairs = _changed(proposal) if lock_changes else {}
    past, today = proposal.past, proposal.today
    # Policies are read only when a model changed: a broken one must not block other work.
    policies = parse_policies(proposal.policies, gates) if pairs else ()
    windows = {name: policy_for(name, policies).head.rollback.window for name in pairs}
    head = proposal.head.text if proposal.head else EMPTY
    changes = transitions(
        pairs, past, file=LOCK, today=today, windows=windows, locate=locator(head, LOCK)
    )
    court = Court(
        base={name: before for name, (before, _) in pairs.items() if before is not None},
        head={name: after for name, (_, after) in pairs.items() if after is not None},
        past=past,
        policies=policies,
        repository=proposal.repository,
        version=version,
        today=today,
        gate=lambda name, settings: gates[name].model_validate(settings),
        overrides=proposal.standing.overrides,
        person=TAKES_BACK if proposal.standing.takes_back else "",
    )
    return court, changes


def in_scope(proposal: Proposal) -> bool:
    """Tell whether the request changes the lock; refuse one that changes more.

    Raises:
        OutOfScope: other paths change as well, or another branch than the default one.
        ForbiddenChange: it does not merge, or is one of two with the same head.
        UnsafeFile: the lock is no plain file any more.
    """
    ours = [touched for touched in proposal.touched if touched.path == LOCK]
    if not ours:
        return False
    _for_production(proposal)
    _plain(ours[0])
    others = [touched.path for touched in proposal.touched if touched.path != LOCK]
    if others:
        more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
        raise OutOfScope(
            Problem(
                what=f"this request also changes {', '.join(others[:SHOWN])}{more}",
                remedy=f"split it: a promotion changes {LOCK} and nothing else",
            )
        )
    if proposal.standing.conflict:
        raise ForbiddenChange(
            Problem(
                what=proposal.standing.conflict,
                file=LOCK,
                remedy="merge the base branch into yours and resolve it",
            )
        )
    if proposal.standing.twins:
        raise ForbiddenChange(_shared(proposal.standing.twins))
    return True


def _for_production(proposal: Proposal) -> None:
    """Refuse a request for another branch: whoever may push makes one, with policies of their own.

    Raises:
        OutOfScope: it is for another branch than the default one.
    """
    if proposal.branch == proposal.default_branch:
        return
    production = proposal.default_branch or "a default branch"
    raise OutOfScope(
        Problem(
            what=f"this request is for the branch {proposal.branch}",
            remedy=f"Lockstep judges requests for {production} only",
        )
    )


def _shared(twins: tuple[int, ...]) -> Problem:
    """Say that a status cannot tell two requests with one head apart."""
    others = ", ".join(str(number) for number in twins)
    return Problem(
        what=f"{SHARED} ({others}) has the same head, and so the same statuses",
        remedy="close one, and comment `/lockstep evaluate` on the other",
    )


def _plain(touched: Touched) -> None:
    if touched.size > LARGEST:
        what = f"{LOCK} has {touched.size:,} bytes, more than {LARGEST:,}"
        remedy = "split the models over several repositories"
        raise UnsafeFile(Problem(what=what, remedy=remedy, file=LOCK))
    kind = MODES.get(touched.mode)
    if kind is None:
        return
    remedy = "keep it" if kind == "gone" else "commit it as a plain file"
    raise UnsafeFile(Problem(what=f"{LOCK} is {kind}", remedy=remedy, file=LOCK))


def _changed(proposal: Proposal) -> Mapping[str, Change]:
    base = proposal.base.text if proposal.base else EMPTY
    head = proposal.head.text if proposal.head else EMPTY
    return changed(base, head, LOCK)


def rules_of(trials: Sequence[Trial], court: Court) -> Rules:
    """Fold what the policies of all tried models say about merging; the strictest wins."""
    policies = {
        trial.transition.model: policy_for(trial.transition.model, court.policies)
        for trial in trials
    }.values()
    merge = max(
        (policy.promotion.merge for policy in policies), key=STRICTNESS.index, default="approved"
    )
    frozen = [policy for policy in policies if policy.frozen(court.today)]
    return Rules(
        merge=merge,
        reviewed=any(policy.promotion.merge == "approved" for policy in policies),
        freeze=frozen[0].frozen(court.today) if frozen else None,
        frozen_at=frozen[0].frozen_at(court.today) if frozen else "",
    )
