"""The ledger: what the audit branch says about landed commits, read at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.core.finding import Kind
from bot.core.record import BRANCH, FINDINGS, RECORDS, SEALS
from bot.world.accounting import read_record
from bot.world.git import checked
from bot.world.perform_audit import below

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.world.perform_audit import AuditBranch
    from bot.world.repository import Repository

RECENT = 300
"""Records that are looked at for a commit that names neither its record nor its request."""
MOST_NUMBERS = 5
_NUMBER = re.compile(r"#([1-9][0-9]{0,8})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What is stored about landed commits."""

    tip: str | None
    """Of the audit branch; None when there is none."""
    seals: Mapping[str, Mapping[str, Any]]
    """By landed commit."""
    findings: Mapping[str, Kind]
    """By commit; told or not yet."""
    told: frozenset[str]
    """Commits whose finding was told to the end."""

    @property
    def untold(self) -> tuple[tuple[str, int], ...]:
        """Landings whose seal says what is wrong and that nobody was told of: a run was cut."""
        return tuple(
            (commit, int(seal["request"]))
            for commit, seal in self.seals.items()
            if seal.get("finding") and commit not in self.told
        )

    @property
    def sound(self) -> frozenset[str]:
        """Commits that landed as they were judged."""
        return frozenset(commit for commit, seal in self.seals.items() if not seal.get("finding"))

    def landings(self, branch: str) -> frozenset[str]:
        """Name the commits that landed as they were judged, for a branch."""
        return frozenset(one for one in self.sound if self.seals[one].get("branch") == branch)


def read_ledger(audit: AuditBranch) -> Ledger:
    """Fetch the audit branch and read every seal and finding of it."""
    return ledger_at(audit.repository, audit.tip())


def known_here(repository: Repository) -> Ledger:
    """Read what a clone knows of the audit branch of its `origin`, without asking anybody."""
    return ledger_at(repository, repository.resolve(f"refs/remotes/origin/{BRANCH}"))


def ledger_at(repository: Repository, tip: str | None) -> Ledger:
    """Read every seal and finding of a commit of the audit branch."""
    if tip is None:
        return Ledger(tip=None, seals={}, findings={}, told=frozenset())
    seals = {
        str(seal["landed"]): {**seal, "record": path.rsplit("/", 1)[-1].removesuffix(".json")}
        for path, text in below(repository, tip, SEALS)
        if "landed" in (seal := read_record(text))
    }
    told = {
        path.rsplit("/", 1)[-1].removesuffix(".json"): read_record(text)
        for path, text in below(repository, tip, FINDINGS)
    }
    findings = {commit: _kind(content) for commit, content in told.items()}
    for content in told.values():
        findings |= {
            str(commit): Kind.BY_HAND
            for commit in content.get("before", ())
            if str(commit) not in findings
        }
    # A seal that says what was wrong is a finding, told or not yet.
    wrong = {commit: Kind(seal["finding"]) for commit, seal in seals.items() if seal.get("finding")}
    return Ledger(tip=tip, seals=seals, findings={**wrong, **findings}, told=frozenset(told))


def candidates(audit: AuditBranch, message: str) -> Iterator[tuple[str, bytes]]:
    """Read the records that may account for a commit: (path, text).

    Those of the requests that its message names come first; a merge queue or a person may write
    a message without any, so the newest records follow.
    """
    tip = audit.tip()
    if tip is None:
        return
    numbers = list(dict.fromkeys(_NUMBER.findall(message)))[-MOST_NUMBERS:]
    for number in numbers:
        yield from audit.below(tip, f"{RECORDS}/{number}")
    raw = audit.repository.run(
        "log",
        f"--max-count={RECENT}",
        "--format=",
        "--name-only",
        "--diff-filter=A",
        "--no-renames",
        "--end-of-options",
        checked(tip),
        "--",
        RECORDS,
    )
    for path in raw.decode().split():
        if path.split("/")[1] not in numbers:
            text = audit.read(tip, path)
            if text is not None:
                yield path, text


def first_record(audit: AuditBranch, tip: str) -> Mapping[str, Any]:
    """Read the oldest record of the branch; empty when there is none."""
    raw = audit.repository.run(
        "log",
        "--reverse",
        "--format=",
        "--name-only",
        "--diff-filter=A",
        "--no-renames",
        "--end-of-options",
        checked(tip),
        "--",
        RECORDS,
    )
    oldest = next(iter(raw.decode().split()), None)
    text = oldest and audit.read(tip, oldest)
    return read_record(text) if text else {}


def _kind(content: Mapping[str, Any]) -> Kind:
    """Read what a finding is; one that cannot be read was told, so it is the gravest."""
    try:
        return Kind(content.get("finding"))
    except ValueError:
        return Kind.BY_HAND
