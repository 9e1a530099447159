"""Landing: merge exactly what was judged, compare what landed, and write both down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from bot.core.actions import MARKER
from bot.core.errors import Incident, Moved, NotARepository, Unavailable
from bot.core.finding import Kind
from bot.core.proposal import LOCK
from bot.core.record import BRANCH, RECORDS, digest_of, finding_path, record_path, seal_path
from bot.core.waiting import FOR_PERSON
from bot.report.incident import raised
from bot.report.landed import with_landing, with_queue
from bot.world.forge import HeadMoved, NotMergeable, QueueRequired
from bot.world.guard_facts import found, lock_oid, message_of
from bot.world.policies import judged_by, policies_at
from bot.world.revert import parent_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bot.core.action import Action, ConfirmLanding, MergePullRequest
    from bot.world.forge import Forge, PullRequest
    from bot.world.perform_audit import AuditBranch
    from bot.world.repository import Repository

BASE, LANDED = "refs/lockstep/base", "refs/lockstep/landed"
LETS = frozenset({"passed", "overridden"})
"""Outcomes of a record that let a request land."""


class Match(NamedTuple):
    """The record that accounts for a commit."""

    number: int
    identity: str
    content: Mapping[str, Any]


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

    def merge(self, action: MergePullRequest, pull: PullRequest) -> str | None:
        """Merge what was judged, or hand it to the merge queue.

        Args:
            action: What was judged.
            pull: The request as it is now.

        Returns:
            The landed commit; None when it waits in the merge queue.

        Raises:
            Moved: head or base is no longer what was judged.
            Incident: what landed is not what was judged.
        """
        stored = self._recorded(action.number, action.identity)
        message = "\n".join((*action.trailers, f"Record: {digest_of(stored)}"))
        if pull.merged_as is None:
            self._on_judged_base(action)
        try:
            landed = self.forge.merge(
                action.number, sha=action.head_sha, title=action.title, message=message
            )
        except HeadMoved:
            raise Moved("the head moved while it was judged") from None
        except QueueRequired:
            self._enqueue(action)
            return None
        except NotMergeable as refused:
            raise Moved(f"the forge did not merge it: {refused}") from None
        self.say(f"merged as {landed[:10]}")
        self._account(action.number, landed, action.identity, json.loads(stored))
        return landed

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
        return self.seal(action.landed, records, self.forge.default_branch())

    def seal(self, commit: str, records: Iterable[tuple[str, bytes]], branch: str) -> bool:
        """Seal a fetched commit by the first of some records that accounts for it.

        Raises:
            Incident: what landed is not what was judged.
        """
        match = self.match(commit, records, branch)
        if match is not None:
            self._account(match.number, commit, match.identity, match.content)
        return match is not None

    def match(self, commit: str, records: Iterable[tuple[str, bytes]], branch: str) -> Match | None:
        """Find the record that accounts for a fetched commit of a branch.

        A request may have been judged more than once; the record that counts is the one the
        commit names, else the one about exactly the lock that landed, on the lock it grew on.
        A record accounts for one landing: a commit that copies another's message has none.  A
        decision that waited for a person accounts for what that person merged, and nothing else.
        """
        about = self._matching(commit, records, branch)
        return next((one for one in about if self._accounts(one, commit)), None)

    def waited(self, commit: str, records: Iterable[tuple[str, bytes]], branch: str) -> bool:
        """Tell whether a commit brings what passed, and what was waited for never came."""
        return any(waits_of(one.content) for one in self._matching(commit, records, branch))

    def _accounts(self, match: Match, commit: str) -> bool:
        waits = waits_of(match.content)
        if not waits:
            return True
        if not waits <= {kind.value for kind in FOR_PERSON}:
            return False
        try:
            return self.forge.pull_request(match.number).merged_as == commit
        except NotARepository:
            return False

    def _matching(
        self, commit: str, records: Iterable[tuple[str, bytes]], branch: str
    ) -> Iterator[Match]:
        message = message_of(self.repository, commit)
        lock = lock_oid(self.repository, commit)
        grew_on = lock_oid(self.repository, parent_of(self.repository, commit))
        for path, text in records:
            content = read_record(text)
            named = f"Record: {digest_of(text)}" in message
            by_hand = "Record: sha256:" not in message and _about(content, grew_on, lock)
            number, identity = path.removesuffix(".json").split("/")[-2:]
            if not (_lets(content, branch) and (named or by_hand)):
                continue
            if self._free(number, identity, commit):
                yield Match(int(number), identity, content)

    def _free(self, number: str, identity: str, commit: str) -> bool:
        """Tell whether a record accounts for no other commit yet."""
        seal = self.audit.stored(seal_path(int(number), identity))
        return seal is None or json.loads(seal)["landed"] == commit

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
        for first in ours[:1]:
            told = change(first.body)
            if told != first.body:
                self.forge.edit_comment(number, first, told)
        for duplicate in ours[1:]:
            self.forge.delete_comment(number, duplicate)

    def _account(self, number: int, landed: str, identity: str, record: Mapping[str, Any]) -> None:
        """Compare what landed with what was judged, and write both down.

        Raises:
            Incident: another lock landed, or on other policies.
        """
        self.repository.fetch(self.forge.remote(), f"+{landed}:{LANDED}")
        lock, judged = lock_oid(self.repository, landed), record["head"]["lock"]
        kind = self._wrong(landed, lock, record)
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

    def _wrong(self, landed: str, lock: str, record: Mapping[str, Any]) -> Kind | None:
        self.repository.fetch(self.forge.remote(), f"+refs/heads/{record['branch']}:{BASE}")
        if self.repository.merge_base(landed, self.repository.commit(BASE)) != landed:
            return Kind.OTHER_BRANCH
        if lock != record["head"]["lock"]:
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
        what = {
            Kind.OTHER_LOCK: f"{LOCK} landed as {finding.lock} and was judged as "
            f"{finding.judged}, in {landed}",
            Kind.OTHER_BRANCH: f"{landed} was judged for {finding.branch} and is not on it",
        }.get(kind, f"{landed} landed on other policies than those that judged it")
        raise Incident(f"{what}; `git revert {landed[:12]}` takes it back")


def read_record(text: bytes) -> Mapping[str, Any]:
    """Read a stored record; empty when it is none."""
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _lets(content: Mapping[str, Any], branch: str) -> bool:
    """Tell whether a record is about a decision that lets its request land on a branch."""
    decision, head = content.get("decision", {}), content.get("head", {})
    return decision.get("outcome") in LETS and content.get("branch") == branch and "lock" in head


def waits_of(content: Mapping[str, Any]) -> frozenset[str]:
    """Name the kinds of what a recorded decision waited for."""
    waiting = content.get("decision", {}).get("waiting", ())
    return frozenset(str(one.get("kind")) for one in waiting if isinstance(one, dict))


def _about(content: Mapping[str, Any], grew_on: str, lock: str) -> bool:
    """Tell whether a record is about exactly this lock in place of exactly that one."""
    judged, champion = content.get("head", {}), content.get("base", {})
    return bool(judged.get("lock") == lock and (champion.get("lock") or "none") == grew_on)
