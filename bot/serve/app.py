"""The door: four addresses, bounded bodies, and an answer that waits for no job."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.serve.figures import CONTENT_TYPE
from bot.serve.intake import LARGEST, RETRY_AFTER_S, Answer, too_large

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractAsyncContextManager

    from starlette.requests import Request

    from bot.serve.figures import Figures
    from bot.serve.intake import Intake
    from bot.serve.journal import Journal

BODY_S = 10.0
"""GitHub gives up after ten seconds, and so do we."""
MOST_HELD = 4 * LARGEST
"""Bytes of bodies in memory at once, whoever sends them."""


class Closed(Exception):  # noqa: N818 -- an end of a body, named as it reads
    """A body is not read to its end; the answer says why."""

    def __init__(self, answer: Answer) -> None:
        """Keep the answer."""
        self.answer = answer
        super().__init__(answer.says)


@dataclass(slots=True)
class Body:
    """A body as far as it has come."""

    bytes: bytearray = field(default_factory=bytearray)
    time: asyncio.Timeout | None = None
    """What is left to it."""


@dataclass(slots=True)
class Door:
    """Answers requests."""

    intake: Intake
    figures: Figures
    journal: Journal
    ready: Callable[[], str | None]
    """Says why no job can be taken; None when all is well."""
    body_s: float = BODY_S
    most_held: int = MOST_HELD
    _held: int = field(default=0, init=False)
    _coming: dict[int, Body] = field(default_factory=dict, init=False)
    """Bodies that are not whole yet, the oldest first."""

    async def webhook(self, request: Request) -> Response:
        """Take one delivery."""
        before = time.perf_counter()
        answer = self.intake.refuse(request.headers)
        if answer is None:
            with self._holding() as body:
                answer = await self._read(request, body)
        seconds = time.perf_counter() - before
        self.figures.delivered(answer.event, answer.result, seconds)
        self.journal.say(
            "delivery",
            status=answer.status,
            result=answer.result,
            event=answer.event,
            delivery=answer.guid,
            says=answer.says,
            seconds=round(seconds, 4),
        )
        content = {"result": answer.result, "says": answer.says}
        return JSONResponse(content, answer.status, dict(answer.headers or {}))

    async def _read(self, request: Request, body: Body) -> Answer:
        """Read a body of a bounded size in a bounded time, and take it."""
        try:
            async with asyncio.timeout(self.body_s) as body.time:
                async for chunk in request.stream():
                    self._hold(body, chunk)
        except Closed as closed:
            return closed.answer
        except TimeoutError:
            return Answer(status=408, result="slow", says="the body came too slowly")
        except ClientDisconnect:
            return Answer(status=400, result="cut", says="the body was cut short")
        if self._coming.pop(id(body), None) is None:
            return _busy()
        return await run_in_threadpool(self.intake.take, request.headers, bytes(body.bytes))

    def _hold(self, body: Body, chunk: bytes) -> None:
        """Add to a body what there is memory for.

        Raises:
            Closed: it is too large, or too much is held already.
        """
        if len(body.bytes) + len(chunk) > LARGEST:
            raise Closed(too_large())
        while self._held + len(chunk) > self.most_held:
            self._drop_before(body)
        self._held += len(chunk)
        body.bytes += chunk

    def _drop_before(self, body: Body) -> None:
        """Give up the body that takes longest to come, in whose place this one is held.

        Raises:
            Closed: every body but this one is whole, and is being read.
        """
        oldest = next(iter(self._coming.values()), body)
        if oldest is body or oldest.time is None:
            raise Closed(_busy())
        self._forget(oldest)
        if not oldest.time.expired():
            oldest.time.reschedule(asyncio.get_running_loop().time())

    @contextmanager
    def _holding(self) -> Iterator[Body]:
        """Count a body as long as it is held."""
        body = Body()
        self._coming[id(body)] = body
        try:
            yield body
        finally:
            self._forget(body)

    def _forget(self, body: Body) -> None:
        self._coming.pop(id(body), None)
        self._held -= len(body.bytes)
        body.bytes = bytearray()

    async def healthz(self, _: Request) -> Response:
        """Say that the loop turns."""
        return PlainTextResponse("alive\n")

    async def readyz(self, _: Request) -> Response:
        """Say whether deliveries can be taken."""
        why = await run_in_threadpool(self.ready)
        return PlainTextResponse(f"{why or 'ready'}\n", 503 if why else 200)

    async def metrics(self, _: Request) -> Response:
        """Show every figure."""
        depth = await run_in_threadpool(self.intake.ledger.depth)
        return Response(self.figures.text(depth), media_type=CONTENT_TYPE)


def _busy() -> Answer:
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return Answer(status=503, result="busy", says="too many large bodies at once", headers=headers)


def application(
    door: Door, lifespan: Callable[[Starlette], AbstractAsyncContextManager[None]]
) -> Starlette:
    """Open the door; `lifespan` starts and stops the crew."""
    return Starlette(
        routes=[
            Route("/webhook", door.webhook, methods=["POST"]),
            Route("/healthz", door.healthz),
            Route("/readyz", door.readyz),
            Route("/metrics", door.metrics),
        ],
        lifespan=lifespan,
    )
