"""The journal is the log: one JSON object a line, without secrets.

Text from outside becomes a JSON string and is cut, so it can neither forge a line nor fill a disk.
"""

from __future__ import annotations

import base64
import contextlib
import json
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

LONGEST = 2_000
"""Characters of one value."""
HIDDEN = "***"
_SECRET = ("TOKEN", "SECRET", "PASSWORD", "PRIVATE_KEY", "ACCESS_KEY", "CREDENTIAL")
_SHORTEST = 8


def now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


def printed(line: str) -> None:
    """Print a line at once; a reader that went away is no reason to stop serving."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(line)
        sys.stdout.flush()


@dataclass(frozen=True, slots=True)
class Journal:
    """Writes lines; every known secret is cut out of every value first."""

    secrets: tuple[str, ...] = ()
    write: Callable[[str], object] = printed
    clock: Callable[[], datetime] = now
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def say(self, what: str, **facts: Any) -> None:
        """Write one line: when, what happened, and the facts about it."""
        said = {name: self._clean(value) for name, value in facts.items() if value is not None}
        line = {"at": self.clock().isoformat(timespec="milliseconds"), "what": what, **said}
        with self._turn:
            self.write(json.dumps(line) + "\n")

    def _clean(self, value: Any) -> Any:
        if isinstance(value, bool | int | float):
            return value
        text = str(value)
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def forms(secrets: Iterable[str]) -> tuple[str, ...]:
    """List every form in which a secret could be printed: as it is, in base64, line by line."""
    found: set[str] = set()
    for secret in secrets:
        plain = [secret, *secret.splitlines()]
        pairs = [secret.encode(), f"x-access-token:{secret}".encode()]
        coded = [base64.b64encode(one).decode() for one in pairs]
        found.update(one.strip() for one in (*plain, *coded))
    return tuple(sorted((one for one in found if len(one) >= _SHORTEST), key=len, reverse=True))


def secret_values(environment: Mapping[str, str]) -> list[str]:
    """Pick what an environment calls a secret; a name of a file is none."""
    return [
        value
        for name, value in environment.items()
        if any(word in name.upper() for word in _SECRET) and not name.upper().endswith("_FILE")
    ]
