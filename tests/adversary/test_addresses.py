"""An address in a lock reaches public hosts over https and nothing else."""

from __future__ import annotations

import hashlib
import ipaddress
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import Fault
from bot.core.evidence import Absent
from bot.world.store import Access, Local, Store
from bot.world.store_https import OverHttps, Reach, is_public
from bot.world.store_sources import NotFetched
from tests.world.web import moved_to, web

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

MODEL = b"weights " * 1000
DIGEST = f"sha256:{hashlib.sha256(MODEL).hexdigest()}"
LOOPBACK = Reach(hosts=frozenset({"127.0.0.1"}), plain_http=True, pauses=(), answer_seconds=0.5)

INSIDE = [
    "127.0.0.1", "127.1", "127.0.1", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "2130706433",
    "017700000001", "127.255.255.254", "0.0.0.0", "0", "00000000", "10.0.0.1", "172.16.0.1",  # noqa: S104 -- to refuse, not to bind
    "172.31.255.255", "192.168.0.1", "192.168.257", "169.254.169.254", "0xa9fea9fe", "2852039166",
    "169.254.170.2", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::a9fe:a9fe]", "[2002:a9fe:a9fe::]", "[2001:0:4136:e378:8000:63bf:5601:5601]",
    "[fe80::1]", "[fec0::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[100::1]",
    "[2001:db8::1]", "[2001:10::1]", "[5f00::1]", "[3fff::1]",
    "localhost", "LOCALHOST", "localhost.", "localhost.localdomain", "ip6-localhost",
    "127.0.0.1.", "\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021",
]  # fmt: skip
SCHEMES = [
    "http://example.org/x", "HTTP://example.org/x", "file:///etc/passwd", "FILE:///etc/passwd",
    "ftp://example.org/x", "gopher://127.0.0.1:25/x", "dict://127.0.0.1:11211/x", "data:,x",
    "jar:https://example.org!/x", "javascript:alert(1)", "ssh://example.org/x", "git://x/x",
    "ext::sh", "//example.org/x", "https:example.org", "https:/example.org", "https:///x",
    "https://", "local:///etc/passwd", "memory://x", "github://a:b@x/y", "hdfs://x/y", "smb://x/y",
    "simplecache::file:///etc/passwd", "zip://x::https://example.org", "reference://x", "s3:x",
    "filecache::https://127.0.0.1/x", "abfs://x", "gs://x/y", "libarchive://x", "dask://x",
]  # fmt: skip
CREDENTIALS = [
    "https://ana:hunter2@example.org/x", "https://hunter2@example.org/x", "https://@example.org/x",
    "https://:hunter2@example.org/x", "https://example.org@127.0.0.1/x?hunter2",
    "https://example.org%40127.0.0.1:hunter2@x/", "https://ana%3Ahunter2@example.org/",
]  # fmt: skip
BROKEN = [
    "https://exa mple.org/x", "https://example.org:99999/x", "https://example.org:-1/x",
    "https://example.org:x/x", "https://[::1/x", "https://]/x", "https://[g::1]/x",
    "https://example.org\\@127.0.0.1/x", "https://127.0.0.1\\.example.org/x", "https://\x00/x",
    "https://a\r\nHost: b/x", "https://%31%32%37.0.0.1/x", "https://" + "a" * 300 + "/x",
    "https://" + "a." * 300 + "/x", "https://.../x", "https://-/x", "https://*/x",
    "https://[fe80::1%25lo]/x", "https://xn--/x", "https://\u202e/x", "https://127.0.0.1%00.x/x",
]  # fmt: skip


def get(uri: str, folder: Path, reach: Reach | None = None, **limits: float) -> Local | Absent:
    store = Store(folder, folder / "cache", Access(reach=reach or Reach(pauses=()), **limits))
    return store.fetch(uri, DIGEST, max_bytes=100_000, max_files=1)


def told(answer: Local | Absent) -> str:
    assert isinstance(answer, Absent)
    said = f"{answer.reason}; {answer.remedy}"
    assert "\n" not in said
    assert "\r" not in said
    return said


@contextmanager
def nobody_is_connected_to() -> Iterator[list[object]]:
    """Note every address that anything tries to connect to, at the socket itself."""
    tried: list[object] = []
    real = socket.socket.connect

    def connect(_: socket.socket, address: object) -> None:
        tried.append(address)
        raise ConnectionRefusedError

    socket.socket.connect = connect  # type: ignore[method-assign, assignment] -- the last door
    try:
        yield tried
    finally:
        socket.socket.connect = real  # type: ignore[method-assign] -- as it was


@pytest.mark.parametrize("host", INSIDE)
@pytest.mark.parametrize("port", ["", ":80", ":6379"])
def test_no_spelling_of_an_inner_address_is_connected_to(
    tmp_path: Path, host: str, port: str
) -> None:
    with nobody_is_connected_to() as tried:
        said = told(get(f"https://{host}{port}/latest/meta-data", tmp_path))

    assert "private" in said or "has no address" in said or "not a valid URL" in said
    assert tried == []


@pytest.mark.parametrize("uri", SCHEMES + BROKEN)
def test_no_other_scheme_and_no_broken_address_is_connected_to(tmp_path: Path, uri: str) -> None:
    with nobody_is_connected_to() as tried:
        told(get(uri, tmp_path))

    assert [one for one in tried if not _asks_for_a_name(one)] == []


def _asks_for_a_name(address: object) -> bool:
    """A resolver may be asked; its socket is one of the C library's, seen by nobody here."""
    return isinstance(address, tuple) and address[1] == 53


@pytest.mark.parametrize("uri", CREDENTIALS)
def test_a_credential_is_neither_sent_nor_repeated(tmp_path: Path, uri: str) -> None:
    with nobody_is_connected_to() as tried:
        said = told(get(uri, tmp_path))

    assert "hunter2" not in said
    assert tried == []


def test_a_name_that_changes_its_address_is_connected_to_where_it_was_checked() -> None:
    asked: list[str] = []

    def resolve(_host: str, _port: int) -> list[str]:
        asked.append("public" if not asked else "private")
        return ["93.184.215.14"] if asked == ["public"] else ["169.254.169.254"]

    with nobody_is_connected_to() as tried, pytest.raises(NotFetched):
        OverHttps("https://rebinds.example/x", Reach(resolve=resolve, pauses=())).open("")

    assert asked == ["public"]
    assert tried == [("93.184.215.14", 443)]


@pytest.mark.parametrize("private", ["169.254.169.254", "::1", "10.0.0.1", "::ffff:10.0.0.1"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_inner_address_among_outer_ones_is_enough_to_refuse(private: str, place: int) -> None:
    found = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]
    found.insert(place, private)

    with nobody_is_connected_to() as tried, pytest.raises(NotFetched):
        OverHttps("https://two.example/x", Reach(resolve=lambda *_: found)).open("")

    assert tried == []


@given(st.ip_addresses())
def test_only_addresses_that_are_global_are_public(address: object) -> None:
    assert isinstance(address, ipaddress.IPv4Address | ipaddress.IPv6Address)
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_private
        assert not address.is_multicast


@given(st.ip_addresses(v=4))
def test_an_inner_address_is_inner_however_it_is_wrapped(address: object) -> None:
    assert isinstance(address, ipaddress.IPv4Address)
    number = int(address)
    wrapped = (
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address((0x2002 << 112) | (number << 80)),
        ipaddress.IPv6Address((0x64FF9B << 96) | number),
        ipaddress.IPv6Address(number),
    )
    if not is_public(str(address)):
        assert [str(one) for one in wrapped if is_public(str(one))] == []


REDIRECTS = [
    *(f"https://{host}/x" for host in INSIDE[::3]),
    "http://example.org/x",
    "file:///etc/passwd",
    "//169.254.169.254/x",
    "https://ana:hunter2@example.org/x",
    "gopher://127.0.0.1/x",
    "https://169.254.169.254\\@example.org/",
]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_an_inner_address_is_not_followed(tmp_path: Path, status: int) -> None:
    pages = {f"/{number}": _moved(place, status) for number, place in enumerate(REDIRECTS)}
    reach = Reach(hosts=LOOPBACK.hosts, plain_http=True, pauses=(), resolve=_only_loopback)
    with web(pages) as (address, asked):
        for number in range(len(REDIRECTS)):
            said = told(get(f"{address}/{number}", tmp_path / str(number), reach))
            assert "hunter2" not in said

    assert asked == [f"/{number}" for number in range(len(REDIRECTS))]


def _only_loopback(host: str, _port: int) -> list[str]:
    # The machine of a test is not asked for names, and nothing but the server is reached.
    return ["127.0.0.1"] if host == "127.0.0.1" else ["169.254.169.254"]


def _moved(place: str, status: int):
    def page(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Location", place)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return page


def test_redirects_in_a_circle_end(tmp_path: Path) -> None:
    with web({"/a": moved_to("/b"), "/b": moved_to("/a")}) as (address, asked):
        assert "again and again" in told(get(f"{address}/a", tmp_path, LOOPBACK))

    assert len(asked) == 6


def test_the_fault_of_an_address_is_that_the_bytes_cannot_be_had(tmp_path: Path) -> None:
    answer = get("https://169.254.169.254/x", tmp_path)

    assert isinstance(answer, Absent)
    assert answer.fault is Fault.ARTIFACT_UNREACHABLE
