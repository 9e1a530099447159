"""A record is the stored account of one decision; its bytes are canonical JSON (RFC 8785)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
BRANCH = "lockstep/audit"
RECORDS, SEALS, ORDERS, FINDINGS = "records", "seals", "orders", "findings"
"""Folders of the audit branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One decision with everything it rested on."""

    content: Mapping[str, Any]
    """JSON values only."""

    @property
    def bytes(self) -> bytes:
        """The record as it is stored and hashed."""
        import rfc8785

        try:
            return rfc8785.dumps(self.content)
        except ValueError:
            # JSON from outside may hold half a surrogate pair, which no UTF-8 can.
            whole = json.dumps(self.content, ensure_ascii=False).encode("utf-8", "replace")
            return rfc8785.dumps(json.loads(whole))


def digest_of(stored: bytes) -> str:
    """Name the bytes of a record: `sha256:…`."""
    return f"sha256:{hashlib.sha256(stored).hexdigest()}"


def record_path(number: int, identity: str) -> str:
    """Say where the record of a decision lies on the audit branch: with its pull request."""
    return f"{RECORDS}/{number}/{identity}.json"


def seal_path(number: int, identity: str) -> str:
    """Say where the seal lies that names the commit a decision landed as."""
    return f"{SEALS}/{number}/{identity}.json"


def order_path(number: int, comment: int) -> str:
    """Say where an order lies that a person gave by a comment: with its pull request."""
    return f"{ORDERS}/{number}/{comment}.json"


def finding_path(commit: str) -> str:
    """Say where it lies what was found about a commit that no decision accounts for."""
    return f"{FINDINGS}/{commit}.json"
