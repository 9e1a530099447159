"""Where guarding begins: a branch that was there before Lockstep is taken as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.finding import Finding, Kind
from bot.core.proposal import LOCK
from bot.world.guard_facts import found
from bot.world.guard_ledger import first_record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.guarding import Step
    from bot.world.guard_ledger import Ledger
    from bot.world.perform_audit import AuditBranch
    from bot.world.repository import Repository

BEGINNINGS = frozenset({Kind.FOUNDING, Kind.NO_AUDIT})
NAMES_A_RECORD = b"\nRecord: sha256:"


def begun(
    history: Sequence[Step], ledger: Ledger, branch: str, tip: str, audit: AuditBranch
) -> tuple[int, Finding | None]:
    """Say which commit of a history is the first guarded one.

    Guarding begins where it was said to; else before the first decision; else, when nothing was
    ever decided, now.

    Returns:
        Its place in the history, and what is to be told about the beginning: None when it was
        told before, or when the branch has no lock older than the first decision.
    """
    told = [commit for commit, kind in ledger.findings.items() if kind in BEGINNINGS]
    if told:
        places = (place(history, commit, tip, audit.repository) for commit in told)
        return max(places), None
    at = len(history)
    kind = Kind.FOUNDING
    if ledger.tip is None:
        named = _named(history, audit.repository)
        kind = Kind.NO_AUDIT if named else Kind.FOUNDING
        at = named or at
    elif record := first_record(audit, ledger.tip):
        at = place(history, str(record.get("base", {}).get("commit")), tip, audit.repository)
    if at == 0:
        return 0, None
    return at, found(kind, history[at - 1].commit, branch, audit.repository)


def place(history: Sequence[Step], commit: str, tip: str, repository: Repository) -> int:
    """Count the steps of a history, oldest first, that a commit of the repository includes."""
    commits = [step.commit for step in history]
    if commit in commits:
        return commits.index(commit) + 1
    known = repository.resolve(commit)
    shared = repository.merge_base(known, tip) if known else None
    last = repository.history(shared, LOCK, most=1) if shared else ()
    return commits.index(last[0].commit) + 1 if last and last[0].commit in commits else 0


def _named(history: Sequence[Step], repository: Repository) -> int:
    """Count the steps up to the newest whose message names a record; 0 when none does."""
    texts = repository.contents([step.commit for step in history])
    return max((at for at, text in enumerate(texts, 1) if NAMES_A_RECORD in text), default=0)
