"""A case is a transition with the versions and the data its gates speak about.

Gates see a case, not the whole proposal, so that a gate can be read, tested and
replayed with one value.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.core.lock import Entry
    from bot.core.policy import ArtifactRules, Dataset, SandboxRules
    from bot.core.transition import Transition


def fold_keys(keys: Iterable[str]) -> str:
    """Fold the evidence keys of several cases into one; the key itself when there is only one."""
    several = sorted(set(keys))
    if len(several) < 2:
        return "".join(several)
    return hashlib.sha256("\n".join(several).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A version with its entry in the lock."""

    version: str
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What one trial is about."""

    transition: Transition
    model: str
    challenger: Contender
    """The version that asks; for a Rollback the version to return to."""
    champion: Contender | None
    """The version that holds the stage; None when there is none yet."""
    data: Mapping[str, Dataset] = field(default_factory=dict)
    """The policy's datasets by name."""
    artifacts: ArtifactRules
    sandbox: SandboxRules
    key: str
    """Evidence key: sha256 in hex of everything the verdict depends on."""

    def seed(self, gate: str) -> int:
        """Seed every resampling of one gate from the evidence key, so that a verdict repeats."""
        return int.from_bytes(hashlib.sha256(f"{self.key}:{gate}".encode()).digest()[:8], "big")
