"""Patience ends: no caller holds a connection for long, and none keeps another one out.

uvicorn times nothing but the pause between two requests, and forgets even that at the first byte
of the next one (its issue 157).  Whoever never finishes a request would hold a connection for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

    from prometheus_client import Counter
    from uvicorn.protocols.http.h11_impl import RequestResponseCycle

PAUSE_S = 5
"""How long a connection may rest between two requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long, and for how many at once."""

    head_s: float = 10.0
    """From a connection, or from an answer, to the end of the next request's headers."""
    whole_s: float = 20.0
    """From the end of the headers to the end of the answer, the slowest body included."""
    most: int = 400
    """Connections at once; a further one takes the place of the one that dawdles longest."""


class Impatient(H11Protocol):
    """One connection, which is closed when it keeps us waiting."""

    patience: ClassVar[Patience]
    closed: ClassVar[Counter]
    since: float
    """When it began to keep us waiting, by the clock of the loop."""
    _alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Begin to wait; make room first, when there is none."""
        super().connection_made(transport)
        self._wait(self.patience.head_s)
        if len(self.connections) > self.patience.most:
            self._make_room()

    def handle_events(self) -> None:
        """Give a request whose headers came to their end the time for the rest."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before and not self.cycle.response_complete:
            self._wait(self.patience.whole_s)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._wait(self.patience.head_s)
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        if self._alarm is not None:
            self._alarm.cancel()
        super().connection_lost(exc)

    @property
    def dawdles(self) -> bool:
        """Whether it is the caller's turn: to ask, to go on, or to read."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is None or cycle.response_complete:
            return True
        return cycle.more_body or self.flow.write_paused

    def give_up(self, why: str) -> None:
        """Close it at once; what is written would wait for a caller who does not read."""
        self.closed.labels(why=why).inc()
        self.connections.discard(self)
        self.transport.abort()

    def _wait(self, seconds: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self.since = self.loop.time()
        self._alarm = self.loop.call_later(seconds, self.give_up, "slow")

    def _make_room(self) -> None:
        """Close what dawdles longest: an honest request is whole within moments, and is young.

        Where nobody else dawdles it is the newest, so that there are never more than the most.
        """
        every = [one for one in self.connections if isinstance(one, Impatient)]
        min((one for one in every if one.dawdles), key=lambda one: one.since).give_up("crowded")


def impatient(patience: Patience, closed: Counter) -> type[Impatient]:
    """Return the connections of one server; uvicorn makes them itself, and says nothing to them."""
    named = {"patience": patience, "closed": closed}
    return cast("type[Impatient]", type("Impatient", (Impatient,), named))
