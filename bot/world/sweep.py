"""The sweep: what events missed is found, at one question for fifty requests.

Every open request is held against what moved since its verdict.  Git says what moved: one
fetch brings the heads that are needed, and the forge is asked nothing more.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from bot.core.errors import Refusal, Unavailable
from bot.core.lockblocks import split
from bot.core.owners import PLACES
from bot.core.policyfile import FOLDER, parse_policies
from bot.core.proposal import LOCK
from bot.core.record import ORDERS
from bot.gates import GATES
from bot.report.status import base_in, context
from bot.world.orders import in_place
from bot.world.perform_audit import AuditBranch
from bot.world.policies import policies_at
from bot.world.revert import lock_at
from bot.world.sweep_reasons import Ground, why

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bot.core.order import Order
    from bot.core.policy import Freeze
    from bot.world.forge import Forge, Surveyed
    from bot.world.repository import Repository

TIP, HEADS = "refs/lockstep/swept", "refs/lockstep/heads"
SHOWN = 3
CANNOT_TELL = "its base moved, and nobody can tell what it rests on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A request that is to be judged."""

    number: int
    head: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a sweep found, oldest request first."""

    branch: str
    open: int
    """Open requests for the branch."""
    due: tuple[Due, ...]
    forks: tuple[int, ...]
    """Requests from forks, which nobody judges unasked."""


def planned(
    forge: Forge,
    repository: Repository,
    branch: str,
    *,
    forks: bool = False,
    say: Callable[[str], None] = lambda _: None,
    now: datetime | None = None,
) -> Plan:
    """Survey the open requests for a branch, and say which are to be judged, and why.

    Args:
        forge: Asked once for fifty requests.
        repository: A clone to fetch into.
        branch: The default branch.
        forks: Plan requests from forks as well.
        say: Told what goes on.
        now: The moment; the clock's by default.

    Raises:
        Unavailable: the forge or its git did not answer.
    """
    seen = forge.survey(context(branch))
    say(f"{len(seen):,} open requests")
    repository.fetch(forge.remote(), f"+refs/heads/{branch}:{TIP}")
    tip = repository.commit(TIP)
    asked = [one for one in seen if forks or not one.from_fork]
    audit = AuditBranch(forge, repository)
    ground = Ground(
        now=now or datetime.now(UTC),
        tip=tip,
        moved=_Moves(forge, repository, tip, asked).since,
        orders=_orders(audit, {one.number for one in asked}),
        freezes=_freezes(repository, tip),
        shared=_shared(seen),
    )
    reasons = ((one, why(one, ground)) for one in asked)
    due = tuple(
        Due(number=one.number, head=one.head_sha, why=reason) for one, reason in reasons if reason
    )
    strange = () if forks else tuple(one.number for one in seen if one.from_fork)
    return Plan(branch=branch, open=len(seen), due=due, forks=strange)


def _shared(seen: Sequence[Surveyed]) -> frozenset[str]:
    """Name the heads that more than one request of this repository has."""
    heads = Counter(one.head_sha for one in seen if not one.from_fork)
    return frozenset(head for head, requests in heads.items() if requests > 1)


class _Moved(NamedTuple):
    """What changed between a base and the tip."""

    models: frozenset[str] | None = frozenset()
    """None where a lock cannot be split into models."""
    rules: str = ""
    """Which rules changed, so that all requests are judged again."""


class _Moves:
    """What changed between the bases that judged and the tip."""

    def __init__(
        self, forge: Forge, repository: Repository, tip: str, seen: Sequence[Surveyed]
    ) -> None:
        self._repository, self._tip = repository, tip
        self._now = lock_at(repository, tip)
        self._known: dict[str, _Moved | None] = {}
        stale = [one for one in seen if one.status and self._models_since(one.status.description)]
        self._fetched = not stale or _fetched(forge, repository, stale)

    def since(self, one: Surveyed, description: str) -> str:
        """Say what a request rests on that changed since its verdict; empty for nothing."""
        named = base_in(description)
        if named is None:
            return CANNOT_TELL
        if named == self._tip[: len(named)]:
            return ""
        moved = self._at(named)
        if moved is None or moved.rules:
            return moved.rules if moved else CANNOT_TELL
        if one.status is not None and one.status.state == "error":
            return "the base moved, and it could not be answered before"
        return self._both(moved.models, one.head_sha)

    def _both(self, models: frozenset[str] | None, head: str) -> str:
        """Say which models both the base and a request changed; empty for none."""
        if models == frozenset():
            return ""
        ours = self._changed_by(head) if self._fetched else None
        if models is None or ours is None:
            return CANNOT_TELL
        both = sorted(models & ours)
        return f"{', '.join(both[:SHOWN])} moved on the base" if both else ""

    def _models_since(self, description: str) -> bool:
        named = base_in(description)
        moved = self._at(named) if named else None
        return moved is not None and not moved.rules and moved.models != frozenset()

    def _at(self, named: str) -> _Moved | None:
        """Compare a base, named by its first digits, with the tip: models, and which rules."""
        if named not in self._known:
            self._known[named] = self._compared(named)
        return self._known[named]

    def _compared(self, named: str) -> _Moved | None:
        base = self._repository.resolve(named)
        if base is None or not base.startswith(named):
            return None
        touched = {one.path for one in self._repository.touched(base, self._tip)}
        if any(path.startswith(f"{FOLDER}/") for path in touched):
            return _Moved(rules="the policies moved")
        if touched & set(PLACES):
            return _Moved(rules="the code owners moved")
        if LOCK not in touched:
            return _Moved()
        return _Moved(models=_models(lock_at(self._repository, base), self._now))

    def _changed_by(self, head: str) -> frozenset[str] | None:
        """Name the models that a request changes; None when that cannot be told."""
        kept = self._repository.resolve(head)
        grew_on = self._repository.merge_base(kept, self._tip) if kept else None
        if kept is None or grew_on is None:
            return None
        return _models(lock_at(self._repository, grew_on), lock_at(self._repository, kept))


def _fetched(forge: Forge, repository: Repository, seen: Iterable[Surveyed]) -> bool:
    """Bring the heads of requests; False when one of them is gone meanwhile."""
    try:
        repository.fetch(
            forge.remote(),
            *(f"+refs/pull/{one.number}/head:{HEADS}/{one.number}" for one in seen),
        )
    except Unavailable:
        return False
    return True


def _models(before: bytes, after: bytes) -> frozenset[str] | None:
    """Name the models whose text differs; None where a lock does not split."""
    was, now = split(before) if before else {}, split(after) if after else {}
    if was is None or now is None:
        return None
    return frozenset(
        name
        for name in was.keys() | now.keys()
        if name not in was or name not in now or was[name].text != now[name].text
    )


def _orders(audit: AuditBranch, numbers: set[int]) -> Mapping[int, list[Order]]:
    """Read what people ordered about some requests."""
    found: defaultdict[int, list[Order]] = defaultdict(list)
    tip = audit.tip()
    for path, text in audit.below(tip, ORDERS) if tip else ():
        order = in_place(path, text)
        if order is not None and order.number in numbers:
            found[order.number].append(order)
    return found


def _freezes(repository: Repository, tip: str) -> tuple[Freeze, ...]:
    """Read the freezes of all policies; none where a policy cannot be read: that is told."""
    try:
        policies = parse_policies(policies_at(repository, tip) or {}, GATES)
    except Refusal:
        return ()
    return tuple(freeze for policy in policies for freeze in policy.head.freezes)
