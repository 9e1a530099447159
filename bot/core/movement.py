"""A transition is one difference between two locks, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core import lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A version is added."""

    model: str
    version: str
    entry: lock.Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A stage is given to a version that asks for it."""

    model: str
    stage: str
    champion: str | None
    """None when nothing holds the stage yet."""
    challenger: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """A stage returns to a version that held it before."""

    model: str
    stage: str
    champion: str
    """The version that leaves."""
    restored: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """The share of traffic of a stage changes; percent, 0 where the lock says nothing."""

    model: str
    stage: str
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """A version leaves a stage to nobody, or may never serve again."""

    model: str
    version: str
    stage: str | None
    """The stage it vacated; None when it is only retired."""
    reason: str | None
    """Why it may never serve again; None when it only vacated a stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A stage or a version is held back."""

    model: str
    stage: str | None
    """None when the release of a version is taken back."""
    hold: lock.Hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A hold is lifted, or a version that was rolled back may be proposed again."""

    model: str
    version: str | None
    stage: str | None
    """The stage whose hold is lifted; None for a version that was rolled back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewiring:
    """A model is fed by other models, or by other stages of them."""

    model: str
    before: Mapping[str, str]
    after: Mapping[str, str]


Transition = Registration | Promotion | Rollback | Exposure | Retirement | Hold | Release | Rewiring
