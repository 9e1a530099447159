"""A proposal is everything read about one pull request before it is judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from bot.core.approvals import Approval, Recorded, Shown
    from bot.core.errors import Refusal
    from bot.core.order import Order
    from bot.core.owners import Owners
    from bot.core.transition import Past
    from bot.core.verdict import Override

LOCK = "models.lock"
LARGEST = 32_000_000
"""Bytes of a lock; 10,000 models take about a third of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to judge: a pull request, or the working tree when `number` is None."""

    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A file as git holds it."""

    text: bytes
    oid: str
    """Object id, 40 or 64 hex digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """One path that the head changes against the merge base."""

    path: str
    mode: str
    """Mode after the change: `100644`, `120000` for a symlink, `000000` when deleted."""
    size: int = 0
    """Bytes after the change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the forge says about the request, apart from the lock."""

    open: bool = True
    draft: bool = False
    merged_as: str | None = None
    approved_by: tuple[str, ...] = ()
    """People whose approval is of exactly the judged head; never who opened or made it."""
    reviews: tuple[Approval, ...] = ()
    """The same approvals with their moments and teams, where they are known."""
    objected_by: tuple[str, ...] = ()
    """Reviewers who asked for changes and did not take it back."""
    shown: Shown | None = field(default=None, compare=False)
    """What the bot's own report shows; None where there is none."""
    recorded: tuple[Recorded, ...] = field(default=(), compare=False)
    """What earlier decisions about this head rested on; the bot's own, so no part of a standing."""
    owners: Owners | None = None
    """Who must approve of the lock by the base's CODEOWNERS; None when nobody must."""
    holds: tuple[Order, ...] = ()
    """Holds on the request that nobody released."""
    merge_ordered_by: str = ""
    """Who ordered to merge exactly this head; empty when nobody did."""
    merge_ordered_for: tuple[str, ...] = ()
    """Evidence keys the order to merge was given for."""
    overrides: tuple[Override, ...] = ()
    """Unexpired overrides of exactly this head."""
    conflict: str | None = None
    """Why head and base do not merge, or None."""
    twins: tuple[int, ...] = ()
    """Other open requests with this head for this base, which share every status."""
    takes_back: bool = False
    """It is on a branch of the guard's, which proposes to take a commit back."""
    queued: bool = False
    """The merge queue asks, and lands what turns green."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One request, as read; nothing in it has been judged or even parsed."""

    request: Request
    repository: str
    title: str
    author: str
    branch: str
    """Name of the base branch."""
    default_branch: str
    """Name of the branch that production follows; requests for another are not judged."""
    base_sha: str
    head_sha: str
    base: Blob | None
    """The lock at the tip of the base branch; None before the first lock."""
    head: Blob | None
    """The lock as it would land: head merged into base; None when it is gone."""
    touched: tuple[Touched, ...]
    policies: dict[str, bytes] = field(default_factory=dict)
    """Policy files at the base commit, by path."""
    unreadable: Refusal | None = None
    """Why the lock or a policy of the base cannot be read at all."""
    past: Past
    standing: Standing
    now: datetime

    @property
    def today(self) -> date:
        """The day of this evaluation, in UTC."""
        return self.now.date()
