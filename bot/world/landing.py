"""Land what another zone decided, if everything it rests on is still as it was."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.core.action import StoreOrder, StoreRecord
from bot.core.actions import confirmed
from bot.core.errors import Malformed, Moved, Problem
from bot.core.handover import expired, outdated
from bot.core.proposal import Request
from bot.world.here import Hosted
from bot.world.queue import Queued, group_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.core.handover import Handover
    from bot.world.forge import Forge
    from bot.world.repository import Repository

    Say = Callable[[str], None]

STORED = (StoreRecord, StoreOrder)
AGAIN = "nothing was done; the event that changed it, or the next sweep, judges it again"


def world_of(handed: Handover, forge: Forge, repository: Repository, say: Say) -> Hosted:
    """Open the world in which a decision was made: a request's own, or the queue's.

    Raises:
        Malformed: the decision names a group that is none.
    """
    if not handed.group:
        # A merge costs eight requests in all, so the ruleset asks for the approval of another.
        return Hosted(forge=forge, repository=repository, say=say, asks_who_pushed=False)
    group = group_of(f"{handed.group}@{handed.head}")
    if group is None:
        raise Malformed(Problem(what="it names no group of a queue", remedy="judge again"))
    return Queued(forge=forge, repository=repository, say=say, group=group)


def land(handed: Handover, world: Hosted) -> str:
    """Perform what was handed over; return in one sentence what came of it.

    What was decided is stored first, since a push takes its time: the request is looked at after
    that, so that a hold or a withdrawn approval that came meanwhile stops it.

    Raises:
        Incident: what landed is not what was judged.
        Unavailable: the forge did not answer; the same again converges.
    """
    number = handed.number
    pull = None
    if why := expired(handed, world.forge.slug(), world.version, datetime.now(UTC).date()):
        return f"pull request {number}: {why}; {AGAIN}"
    world.perform(tuple(one for one in handed.actions if isinstance(one, STORED)))
    if not handed.group:
        world.known = pull = world.forge.pull_request(number)
    try:
        proposal = world.read(Request(number=number))
    except Moved as moved:
        return f"pull request {number}: {moved}; {AGAIN}"
    landed = proposal.standing.merged_as
    if landed is not None:
        # A run that was cut short after its merge, or a person who merged meanwhile.
        world.perform(confirmed(proposal))
        return f"pull request {number} had landed as {landed}"
    if why := outdated(handed, proposal, world.version):
        return f"pull request {number}: {why}; {AGAIN}"
    try:
        rest = tuple(one for one in handed.actions if not isinstance(one, STORED))
        world.perform(rest, fresh=pull)
    except Moved as moved:
        return f"pull request {number}: {moved}; {AGAIN}"
    return f"pull request {number}: {_said(world)}"


def _said(world: Hosted) -> str:
    performed = world.performed
    if performed.landed is not None:
        return f"landed as {performed.landed}"
    return "handed to the merge queue" if performed.queued else "recorded"
