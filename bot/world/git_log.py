"""The commits that changed a path, as git's log tells them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FARTHEST = 221_845_392_000
"""The first of January 9000, in seconds: what is later leaves no room to reckon with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """A commit of the default branch that changed a path."""

    commit: str
    at: datetime
    oid: str | None
    """Object id of the path after the commit; None when it was removed."""


def moment(seconds: str) -> datetime:
    """Read the date of a commit, which its author may set to any number; far ones are clamped."""
    return datetime.fromtimestamp(min(max(int(seconds), 0), FARTHEST), UTC)


def landings(raw: bytes) -> Iterator[Landed]:
    """Read what `git log --raw` printed with the format `%x01%H %ct`, newest first."""
    for part in raw.split(b"\x01")[1:]:
        head, *rest = part.split(b"\0")
        commit, at = head.decode().split()
        change = next((entry for entry in rest if entry.lstrip(b"\n").startswith(b":")), None)
        oid = None
        if change is not None:
            oid = change.decode("utf-8", "replace").strip().split()[3]
            oid = None if set(oid) == {"0"} else oid
        yield Landed(commit=commit, at=moment(at), oid=oid)
