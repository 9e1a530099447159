"""The intake turns one delivery into one answer: verify, read, write down.

Nothing is judged here and GitHub is not asked anything, so an answer never waits for a job.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.core.event import Ignored
from bot.core.event_payload import event_of, repository_of
from bot.serve.entries import Delivery, Receipt
from bot.serve.errands import errand_of
from bot.serve.signature import unsigned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.serve.ledger import Ledger

LARGEST = 25 * 1024 * 1024
"""Bytes of a delivery; GitHub sends no more."""
RETRY_AFTER_S = 60
_GUID = re.compile(r"[0-9A-Za-z-]{8,64}")
_EVENT = re.compile(r"[a-z0-9_]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What GitHub is told, and what the log and the figures say."""

    status: int
    result: str
    """One word for the figures."""
    says: str
    event: str = ""
    guid: str = ""
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Takes deliveries for the repositories that are served, and no others."""

    ledger: Ledger
    secrets: tuple[bytes, ...]
    repositories: frozenset[str]
    """Names in lower case, `owner/name`."""
    wake: Callable[[], None]
    """Tells the crew that there is something to do."""
    forks: bool = False
    """Whether requests from forks are judged before somebody asks for it."""

    def refuse(self, headers: Mapping[str, str]) -> Answer | None:
        """Refuse what need not be read to its end; None when it may be ours."""
        length = headers.get("content-length", "")
        if "x-hub-signature-256" not in headers:
            return Answer(status=401, result="unsigned", says=str(unsigned(b"", None, ())))
        if length.isdigit() and int(length) > LARGEST:
            return too_large()
        return None

    def take(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer one delivery whose body was read whole."""
        because = unsigned(body, headers.get("x-hub-signature-256"), self.secrets)
        if because:
            return Answer(status=401, result="unsigned", says=because)
        event, guid = headers.get("x-github-event", ""), headers.get("x-github-delivery", "")
        if not _EVENT.fullmatch(event) or not _GUID.fullmatch(guid):
            return _unreadable("it does not say its event and its delivery")
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            says = "set the webhook's content type to application/json"
            return Answer(status=415, result="unreadable", says=says, event=event, guid=guid)
        try:
            payload = json.loads(body)
        except (ValueError, RecursionError):
            return _unreadable("its body is not JSON", event, guid)
        if not isinstance(payload, dict):
            return _unreadable("its body is not a table", event, guid)
        return self._written(event, guid, payload)

    def _written(self, event: str, guid: str, payload: dict[str, Any]) -> Answer:
        """Write a delivery down with what it asks for."""
        slug = repository_of(payload)
        if slug is None or slug.casefold() not in self.repositories:
            asked: Any = Ignored(because="the repository is not one that is served here")
        else:
            asked = errand_of(event_of(event, payload), slug, payload, forks=self.forks)
        delivery = Delivery(guid=guid, event=event, repository=slug or "")
        if isinstance(asked, Ignored):
            receipt, says = self.ledger.receive(delivery, None, asked.because), asked.because
        else:
            receipt, says = self.ledger.receive(delivery, asked), f"{asked.kind} {asked.about}"
        match receipt:
            case Receipt.FULL:
                return Answer(
                    status=503,
                    result=receipt.value,
                    says="the queue is full; let GitHub deliver this again later",
                    event=event,
                    guid=guid,
                    headers={"Retry-After": str(RETRY_AFTER_S)},
                )
            case Receipt.REPEATED:
                says = "this delivery was taken before"
            case Receipt.QUEUED:
                self.wake()
            case Receipt.IGNORED:
                pass
        return Answer(status=202, result=receipt.value, says=says, event=event, guid=guid)


def too_large() -> Answer:
    """Refuse a body that GitHub would not send."""
    return Answer(status=413, result="too_large", says=f"a delivery has at most {LARGEST:,} bytes")


def _unreadable(says: str, event: str = "", guid: str = "") -> Answer:
    return Answer(status=400, result="unreadable", says=says, event=event, guid=guid)
