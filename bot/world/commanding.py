"""Carrying a command: who gave it is asked of the forge, and what it ordered is kept in git.

Delivered again, a command is found done: by the stored order, else by the reply.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot import __version__
from bot.core.action import React, Reply, StoreOrder
from bot.core.actions import MARKER
from bot.core.authority import Asker, denied, own_push
from bot.core.case import fold_keys
from bot.core.command import Command, Misunderstood, Verb, parse
from bot.core.docket import open_court, rules_of
from bot.core.errors import Refusal
from bot.core.order import LARGEST, Kind, Order, read, written
from bot.core.planning import plan
from bot.core.policyfile import policy_for
from bot.core.record import order_path
from bot.core.waiting import waiting
from bot.core.wording import suggestion
from bot.gates import GATES
from bot.report import replies
from bot.report.render import marked
from bot.report.status import context
from bot.world.orders import AUDIT, REFSPEC, orders_since, read_ledger
from bot.world.perform import Performer
from bot.world.reading import read_request

if TYPE_CHECKING:
    from bot.core.action import Action
    from bot.core.event import CommentCreated
    from bot.core.planning import Court
    from bot.core.proposal import Proposal
    from bot.core.trial import Trial
    from bot.world.forge import Forge, PullRequest, Reaction
    from bot.world.repository import Repository

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


class _NotDone(Exception):  # noqa: N818 -- named as it reads
    """A command is refused; carries why, and a line that would be carried out."""

    def __init__(self, because: str, paste: str = "") -> None:
        super().__init__(because)
        self.because, self.paste = because, paste


@dataclass(frozen=True, slots=True, kw_only=True)
class _Docket:
    """What a request would be judged by."""

    proposal: Proposal
    court: Court
    trials: tuple[Trial, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(trial.case.key for trial in self.trials if trial.case)


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
            if isinstance(command, Misunderstood):
                return self._misunderstood(command, pull)
            self._authorised(command, asker, pull)
            return self._carried(command, pull)
        except _NotDone as refused:
            self._reply(replies.not_done(refused.because, refused.paste))
            self._react("-1")
            return Carried(said=f"not done: {refused.because}", number=number)

    def _done(self, command: Command | Misunderstood, pull: PullRequest) -> Carried | None:
        """Find that the command was carried before, and finish what was cut short."""
        number, comment = self.event.number, self.event.comment
        tip = self.repository.resolve(AUDIT)
        path = order_path(number, comment)
        stored = tip and self.repository.blob(tip, path, most=LARGEST)
        if stored and read(stored.text) is not None:
            self._react("+1")
            return Carried(said="done before", number=number, head=pull.head_sha, evaluate=True)
        if not self.forge.reports(number, replies.marker_of(comment)):
            return None
        answered = isinstance(command, Command) and command.verb in WITHOUT_ORDER
        self._react("+1" if answered else "-1")
        return Carried(said="answered before", number=number)

    def _misunderstood(self, command: Misunderstood, pull: PullRequest) -> Carried:
        merge = command.verb is Verb.MERGE
        paste = f"/lockstep merge {pull.head_sha[:12]}" if merge else command.paste
        self._reply(replies.not_understood(command.because, paste))
        self._react("-1")
        return Carried(said=f"not understood: {command.because}", number=pull.number)

    def _authorised(self, command: Command, asker: Asker, pull: PullRequest) -> None:
        within = orders_since(self.repository, self.now - timedelta(hours=1))
        given = sum(order.by == asker.login for order in within)
        known = replace(asker, author=pull.author, makers=pull.made_by, within_the_hour=given)
        why = denied(command.verb, known)
        if command.verb is Verb.OVERRIDE and not why:
            why = own_push(asker.login, self.forge.pushers(pull))
        if why:
            raise _NotDone(why)
        if not pull.open and command.verb not in WITHOUT_ORDER:
            raise _NotDone("the pull request is merged" if pull.merged_as else "it is closed")

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
            case Kind.RELEASE if not self._is_held(pull):
                raise _NotDone("nothing holds it")
            case Kind.MERGE:
                return replace(order, keys=self._mergeable(command.sha, pull).keys)
            case Kind.OVERRIDE:
                return self._override(order, pull)
            case _:
                return order

    def _is_held(self, pull: PullRequest) -> bool:
        orders = read_ledger(self.repository, pull.number).orders
        last = max(
            (one for one in orders if one.kind in (Kind.HOLD, Kind.RELEASE)),
            key=lambda one: one.comment,
            default=None,
        )
        return last is not None and last.kind is Kind.HOLD

    def _mergeable(self, sha: str, pull: PullRequest) -> _Docket:
        """Bind an order to merge to this head and this evidence."""
        if not pull.head_sha.startswith(sha):
            raise _NotDone(
                f"the head is {pull.head_sha[:12]} and not {sha[:12]}; look at it again first",
                f"/lockstep merge {pull.head_sha[:12]}",
            )
        return self._docket(pull)

    def _override(self, order: Order, pull: PullRequest) -> Order:
        """Bind an override to the evidence that the published report is about."""
        docket = self._docket(pull)
        asked = [(trial, ask) for trial in docket.trials for ask in trial.asked]
        meant = [(trial, ask) for trial, ask in asked if order.gate in (ask.name, ask.gate.title)]
        if not meant:
            names = {name for _, ask in asked for name in (ask.name, ask.gate.title)}
            raise _NotDone(
                f"nothing asks the gate {order.gate} here; {suggestion(order.gate, names)}"
            )
        if not any(ask.overridable for _, ask in meant):
            raise _NotDone(f"the gate {order.gate} is hard; nobody overrides it")
        if not self._reported(docket, pull):
            raise _NotDone(
                "no report of exactly this head and this evidence is there to override; "
                "have it judged, read the report, and order it again",
                "/lockstep evaluate",
            )
        models = {trial.transition.model for trial, _ in meant}
        spans = [policy_for(name, docket.court.policies).head.overrides.expire for name in models]
        keys = {trial.case.key for trial, _ in meant if trial.case}
        return replace(order, keys=tuple(sorted(keys)), until=self.now + min(spans))

    def _reported(self, docket: _Docket, pull: PullRequest) -> bool:
        """Tell whether our report is of this head on this evidence; its key is computed anew."""
        ours = self.forge.reports(pull.number, MARKER)[:1]
        contents = [content for one in ours if (content := marked(one.body))]
        wanted = (pull.head_sha, fold_keys(docket.keys))
        return any((one.get("head"), one.get("key")) == wanted for one in contents)

    def _docket(self, pull: PullRequest) -> _Docket:
        proposal = read_request(pull, self.forge, self.repository)
        try:
            court, changes = open_court(proposal, GATES, version=self.version)
            return _Docket(proposal=proposal, court=court, trials=plan(changes, court))
        except Refusal as refusal:
            raise _NotDone(f"it cannot be judged: {refusal.problems[0]}") from None

    def _state(self, pull: PullRequest) -> str:
        docket = self._docket(pull)
        said = self.forge.status(pull.head_sha, context(pull.base))
        standing = docket.proposal.standing
        rules = rules_of(docket.trials, docket.court)
        waits = waiting(docket.trials, standing, rules) if pull.open else ()
        description = said.description if said else None
        return replies.state(description, waits, standing, docket.proposal.base_sha)

    def _react(self, reaction: Reaction) -> None:
        self._act(React(number=self.event.number, comment=self.event.comment, reaction=reaction))

    def _reply(self, text: str) -> None:
        if len(self.forge.reports(self.event.number, replies.REPLY)) >= LOUDEST:
            return
        marker = replies.marker_of(self.event.comment)
        self._act(Reply(number=self.event.number, marker=marker, body=f"{marker}\n{text}\n"))

    def _act(self, *actions: Action) -> None:
        Performer(self.forge, self.repository).perform(actions)
