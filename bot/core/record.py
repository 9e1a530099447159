"""A record is the stored account of one decision; its bytes are canonical JSON (RFC 8785)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
BRANCH = "lockstep/audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One decision with everything it rested on."""

    content: Mapping[str, Any]
    """JSON values only."""

    @property
    def bytes(self) -> bytes:
        """The record as it is stored and hashed."""
        import rfc8785

        return rfc8785.dumps(self.content)  # type: ignore[arg-type]  # Mapping is a JSON object

    @property
    def digest(self) -> str:
        """`sha256:…` of the stored bytes."""
        return f"sha256:{hashlib.sha256(self.bytes).hexdigest()}"

    @property
    def path(self) -> str:
        """Where the record lies on the audit branch."""
        name = self.digest.removeprefix("sha256:")
        return f"records/{name[:2]}/{name}.json"
