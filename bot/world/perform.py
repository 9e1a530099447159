"""Performing brings about each action once: probe, do, probe.

Killed at any point and started again, a request converges to one report, one status, one
record and at most one merge.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, assert_never

from bot.core.action import (
    ConfirmLanding,
    MergePullRequest,
    PublishReport,
    SetStatus,
    StoreRecord,
)
from bot.core.actions import MARKER
from bot.core.errors import Incident, Moved, Unavailable
from bot.core.policyfile import FOLDER
from bot.core.proposal import LOCK
from bot.core.record import BRANCH, digest_of, record_path, seal_path
from bot.report.landed import with_landing
from bot.world.forge import HeadMoved, NotMergeable, Status
from bot.world.git import checked
from bot.world.reading import MOST_LOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.core.action import Action
    from bot.world.forge import Forge
    from bot.world.repository import Repository

ATTEMPTS = 5
AUDIT = "refs/lockstep/audit"


@dataclass(frozen=True, slots=True)
class Performer:
    """Performs actions on one forge."""

    forge: Forge
    repository: Repository
    say: Callable[[str], None] = lambda _: None
    """Told what happened, for progress."""

    def perform(self, actions: tuple[Action, ...]) -> None:
        """Bring about every action, in order.

        Raises:
            Moved: head or base moved before the merge.
            Incident: the landed lock is not the judged one.
            Unavailable: the forge did not answer.
        """
        for action in actions:
            match action:
                case PublishReport():
                    self._publish(action)
                case SetStatus():
                    self._set_status(action)
                case StoreRecord():
                    self._store(action)
                case MergePullRequest():
                    self._merge(action)
                case ConfirmLanding():
                    self._confirm(action)
                case _:
                    assert_never(action)

    def _publish(self, action: PublishReport) -> None:
        ours = self.forge.reports(action.number, action.marker)
        if not ours:
            self.forge.comment(action.number, action.body)
            return
        if _lasting(ours[0].body) != _lasting(action.body):
            self.forge.edit_comment(action.number, ours[0], action.body)
        for duplicate in ours[1:]:
            self.forge.delete_comment(action.number, duplicate)

    def _set_status(self, action: SetStatus) -> None:
        # Both forges probe first: a status that says the same already is not said again.
        self.forge.set_status(
            action.sha,
            Status(
                context=action.context,
                state=action.state,
                description=action.description,
                url=None,
            ),
        )

    def _store(self, action: StoreRecord) -> None:
        self._append(
            record_path(action.number, action.identity),
            action.record.bytes,
            f"Record {action.identity[:12]}",
        )

    def _append(self, path: str, text: bytes, message: str) -> bytes:
        """Add a file to the audit branch unless it is there; return what is stored.

        Compare-and-swap: a push that is not a fast-forward is refused, and tried again on the
        branch as it is then.
        """
        for _ in range(ATTEMPTS):
            tip = self._audit_tip()
            if tip is not None:
                stored = self.repository.blob(tip, path, most=MOST_LOCK)
                if stored is not None:
                    return stored.text
            commit = self.repository.append(tip, {path: text}, message, datetime.now(UTC))
            if self.repository.push(self.forge.remote(), commit, BRANCH):
                return text
        raise Unavailable(f"the branch {BRANCH} moved {ATTEMPTS} times while writing to it")

    def _recorded(self, number: int, identity: str) -> bytes:
        tip = self._audit_tip()
        stored = tip and self.repository.blob(tip, record_path(number, identity), most=MOST_LOCK)
        if not stored:
            raise Unavailable(f"the record {identity[:12]} is not on {BRANCH}; nothing was merged")
        return stored.text

    def _audit_tip(self) -> str | None:
        # A wildcard fetches nothing, without an error, when the branch does not exist yet.
        self.repository.fetch(self.forge.remote(), f"+refs/heads/{BRANCH}*:{AUDIT}*")
        return self.repository.resolve(AUDIT)

    def _merge(self, action: MergePullRequest) -> None:
        self._still(action)
        stored = self._recorded(action.number, action.identity)
        message = "\n".join((*action.trailers, f"Record: {digest_of(stored)}"))
        try:
            landed = self.forge.merge(
                action.number, sha=action.head_sha, title=action.title, message=message
            )
        except HeadMoved:
            raise Moved("the head moved while it was judged") from None
        except NotMergeable as refused:
            raise Moved(f"the forge did not merge it: {refused}") from None
        self.say(f"merged as {landed[:10]}")
        self._seal(action.number, landed, action.identity, action.lock_oid)
        self._on_judged_base(action, landed)

    def _still(self, action: MergePullRequest) -> None:
        """Read the base again just before the merge; `sha` protects the head only."""
        self.repository.fetch(
            self.forge.remote(), f"+refs/heads/{action.branch}:refs/lockstep/base"
        )
        if self.repository.commit("refs/lockstep/base") != action.base_sha:
            raise Moved("the base moved while it was judged")

    def _tell(self, number: int, landed: str) -> None:
        """Let the published report say what the request landed as."""
        for ours in self.forge.reports(number, MARKER)[:1]:
            told = with_landing(ours.body, landed, BRANCH)
            if told != ours.body:
                self.forge.edit_comment(number, ours, told)

    def _confirm(self, action: ConfirmLanding) -> None:
        """Seal a landing that was cut short before its seal, or that a person merged.

        A request may have been judged more than once; the record that counts is the one the
        landed commit names, else the one about exactly the lock that landed.
        """
        tip = self._audit_tip()
        if tip is None:
            return
        self.repository.fetch(self.forge.remote(), f"+{action.landed}:refs/lockstep/landed")
        message = self.repository.run("log", "-1", "--format=%B", checked(action.landed)).decode()
        lock = self._lock_of(action.landed)
        for _, _, _, path in self.repository.tree(tip, f"records/{action.number}/"):
            stored = self.repository.blob(tip, path, most=MOST_LOCK)
            content = json.loads(stored.text) if stored else {}
            named = stored is not None and f"Record: {digest_of(stored.text)}" in message
            by_hand = "Record: sha256:" not in message and _passed(content, lock)
            if named or by_hand:
                identity = path.rsplit("/", 1)[1].removesuffix(".json")
                self._seal(action.number, action.landed, identity, content["head"]["lock"])
                return

    def _seal(self, number: int, landed: str, identity: str, lock_oid: str) -> None:
        """Compare what landed with what was judged, and write both down.

        Raises:
            Incident: the landed lock is another one.
        """
        self.repository.fetch(self.forge.remote(), f"+{landed}:refs/lockstep/landed")
        found = self._lock_of(landed)
        seal = {"landed": landed, "lock": found, "judged": lock_oid, "request": number}
        self._append(
            seal_path(number, identity),
            json.dumps(seal, sort_keys=True).encode(),
            f"Seal {identity[:12]} as {landed[:12]}",
        )
        self._tell(number, landed)
        if found != lock_oid:
            raise Incident(
                f"{LOCK} landed as {found} and was judged as {lock_oid}, in {landed}; "
                f"`git revert {landed[:12]}` takes it back"
            )

    def _on_judged_base(self, action: MergePullRequest, landed: str) -> None:
        """Compare the policies that the landed commit grew on with those that judged.

        Raises:
            Incident: the base moved in the last instant and brought other policies.
        """
        judged = {path: oid for _, oid, _, path in self.repository.tree(action.base_sha, FOLDER)}
        grown = {path: oid for _, oid, _, path in self.repository.tree(landed, FOLDER)}
        if judged != grown:
            raise Incident(
                f"{landed} landed on other policies than those that judged it; "
                f"`git revert {landed[:12]}` takes it back"
            )

    def _lock_of(self, commit: str) -> str:
        blob = self.repository.blob(commit, LOCK, most=MOST_LOCK)
        return blob.oid if blob else "none"


def _passed(content: dict[str, Any], lock: str) -> bool:
    """Tell whether a record is about a pass of exactly this lock."""
    ruling = content.get("decision", {}).get("outcome")
    judged = content.get("head", {}).get("lock")
    return bool(ruling == "passed" and judged == lock)


def _lasting(body: str) -> str:
    """Leave out the marker and the footer, which name the moment: an hourly run edits nothing."""
    return body.split("\n", 1)[-1].rsplit("\n<sub>", 1)[0]
