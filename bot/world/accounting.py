"""Accounting: which record says that a landed commit was judged, and let land as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from bot.core.errors import NotARepository
from bot.core.record import SEALS, digest_of
from bot.core.waiting import FOR_PERSON
from bot.world.alongside import landed_alongside
from bot.world.guard_facts import lock_oid, message_of
from bot.world.revert import parent_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.world.forge import Forge
    from bot.world.perform_audit import AuditBranch
    from bot.world.repository import Repository

LETS = frozenset({"passed", "overridden"})
"""Outcomes of a record that let a request land."""
TRAILER = "Record: "
"""What stands before the digest of its record in the message of a landing."""


class Match(NamedTuple):
    """The record that accounts for a commit."""

    number: int
    identity: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounting:
    """Holds the records of one audit branch against landed commits."""

    forge: Forge
    repository: Repository
    audit: AuditBranch

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
        lock = lock_oid(self.repository, commit)
        about = self._matching(commit, records, branch)
        return any(waits_of(one.content) and one.content["head"]["lock"] == lock for one in about)

    def _accounts(self, match: Match, commit: str) -> bool:
        """Tell whether a record accounts for a commit; by its name alone, for what was merged."""
        waits = waits_of(match.content)
        if not waits and self.as_judged(commit, match.content):
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
        named: set[str] = set()
        if TRAILER in message:
            records = tuple(records)
            named = {path for path, text in records if f"{TRAILER}{digest_of(text)}" in message}
        for path, text in records:
            content = read_record(text)
            # Anybody can write a line that names no record at all: it says nothing.
            meant = path in named if named else _about(content, grew_on, lock)
            number, identity = path.removesuffix(".json").split("/")[-2:]
            if not (meant and _lets(content, branch)):
                continue
            if self._free(number, commit):
                yield Match(int(number), identity, content)

    def _free(self, number: str, commit: str) -> bool:
        """Tell whether no record of a request accounts for another commit yet: it lands once."""
        tip = self.audit.tip()
        seals = () if tip is None else self.audit.below(tip, f"{SEALS}/{number}")
        return all(read_record(text).get("landed") == commit for _, text in seals)

    def as_judged(self, commit: str, record: Mapping[str, Any]) -> bool:
        """Tell whether a commit did to the lock what was judged, and to nothing else of it.

        The judged lock on another base would take back what landed since; whatever names it.
        """
        lock = lock_oid(self.repository, commit)
        grew_on = lock_oid(self.repository, parent_of(self.repository, commit))
        return _about(record, grew_on, lock) or landed_alongside(
            self.repository, self.forge.remote(), commit, record
        )


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
