"""Whoever never finishes a request is closed, and keeps nobody else out meanwhile."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import time
from typing import TYPE_CHECKING

import pytest

from tests.serve.stage import Play, Served, changed, signature

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SECOND, FEW_S = 1.0, 3.0
BEGUN = b"POST /webhook HTTP/1.1\r\nHost: x\r\n"
SIGNED = BEGUN + b"X-Hub-Signature-256: sha256=" + b"0" * 64 + b"\r\n"
OPEN_BODY = SIGNED + b"Content-Length: 1000\r\n\r\n{"
TOO_LONG = SIGNED + b"Transfer-Encoding: chunked\r\n\r\n"


@contextlib.contextmanager
def callers(served: Served, many: int, said: bytes) -> Iterator[list[socket.socket]]:
    """Call very often, and say the same each time."""
    port = int(served.address.rpartition(":")[2])
    with contextlib.ExitStack() as held:
        every = []
        for _ in range(many):
            one = held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            with contextlib.suppress(ConnectionError):
                one.sendall(said)
            every.append(one)
        yield every


def over(one: socket.socket) -> bool:
    """Tell whether the server has closed a connection; what it answered before is read."""
    while select.select([one], [], [], 0)[0]:
        try:
            if not one.recv(65_536):
                return True
        except ConnectionError:
            return True
    return False


def left(every: Sequence[socket.socket]) -> int:
    return sum(not over(one) for one in every)


def closed(served: Served) -> dict[str, float]:
    return {
        dict(labels)["why"]: count
        for (name, labels), count in served.figures().items()
        if name == "lockstep_connections_closed_total"
    }


@pytest.mark.parametrize(
    "said",
    [b"", b"POST /webhook HT", BEGUN + b"X-Hub-Sign", OPEN_BODY],
    ids=["nothing", "half a line", "half of the headers", "half a body"],
)
def test_three_hundred_half_open_requests_keep_nobody_out_and_are_closed(
    play: Play, said: bytes
) -> None:
    play.patience = {"head_s": 2, "whole_s": 2}
    with play.open() as served, callers(served, 300, said) as half:
        before = time.monotonic()
        assert served.deliver("pull_request", changed(7)).status_code == 202
        assert time.monotonic() - before < FEW_S
        served.until(lambda: left(half) == 0, seconds=10)
        assert closed(served)["slow"] >= 300
        assert served.deliver("pull_request", changed(8)).status_code == 202
        assert served.said("bug") == served.said("said") == []


@pytest.mark.parametrize("said", [BEGUN, OPEN_BODY], ids=["headers", "bodies"])
def test_more_callers_than_there_is_room_for_lose_the_oldest_of_themselves(
    play: Play, said: bytes
) -> None:
    play.patience = {"head_s": 60, "whole_s": 60, "most": 50}
    with play.open() as served, callers(served, 300, said) as half:
        for number in range(1, 6):
            assert served.deliver("pull_request", changed(number)).status_code == 202
        assert max(served.seconds) < SECOND
        served.until(lambda: left(half) <= 50, seconds=10)
        assert left(half[:250]) == 0
        assert left(half[-40:]) == 40
        assert closed(served)["crowded"] >= 250


def test_a_byte_now_and_then_buys_no_time(play: Play) -> None:
    play.patience = {"head_s": 2, "whole_s": 2}
    with play.open() as served, callers(served, 1, BEGUN + b"X: ") as (one,):
        before = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while not over(one):
                one.sendall(b"a")
                time.sleep(0.1)
                assert time.monotonic() - before < 5

    assert time.monotonic() - before >= 1.9


def test_who_was_refused_and_goes_on_sending_is_closed(play: Play) -> None:
    play.patience = {"head_s": 2, "whole_s": 20}
    unsigned = BEGUN + b"Transfer-Encoding: chunked\r\n\r\n"
    with play.open() as served, callers(served, 1, unsigned) as (one,):
        before = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while not over(one):
                one.sendall(b"1\r\na\r\n")
                time.sleep(0.1)
                assert time.monotonic() - before < 5

        assert served.said("delivery", status=401)


def test_who_asks_and_never_reads_is_closed(play: Play) -> None:
    play.patience = {"head_s": 2, "whole_s": 2}
    question = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    with play.open() as served, callers(served, 1, question) as (one,):
        one.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            for _ in range(200):
                one.sendall(question * 100)
        served.until(lambda: closed(served) == {"slow": 1}, seconds=15)


def test_a_patient_caller_may_use_one_connection_for_many_requests(play: Play) -> None:
    play.patience = {"head_s": 2, "whole_s": 2}
    body = json.dumps({"zen": "Design for failure."}).encode()
    asked = (
        BEGUN + b"Content-Type: application/json\r\nX-GitHub-Event: ping\r\n"
        b"X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958\r\n"
        b"X-Hub-Signature-256: " + signature(body).encode() + b"\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body)
    )
    with play.open() as served, callers(served, 1, b"") as (one,):
        for _ in range(8):
            one.sendall(asked)
            time.sleep(0.4)
            one.sendall(body)
            answer = b""
            while not answer.endswith(b"}"):
                answer += one.recv(65_536)
            assert answer.startswith(b"HTTP/1.1 202 ")
        assert closed(served) == {}


def test_large_bodies_that_never_end_do_not_fill_the_memory_for_others(play: Play) -> None:
    much = b"f42400\r\n" + b" " * 16_000_000 + b"\r\n"
    with play.open() as served, callers(served, 8, TOO_LONG + much):
        large = json.dumps(changed(7)).encode().ljust(20_000_000)
        before = time.monotonic()
        assert served.deliver("pull_request", large).status_code == 202
        assert time.monotonic() - before < FEW_S
        assert 1 <= len(served.said("delivery", result="slow")) <= 4
