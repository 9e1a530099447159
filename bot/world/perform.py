"""Performing brings about each action once: probe, do, probe.

Killed at any point and started again, a request converges to one report, one status, one
record and at most one merge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, assert_never

from bot.core.action import (
    ConfirmLanding,
    MergePullRequest,
    OpenIssue,
    ProposeRevert,
    PublishReport,
    React,
    Reply,
    SetStatus,
    StoreFinding,
    StoreOrder,
    StoreRecord,
)
from bot.core.errors import Moved
from bot.core.record import finding_path, order_path, record_path
from bot.world.forge import Status
from bot.world.perform_audit import AuditBranch
from bot.world.perform_landing import Landings
from bot.world.revert import propose_revert

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.core.action import Action
    from bot.core.proposal import Standing
    from bot.world.forge import Forge, PullRequest
    from bot.world.repository import Repository

LOOK_LASTS_S = 15.0
"""How old the last look may be at the merge, in seconds; setting the status may take long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performed:
    """What came of the actions, apart from what everybody can see."""

    landed: str | None = None
    """The commit the request landed as."""
    queued: bool = False
    """It was handed to the merge queue, which lands it."""


@dataclass(frozen=True, slots=True)
class Performer:
    """Performs actions on one forge."""

    forge: Forge
    repository: Repository
    say: Callable[[str], None] = lambda _: None
    """Told what happened, for progress."""
    standing: Callable[[PullRequest], Standing] | None = None
    """Reads what people say about a request now."""
    rested_on: Standing | None = None
    """What they said when it was judged; a merge is refused when that is another."""
    fresh: PullRequest | None = None
    """The request, when it was read a moment ago; asked for before a green status otherwise."""
    known: PullRequest | None = None
    """The request as it was judged, for what is read anew in git alone."""

    def perform(self, actions: tuple[Action, ...]) -> Performed:
        """Bring about every action, in order.

        Raises:
            Moved: head, base or standing moved before the merge.
            Incident: the landed lock is not the judged one.
            Unavailable: the forge did not answer.
        """
        outcome = Performed()
        published = next((one.body for one in actions if isinstance(one, PublishReport)), "")
        merge = next((one for one in actions if isinstance(one, MergePullRequest)), None)
        recorded = any(isinstance(one, StoreRecord) for one in actions)
        pull: PullRequest | None = None
        looked = 0.0
        for action in actions:
            match action:
                case SetStatus(state="success"):
                    # A green status may let others merge, so the last look is before it.
                    if merge is not None:
                        pull, looked = self._still(merge, self.fresh), monotonic()
                    elif recorded:
                        self._unordered()
                    self._set_status(action, partial(self._look_again, merge))
                case MergePullRequest():
                    if pull is None or monotonic() - looked > LOOK_LASTS_S:
                        pull = self._still(action)
                    landings = replace(self.landings, report=published)
                    landed = landings.merge(action, pull, partial(self._look_again, action))
                    outcome = Performed(landed=landed, queued=landed is None)
                case ConfirmLanding():
                    self.landings.confirm(action)
                    outcome = Performed(landed=action.landed)
                case _:
                    self._do(action)
        return outcome

    def _do(self, action: Action) -> None:
        match action:
            case PublishReport():
                self._publish(action)
            case SetStatus():
                self._set_status(action)
            case React():
                self.forge.react(action.number, action.comment, action.reaction)
            case Reply():
                self._reply(action)
            case OpenIssue():
                self.forge.issue(marker=action.marker, title=action.title, body=action.body)
            case ProposeRevert():
                propose_revert(action, self.forge, self.repository)
            case StoreRecord() | StoreOrder() | StoreFinding():
                self._store(action)
            case MergePullRequest() | ConfirmLanding():
                raise AssertionError("landing is not done here")
            case _:
                assert_never(action)

    @property
    def audit(self) -> AuditBranch:
        """The branch that records, seals, orders and findings are stored on."""
        return AuditBranch(self.forge, self.repository)

    @property
    def landings(self) -> Landings:
        """How a request lands, and how a landing is accounted for."""
        return Landings(
            forge=self.forge,
            repository=self.repository,
            audit=self.audit,
            say=self.say,
            act=self.perform,
        )

    def _publish(self, action: PublishReport) -> None:
        ours = self.forge.reports(action.number, action.marker)
        if not ours:
            self.forge.comment(action.number, action.body)
            # GitHub's answer shows what another run said in the same moment; no question is asked.
            ours = self.forge.reports(action.number, action.marker)
        if _lasting(ours[0].body) != _lasting(action.body):
            self.forge.edit_comment(action.number, ours[0], action.body)
        for duplicate in ours[1:]:
            self.forge.delete_comment(action.number, duplicate)

    def _reply(self, action: Reply) -> None:
        if not self.forge.reports(action.number, action.marker):
            self.forge.comment(action.number, action.body)
            for duplicate in self.forge.reports(action.number, action.marker)[1:]:
                self.forge.delete_comment(action.number, duplicate)

    def _set_status(self, action: SetStatus, again: Callable[[], None] | None = None) -> None:
        # Both forges probe first: a status that says the same already is not said again.
        self.forge.set_status(
            action.sha,
            Status(
                context=action.context,
                state=action.state,
                description=action.description,
                url=None,
            ),
            again,
        )

    def _store(self, action: StoreRecord | StoreOrder | StoreFinding) -> None:
        match action:
            case StoreRecord():
                path = record_path(action.number, action.identity)
                text, about = action.record.bytes, f"Record {action.identity[:12]}"
            case StoreOrder():
                path = order_path(action.number, action.comment)
                text, about = action.content, f"Order {action.comment} on {action.number}"
            case StoreFinding():
                path = finding_path(action.commit)
                text, about = action.content, f"Find {action.commit[:12]}"
            case _:
                assert_never(action)
        self.audit.append(path, text, about)

    def _still(self, action: MergePullRequest, fresh: PullRequest | None = None) -> PullRequest:
        """Read the request again just before the merge; the forge protects its head only.

        Raises:
            Moved: it was closed, or what people say about it is no longer what was judged.
        """
        pull = fresh or self.forge.pull_request(action.number)
        if pull.merged_as is not None:
            return pull
        if pull.head_sha != action.head_sha:
            raise Moved("the head moved while it was judged")
        if not pull.open:
            raise Moved("the request was closed while it was judged")
        if {pull.base, pull.default_branch} != {action.branch}:
            raise Moved("it was given another base while it was judged")
        # An order, such as a hold, may have come while the models answered.
        self.audit.tip()
        if self.standing is not None and self.standing(pull) != self.rested_on:
            raise Moved("what people say about it changed while it was judged")
        return pull

    def _look_again(self, merge: MergePullRequest | None) -> None:
        """Look once more after a forge had us wait, in which somebody may have said no.

        Raises:
            Moved: somebody did, or head or base moved.
        """
        if merge is None:
            self._unordered()
        else:
            self._still(merge)

    def _unordered(self) -> None:
        """See that nobody ordered anything while the record was stored; git alone is asked.

        Raises:
            Moved: somebody did.
        """
        if self.known is None or self.standing is None:
            return
        self.audit.tip()
        if self.standing(self.known) != self.rested_on:
            raise Moved("what people ordered changed while it was judged")


def _lasting(body: str) -> str:
    """Leave out the marker and the footer, which name the moment: an hourly run edits nothing."""
    return body.split("\n", 1)[-1].rsplit("\n<sub>", 1)[0]
