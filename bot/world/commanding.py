"""Carrying a command: who gave it is asked of the forge, and what it ordered is kept in git.

Delivered again, a command is found done: by the stored order, else by the reply.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot import __version__
from bot.core.action import React, Reply, StoreOrder
from bot.core.authority import Asker, denied, own_push
from bot.core.command import Command, Misunderstood, Verb, parse
from bot.core.errors import Refusal
from bot.core.order import LARGEST, Kind, Order, read, written
from bot.core.policyfile import policy_for
from bot.core.record import order_path
from bot.gates import GATES
from bot.report import replies
from bot.report.status import context
from bot.world.orders import AUDIT, REFSPEC, orders_since, read_ledger
from bot.world.perform import Performer
from bot.world.weighing import NotDone, may_merge, may_override, open_docket

if TYPE_CHECKING:
    from bot.core.action import Action
    from bot.core.event import CommentCreated
    from bot.world.forge import Forge, PullRequest, Reaction
    from bot.world.repository import Repository
    from bot.world.weighing import Docket

LOUDEST = 30
"""Replies on one request; after that a reaction has to do."""
WITHOUT_ORDER = (Verb.HELP, Verb.STATUS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What became of a command."""

    said: str
    """In one sentence, for a log."""
    number: int
    head: str = ""
    evaluate: bool = False
    """The request is to be judged again: what was ordered may change the decision."""


def carry_command(
    event: CommentCreated,
    forge: Forge,
    repository: Repository,
    *,
    version: str = __version__,
    now: datetime | None = None,
) -> Carried:
    """Carry the command of a comment: once, whatever is delivered again.

    Args:
        event: The comment, as it was created.
        forge: Where it was written; replies and reactions go there.
        repository: A clone to fetch into; orders are pushed from it.
        version: Version of Lockstep, which is part of the evidence key.
        now: The moment; the clock's by default.

    Raises:
        Unavailable: the forge did not answer.
        NotARepository: there is no such pull request.
    """
    if event.by_bot:
        return Carried(said="a bot orders nothing", number=event.number)
    command = parse(event.body, GATES)
    if command is None:
        return Carried(said="the comment holds no command", number=event.number)
    hearing = _Hearing(event, forge, repository, version, now or datetime.now(UTC))
    return hearing.hear(command)


@dataclass(frozen=True, slots=True)
class _Hearing:
    """One command of one person."""

    event: CommentCreated
    forge: Forge
    repository: Repository
    version: str
    now: datetime

    def hear(self, command: Command | Misunderstood) -> Carried:
        """Decide on the command, and say so."""
        number, who = self.event.number, self.event.author
        asker = Asker(login=who, role=self.forge.role(who), author="")
        if asker.outsider:
            # No words: a stranger must not be able to make the bot write.
            self._react("-1")
            return Carried(said=f"{who} has no write access", number=number)
        self._react("eyes")
        pull = self.forge.pull_request(number)
        self.repository.fetch(self.forge.remote(), REFSPEC)
        done = self._done(command, pull)
        if done is not None:
            return done
        try:
            self._authorised(command.verb, asker, pull)
            if isinstance(command, Misunderstood):
                return self._misunderstood(command, pull)
            return self._carried(command, pull)
        except NotDone as refused:
            # Delivered twice at once, it may be done by now: what it asked for is then no more.
            self.repository.fetch(self.forge.remote(), REFSPEC)
            done = self._stored(pull)
            if done is not None:
                return done
            self._reply(replies.not_done(refused.because, refused.paste))
            self._react("-1")
            return Carried(said=f"not done: {refused.because}", number=number)

    def _done(self, command: Command | Misunderstood, pull: PullRequest) -> Carried | None:
        """Find that the command was carried before, and finish what was cut short."""
        number, comment = self.event.number, self.event.comment
        stored = self._stored(pull)
        if stored is not None or not self.forge.reports(number, replies.marker_of(comment)):
            return stored
        answered = isinstance(command, Command) and command.verb in WITHOUT_ORDER
        self._react("+1" if answered else "-1")
        return Carried(said="answered before", number=number)

    def _stored(self, pull: PullRequest) -> Carried | None:
        """Find the order that the fetched audit branch holds of this comment."""
        number = self.event.number
        tip = self.repository.resolve(AUDIT)
        path = order_path(number, self.event.comment)
        stored = tip and self.repository.blob(tip, path, most=LARGEST)
        if not stored or read(stored.text) is None:
            return None
        self._react("+1")
        return Carried(said="done before", number=number, head=pull.head_sha, evaluate=True)

    def _misunderstood(self, command: Misunderstood, pull: PullRequest) -> Carried:
        paste = command.paste
        if command.verb is Verb.MERGE:
            paste = f"/lockstep merge {pull.head_sha[:12]}"
        elif command.verb is Verb.OVERRIDE:
            paste = self._docket(pull).override_of(command.gate, command.reason)
        self._reply(replies.not_understood(command.because, paste))
        self._react("-1")
        return Carried(said=f"not understood: {command.because}", number=pull.number)

    def _authorised(self, verb: Verb, asker: Asker, pull: PullRequest) -> None:
        within = orders_since(self.repository, self.now - timedelta(hours=1))
        given = sum(order.by == asker.login for order in within)
        known = replace(asker, author=pull.author, makers=pull.made_by, within_the_hour=given)
        why = denied(verb, known)
        if verb is Verb.OVERRIDE and not why:
            why = own_push(asker.login, self.forge.pushers(pull))
        if why:
            raise NotDone(why)
        if not pull.open and verb not in WITHOUT_ORDER:
            raise NotDone("the pull request is merged" if pull.merged_as else "it is closed")

    def _carried(self, command: Command, pull: PullRequest) -> Carried:
        match command.verb:
            case Verb.HELP:
                self._reply(replies.help_text())
            case Verb.STATUS:
                self._reply(self._state(pull))
            case _:
                return self._ordered(self._order(command, pull))
        self._react("+1")
        return Carried(said=f"{command.verb.value} answered", number=pull.number)

    def _ordered(self, order: Order) -> Carried:
        """Store an order; from then on it holds, whatever becomes of the comment."""
        stored = StoreOrder(number=order.number, comment=order.comment, content=written(order))
        self._act(stored)
        self._react("+1")
        said = f"{order.kind.value} ordered by {order.by}"
        return Carried(said=said, number=order.number, head=order.head, evaluate=True)

    def _order(self, command: Command, pull: PullRequest) -> Order:
        order = Order(
            kind=Kind(command.verb.value),
            by=self.event.author,
            at=self.now,
            number=pull.number,
            head=pull.head_sha,
            comment=self.event.comment,
            url=self.event.url,
            reason=command.reason,
            gate=command.gate,
        )
        match order.kind:
            case Kind.RELEASE:
                self._releasable(pull)
                return order
            case Kind.MERGE:
                return replace(order, keys=self._mergeable(command.sha, pull).keys)
            case Kind.OVERRIDE:
                return self._override(order, pull)
            case _:
                return order

    def _releasable(self, pull: PullRequest) -> None:
        """See that there is a hold, and that it was there when the release was written."""
        orders = read_ledger(self.repository, pull.number).orders
        last = max(
            (one for one in orders if one.kind in (Kind.HOLD, Kind.RELEASE)),
            key=lambda one: one.comment,
            default=None,
        )
        if last is None or last.kind is not Kind.HOLD:
            raise NotDone("nothing holds it")
        if last.comment > self.event.comment:
            raise NotDone(f"{last.by} holds it since that comment", "/lockstep release")

    def _mergeable(self, sha: str, pull: PullRequest) -> Docket:
        """Bind an order to merge to this head and this evidence."""
        if not pull.head_sha.startswith(sha):
            raise NotDone(
                f"the head is {pull.head_sha[:12]} and not {sha[:12]}; look at it again first",
                f"/lockstep merge {pull.head_sha[:12]}",
            )
        docket = self._docket(pull)
        may_merge(docket)
        return docket

    def _override(self, order: Order, pull: PullRequest) -> Order:
        """Bind an override to the evidence that the published report is about."""
        docket = self._docket(pull)
        meant = may_override(docket, order.gate)
        models = {trial.transition.model for trial in meant}
        spans = [policy_for(name, docket.court.policies).head.overrides.expire for name in models]
        keys = {trial.case.key for trial in meant if trial.case}
        return replace(order, keys=tuple(sorted(keys)), until=self.now + min(spans))

    def _docket(self, pull: PullRequest) -> Docket:
        try:
            return open_docket(pull, self.forge, self.repository, self.version)
        except Refusal as refusal:
            raise NotDone(f"it cannot be judged: {refusal.problems[0]}") from None

    def _state(self, pull: PullRequest) -> str:
        status = self.forge.status(pull.head_sha, context(pull.base))
        said = status.description if status else None
        if not pull.open:
            return replies.over(said, pull.merged_as)
        try:
            docket = open_docket(pull, self.forge, self.repository, self.version)
        except Refusal as refusal:
            return replies.refused(str(refusal.problems[0]))
        proposal = docket.proposal
        return replies.state(
            said,
            docket.waits,
            proposal.standing,
            proposal.base_sha,
            against=docket.against,
            queued=docket.queued,
        )

    def _react(self, reaction: Reaction) -> None:
        self._act(React(number=self.event.number, comment=self.event.comment, reaction=reaction))

    def _reply(self, text: str) -> None:
        if len(self.forge.reports(self.event.number, replies.REPLY)) >= LOUDEST:
            return
        marker = replies.marker_of(self.event.comment)
        self._act(Reply(number=self.event.number, marker=marker, body=f"{marker}\n{text}\n"))

    def _act(self, *actions: Action) -> None:
        Performer(self.forge, self.repository).perform(actions)
