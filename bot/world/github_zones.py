"""A zone is what one verb may do on GitHub; its token can do that and nothing else.

A token of an app's installation is narrowed to one repository and to these permissions when it
is minted, so that a verb that is tricked cannot do what another verb is for.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Level = Literal["read", "write"]
RANKS: Mapping[str | None, int] = {None: 0, "read": 1, "write": 2, "admin": 3}


class Zone(Enum):
    """A zone; the value is how messages call it."""

    PREDICT = "predict"
    JUDGE = "judge"
    LAND = "land"
    COMMAND = "command"
    GUARD = "guard"
    SWEEP = "sweep"
    PROPOSE = "propose"
    DOCTOR = "doctor"
    REPAIR = "doctor --fix"

    @property
    def permissions(self) -> Mapping[str, Level]:
        """What the zone's token may do, in GitHub's names."""
        return _PERMISSIONS[self]

    @property
    def optional(self) -> bool:
        """Whether the zone makes do with less: a doctor says what it may not see."""
        return self in (Zone.DOCTOR, Zone.REPAIR)


_READING: Mapping[str, Level] = {
    "metadata": "read",
    "contents": "read",
    "pull_requests": "read",
    "statuses": "read",
    "actions": "read",
    "administration": "read",
    "environments": "read",
    "secrets": "read",
}
_PERMISSIONS: Mapping[Zone, Mapping[str, Level]] = {
    Zone.PREDICT: {"metadata": "read", "contents": "read", "pull_requests": "read"},
    Zone.JUDGE: {
        "metadata": "read",
        "contents": "read",
        "pull_requests": "write",
        "statuses": "write",
        "actions": "read",
    },
    # Only here may a pull request be merged; incidents need issues.
    Zone.LAND: {
        "metadata": "read",
        "contents": "write",
        "pull_requests": "write",
        "statuses": "write",
        "issues": "write",
    },
    # Orders are stored on the audit branch, hence contents; GitHub knows no smaller right.
    Zone.COMMAND: {
        "metadata": "read",
        "contents": "write",
        "pull_requests": "write",
        "statuses": "write",
        "issues": "write",
    },
    Zone.GUARD: {
        "metadata": "read",
        "contents": "write",
        "pull_requests": "write",
        "statuses": "write",
        "issues": "write",
    },
    Zone.SWEEP: {
        "metadata": "read",
        "contents": "write",
        "pull_requests": "write",
        "statuses": "write",
        "issues": "write",
    },
    Zone.PROPOSE: {"metadata": "read", "contents": "write", "pull_requests": "write"},
    Zone.DOCTOR: _READING,
    Zone.REPAIR: {**_READING, "administration": "write", "environments": "write"},
}


def granted(wanted: Mapping[str, Level], given: Mapping[str, str]) -> dict[str, Level]:
    """Return the part of what is wanted that is given."""
    found: dict[str, Level] = {}
    for name, level in wanted.items():
        if RANKS.get(given.get(name), 0) >= RANKS[level]:
            found[name] = level
        elif RANKS.get(given.get(name), 0) >= RANKS["read"]:
            found[name] = "read"
    return found


def missing(wanted: Mapping[str, Level], given: Mapping[str, str]) -> dict[str, Level]:
    """Return the part of what is wanted that is not given."""
    return {
        name: level
        for name, level in wanted.items()
        if RANKS.get(given.get(name), 0) < RANKS[level]
    }


def needed() -> dict[str, Level]:
    """Return what an app must be granted so that every verb but the doctor can work."""
    found: dict[str, Level] = {}
    for zone in Zone:
        for name, level in () if zone.optional else zone.permissions.items():
            if RANKS[found.get(name)] < RANKS[level]:
                found[name] = level
    return found


def shown(permissions: Mapping[str, str]) -> str:
    """Write permissions as GitHub's pages do: `Pull requests: write`."""
    return ", ".join(
        f"{name.replace('_', ' ').capitalize()}: {level}"
        for name, level in sorted(permissions.items())
    )
