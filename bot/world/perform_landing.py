"""Landing: merge exactly what was judged, compare what landed, and write both down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.core.actions import MARKER
from bot.core.errors import Incident, Moved, Unavailable
from bot.core.finding import Kind
from bot.core.proposal import LOCK
from bot.core.record import (
    BRANCH,
    RECORDS,
    digest_of,
    finding_path,
    record_path,
    seal_path,
)
from bot.report.incident import raised
from bot.report.landed import with_landing, with_queue
from bot.world.accounting import Accounting
from bot.world.forge import HeadMoved, NotMergeable, QueueRequired
from bot.world.guard_facts import found, lock_oid, message_of
from bot.world.policies import judged_by, policies_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bot.core.action import Action, ConfirmLanding, MergePullRequest
    from bot.world.forge import Forge, PullRequest
    from bot.world.perform_audit import AuditBranch
    from bot.world.repository import Repository

BASE, LANDED = "refs/lockstep/base", "refs/lockstep/landed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Landings:
    """Lands requests on one forge, and accounts for what landed."""

    forge: Forge
    repository: Repository
    audit: AuditBranch
    say: Callable[[str], None]
    act: Callable[[tuple[Action, ...]], object]
    """Performs what an incident calls for."""
    report: str = ""
    """What this run published, in case somebody deletes it before the end."""

    @property
    def accounting(self) -> Accounting:
        """Which record accounts for a landed commit."""
        return Accounting(forge=self.forge, repository=self.repository, audit=self.audit)

    def merge(
        self, action: MergePullRequest, pull: PullRequest, look: Callable[[], None]
    ) -> str | None:
        """Merge what was judged, or hand it to the merge queue.

        Args:
            action: What was judged.
            pull: The request as it is now.
            look: Looks at it again, should the forge have us wait; raises when it moved.

        Returns:
            The landed commit; None when it waits in the merge queue.

        Raises:
            Moved: head or base is no longer what was judged.
            Incident: what landed is not what was judged.
        """

        def again() -> None:
            look()
            self._on_judged_base(action)

        stored = self._recorded(action.number, action.identity)
        message = "\n".join((*action.trailers, f"Record: {digest_of(stored)}"))
        if pull.merged_as is None:
            self._on_judged_base(action)
        try:
            landed = self.forge.merge(
                action.number,
                sha=action.head_sha,
                title=action.title,
                message=message,
                base=action.branch,
                again=again,
            )
        except HeadMoved:
            raise Moved("the head moved while it was judged") from None
        except QueueRequired:
            self._enqueue(action)
            return None
        except NotMergeable as refused:
            raise Moved(f"the forge did not merge it: {refused}") from None
        self.say(f"merged as {landed[:10]}")
        self.repository.fetch(self.forge.remote(), f"+{landed}:{LANDED}")
        if not self._landed_by_another(action, landed, digest_of(stored)):
            self._account(action.number, landed, action.identity, json.loads(stored))
        return landed

    def _landed_by_another(self, action: MergePullRequest, landed: str, digest: str) -> bool:
        """Seal what another run of the bot landed meanwhile, by the record that it names."""
        message = message_of(self.repository, landed)
        if "Record: sha256:" not in message or f"Record: {digest}" in message:
            return False
        tip = self.audit.tip()
        records = self.audit.below(tip, f"{RECORDS}/{action.number}") if tip else ()
        return self.seal(landed, records, action.branch)

    def confirm(self, action: ConfirmLanding) -> bool:
        """Seal a landing that was cut short before its seal, or that a person merged.

        Returns:
            Whether a record accounts for it.

        Raises:
            Incident: what landed is not what was judged.
        """
        tip = self.audit.tip()
        if tip is None:
            return False
        self.repository.fetch(self.forge.remote(), f"+{action.landed}:{LANDED}")
        records = self.audit.below(tip, f"{RECORDS}/{action.number}")
        if action.onto:
            # Another branch is not guarded; but what we merged there ourselves names its record.
            message = message_of(self.repository, action.landed)
            records = ((p, text) for p, text in records if f"Record: {digest_of(text)}" in message)
        return self.seal(action.landed, records, action.branch or self.forge.default_branch())

    def seal(self, commit: str, records: Iterable[tuple[str, bytes]], branch: str) -> bool:
        """Seal a fetched commit by the first of some records that accounts for it.

        Raises:
            Incident: what landed is not what was judged.
        """
        match = self.accounting.match(commit, records, branch)
        if match is not None:
            self._account(match.number, commit, match.identity, match.content)
        return match is not None

    def _recorded(self, number: int, identity: str) -> bytes:
        stored = self.audit.stored(record_path(number, identity))
        if stored is None:
            raise Unavailable(f"the record {identity[:12]} is not on {BRANCH}; nothing was merged")
        return stored

    def _on_judged_base(self, action: MergePullRequest) -> None:
        """Read the base again just before the merge; `sha` protects the head only."""
        self.repository.fetch(self.forge.remote(), f"+refs/heads/{action.branch}:{BASE}")
        if self.repository.commit(BASE) != action.base_sha:
            raise Moved("the base moved while it was judged")

    def _enqueue(self, action: MergePullRequest) -> None:
        try:
            self.forge.enqueue(action.number, sha=action.head_sha)
        except HeadMoved:
            raise Moved("the head moved while it was judged") from None
        except NotMergeable as refused:
            raise Moved(f"the merge queue did not take it: {refused}") from None
        self.say("waits in the merge queue")
        self._tell(action.number, with_queue)

    def _tell(self, number: int, change: Callable[[str], str]) -> None:
        """Let the published report say what became of the request."""
        ours = self.forge.reports(number, MARKER)
        if not ours and self.report:
            self.forge.comment(number, change(self.report))
            # What seemed deleted may be there: GitHub's answer shows what was said before.
            ours = self.forge.reports(number, MARKER)
        for first in ours[:1]:
            told = change(first.body)
            if told != first.body:
                self.forge.edit_comment(number, first, told)
        for duplicate in ours[1:]:
            self.forge.delete_comment(number, duplicate)

    def _account(self, number: int, landed: str, identity: str, record: Mapping[str, Any]) -> None:
        """Compare what landed, and is fetched, with what was judged; write both down.

        Raises:
            Incident: another lock landed, or on other policies.
            Unavailable: the branch does not show it yet.
        """
        lock, judged = lock_oid(self.repository, landed), record["head"]["lock"]
        kind = self._wrong(number, landed, record)
        seal = {
            "landed": landed,
            "lock": lock,
            "judged": judged,
            "request": number,
            "branch": record["branch"],
            "finding": kind.value if kind else None,
        }
        self.audit.append(
            seal_path(number, identity),
            json.dumps(seal, sort_keys=True).encode(),
            f"Seal {identity[:12]} as {landed[:12]}",
        )
        self._tell(number, lambda body: with_landing(body, landed, BRANCH))
        if kind is not None:
            self._raise(kind, landed, record, number)

    def _wrong(self, number: int, landed: str, record: Mapping[str, Any]) -> Kind | None:
        branch = record["branch"]
        self.repository.fetch(self.forge.remote(), f"+refs/heads/{branch}:{BASE}")
        tip = self.repository.commit(BASE)
        common = self.repository.merge_base(landed, tip)
        if common != landed:
            if common == tip and self.forge.pull_request(number).base == branch:
                # A copy of the repository lags behind the merge it has just made.
                raise Unavailable(f"{branch} does not show {landed[:12]} yet; try again")
            return Kind.OTHER_BRANCH
        if not self.accounting.as_judged(landed, record):
            return Kind.OTHER_LOCK
        if not judged_by(record, policies_at(self.repository, landed)):
            return Kind.OTHER_POLICIES
        return None

    def _raise(self, kind: Kind, landed: str, record: Mapping[str, Any], number: int) -> None:
        """Tell of an incident once, however often it is met."""
        finding = found(
            kind,
            landed,
            record["branch"],
            self.repository,
            judged=record["head"]["lock"],
            request=number,
        )
        if self.audit.stored(finding_path(landed)) is None:
            self.act(raised(finding))
        short = landed[:12]
        what = {
            Kind.OTHER_LOCK: f"{LOCK} landed as {finding.lock} and was judged as "
            f"{finding.judged}, in {landed}",
            Kind.OTHER_BRANCH: f"{landed} was judged for {finding.branch} and is not on it",
        }.get(kind, f"{landed} landed on other policies than those that judged it")
        back = f"merge the revert that is proposed, or `git revert {short}` on {finding.branch}"
        if kind is Kind.OTHER_BRANCH:
            back = (
                f"`git branch --remotes --contains {short}` names the branch that has it; "
                f"`git revert {short}` there, and propose the change for {finding.branch} anew"
            )
        raise Incident(f"{what}; {back}")
