"""A server that lies about its answer gives a reason, never a model, and never waits for ever."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.adversary.test_addresses import LOOPBACK, MODEL, get, told

if TYPE_CHECKING:
    from pathlib import Path


def served(tmp_path: Path, answer: bytes, *, pause: float = 0.0, at_once: int = 4096) -> str:
    """Let a raw server say exactly these bytes once, and return why nothing was taken."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]

        def serve() -> None:
            line, _ = door.accept()
            with line:
                line.settimeout(5)
                line.recv(65536)
                try:
                    for at in range(0, len(answer), at_once):
                        line.sendall(answer[at : at + at_once])
                        time.sleep(pause)
                except OSError:
                    pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        answered = get(f"http://127.0.0.1:{port}/m", tmp_path, LOOPBACK)
        thread.join(timeout=10)
    return told(answered)


OK = b"HTTP/1.1 200 OK\r\n"
LIES = {
    "a header of a megabyte": OK + b"X: " + b"x" * 1_000_000 + b"\r\n\r\n",
    "a million headers": OK + b"X: y\r\n" * 100_000 + b"\r\n",
    "a length too long": OK + b"Content-Length: 999999\r\n\r\n" + MODEL,
    "a length too short": OK + b"Content-Length: 10\r\n\r\n" + MODEL,
    "a negative length": OK + b"Content-Length: -1\r\n\r\n" + MODEL + b"x",
    "a length of words": OK + b"Content-Length: many\r\n\r\n" + MODEL + b"x",
    "two lengths": OK + b"Content-Length: 1\r\nContent-Length: 8000\r\n\r\n" + MODEL,
    "a length beyond the cap": OK + b"Content-Length: 999999999999\r\n\r\n" + b"x" * 200_000,
    "a bomb": OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(MODEL),
    "a chunk that lies": OK + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n" + MODEL,
    "a chunk of words": OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + MODEL,
    "a negative chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n" + MODEL,
    "no end of chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
    "no protocol": MODEL,
    "another protocol": b"SSH-2.0-x\r\n",
    "another version": b"HTTP/9.9 200 OK\r\n\r\n" + MODEL,
    "a strange status": b"HTTP/1.1 999 \r\n\r\n" + MODEL,
    "no status": b"HTTP/1.1\r\n\r\n" + MODEL,
    "one hundred for ever": b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000,
    "a part": b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-9/10\r\n\r\n" + MODEL,
    "nothing": b"",
    "nulls": b"\0" * 100,
    "no place": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
    "a broken place": b"HTTP/1.1 302 Found\r\nLocation: https://[\r\n\r\n",
}


@pytest.mark.parametrize("name", LIES)
def test_a_lying_server_is_a_reason_and_never_a_model(tmp_path: Path, name: str) -> None:
    said = served(tmp_path, LIES[name])

    assert "cannot be used" in said
    assert not list((tmp_path / "cache").glob("sha256/*/content*"))


TRICKLES = {
    "a status": b"HTTP/1.1 " + b" " * 400,
    "a header": OK + b"X: " + b"x" * 400,
    "the size of a chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 400,
    "the end of chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: " + b"x" * 400,
}


@pytest.mark.parametrize("name", TRICKLES)
def test_a_byte_now_and_then_does_not_keep_a_fetch_alive(tmp_path: Path, name: str) -> None:
    start = time.monotonic()
    said = served(tmp_path, TRICKLES[name], pause=0.02, at_once=1)

    assert "cannot be used" in said
    assert time.monotonic() - start < 4
