"""A finding is what was seen about a landed commit that no decision accounts for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from bot.core.record import FORMAT, Record

if TYPE_CHECKING:
    from datetime import datetime

REVERTS = "lockstep/revert-"
"""How the branch begins on which the guard proposes to take a commit back."""


class Kind(Enum):
    """What was seen; the value is how it is stored."""

    BY_HAND = "by hand"
    """The commit changed the lock and no decision that passed accounts for it."""
    OTHER_LOCK = "other lock"
    """The lock landed otherwise than it was judged."""
    OTHER_POLICIES = "other policies"
    """It landed on other policies than those that judged it."""
    OTHER_BRANCH = "other branch"
    """It landed on another branch than the one it was judged for."""
    WAITED = "waited"
    """The lock had passed, and landed by hand before what kept it from merging had ended."""
    DROPPED = "dropped"
    """A recorded landing is no longer in the branch: somebody forced a push."""
    NO_AUDIT = "no audit"
    """Commits name records, and there is no audit branch."""
    FOUNDING = "founding"
    """The branch as it was when Lockstep first looked; nothing before it is asked for."""
    RESTORED = "restored"
    """The commit gave back, by hand, exactly the lock that was recorded last."""


ALLOWED = frozenset({Kind.FOUNDING, Kind.RESTORED})
REVERTED = frozenset({Kind.BY_HAND, Kind.WAITED, Kind.OTHER_LOCK, Kind.OTHER_POLICIES})
"""What a revert of the commit takes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was seen about one commit, with everything a person needs to judge it."""

    kind: Kind
    commit: str
    branch: str
    at: datetime | None = None
    """When the commit was made; None when it is gone."""
    by: str = ""
    """Who made it, as git has it; text from outside."""
    subject: str = ""
    """First line of its message; text from outside."""
    lock: str = "none"
    """Object id of the lock in the commit."""
    judged: str | None = None
    """Object id of the lock that was judged, where one was."""
    request: int | None = None
    """The pull request it came from, where that is known."""
    tip: str | None = None
    """The commit that is told in place of one that is gone from its branch."""
    before: tuple[str, ...] = ()
    """Commits just before it that no decision accounts for either, oldest first."""
    moves: tuple[str, ...] = ()
    """What the commit did to each model, in words."""

    @property
    def red(self) -> bool:
        """Whether anything is to be done about it."""
        return self.kind not in ALLOWED

    @property
    def content(self) -> bytes:
        """The finding as it is stored, once for each commit."""
        return Record(
            content={
                "format": FORMAT,
                "finding": self.kind.value,
                "commit": self.commit,
                "branch": self.branch,
                "at": self.at.isoformat() if self.at else None,
                "by": self.by,
                "subject": self.subject,
                "lock": self.lock,
                "judged": self.judged,
                "request": self.request,
                "before": list(self.before),
                "moves": list(self.moves),
            }
        ).bytes


def revert_branch(commit: str) -> str:
    """Name the branch on which the revert of a commit is proposed."""
    return f"{REVERTS}{commit[:12]}"
