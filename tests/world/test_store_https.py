"""Bytes over https come from public hosts, whole, or not at all."""

from __future__ import annotations

import hashlib
import time

import pytest

from bot.core.errors import Fault
from bot.core.evidence import Absent
from bot.world.store import Access, Local, Store
from bot.world.store_https import OverHttps, Reach, is_public
from bot.world.store_sources import NotFetched
from tests.world.web import failing, moved_to, web

MODEL = b"weights " * 1000
DIGEST = f"sha256:{hashlib.sha256(MODEL).hexdigest()}"
LOOPBACK = Reach(hosts=frozenset({"127.0.0.1"}), plain_http=True, pauses=(0.01, 0.01))


def get(uri: str, tmp_path, reach: Reach = LOOPBACK, **limits: float) -> Local | Absent:
    store = Store(tmp_path, tmp_path / "cache", Access(reach=reach, **limits))
    return store.fetch(uri, DIGEST, max_bytes=100_000, max_files=1)


def reason(answer: Local | Absent) -> str:
    assert isinstance(answer, Absent)
    return answer.reason


def test_a_file_comes_over_the_wire_once(tmp_path):
    with web({"/m.onnx": MODEL}) as (address, asked):
        first = get(f"{address}/m.onnx", tmp_path)
        assert first == get(f"{address}/m.onnx", tmp_path)
    assert first.path.read_bytes() == MODEL
    assert asked == ["/m.onnx"]


def test_redirects_are_followed_within_reason(tmp_path):
    with web({"/a": moved_to("/m"), "/m": MODEL, "/loop": moved_to("/loop")}) as (address, asked):
        assert isinstance(get(f"{address}/a", tmp_path), Local)
        assert "again and again" in reason(get(f"{address}/loop", tmp_path / "2"))
    assert asked.count("/loop") == 6


@pytest.mark.parametrize(
    "place",
    ["http://169.254.169.254/latest", "http://localhost/x", "file:///etc/passwd", "//[::1]/x"],
)
def test_a_redirect_goes_through_the_same_door(tmp_path, place):
    with web({"/a": moved_to(place)}) as (address, _):
        answer = get(f"{address}/a", tmp_path)
    assert answer.fault is Fault.ARTIFACT_UNREACHABLE
    assert "https" in reason(answer)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.8/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://[fd00:ec2::254]/x",
        "https://2130706433/x",
        "https://0/x",
    ],
)
def test_an_address_inside_a_private_network_is_refused(tmp_path, url):
    assert "private" in reason(get(url, tmp_path, Reach()))


def test_one_private_address_among_public_ones_is_enough_to_refuse():
    reach = Reach(resolve=lambda _host, _port: ["93.184.215.14", "127.0.0.1"])
    with pytest.raises(NotFetched) as caught:
        OverHttps("https://two.example/x", reach).open("")
    assert "private" in caught.value.reason


def test_the_connection_goes_to_the_address_that_was_checked():
    answers = [["192.0.2.1"], ["127.0.0.1"]]
    asked = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    reach = Reach(resolve=resolve, hosts=frozenset({"h"}), pauses=(), answer_seconds=0.05)
    with pytest.raises(NotFetched):
        OverHttps("https://h/x", reach).open("")
    assert asked == ["h"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700:4700::1111", True),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 -- an address to refuse, not to bind
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("fe80::1%eth0", False),
        ("192.168.1.1", False),
    ],
)
def test_an_address_is_public_however_it_is_wrapped(address, public):
    assert is_public(address) is public


def test_a_credential_in_an_address_is_refused_and_never_repeated(tmp_path):
    answer = get("https://ana:hunter2@example.org/m?token=hunter2", tmp_path)
    assert "user name or password" in reason(answer)
    assert "hunter2" not in answer.reason + answer.remedy


def test_a_signed_query_is_sent_and_never_repeated(tmp_path):
    with web({}) as (address, asked):
        answer = get(f"{address}/m?sig=s3cret", tmp_path)
    assert asked == ["/m?sig=s3cret"]
    assert "answered 404" in reason(answer)
    assert "s3cret" not in answer.reason + answer.remedy


def test_a_failure_that_passes_is_tried_again(tmp_path):
    with web({"/m": failing(2, MODEL)}) as (address, asked):
        assert isinstance(get(f"{address}/m", tmp_path), Local)
    assert len(asked) == 3


def test_a_failure_that_stays_is_a_reason(tmp_path):
    with web({"/m": failing(9, MODEL)}) as (address, asked):
        assert "answered 503" in reason(get(f"{address}/m", tmp_path))
    assert len(asked) == 3


def test_a_body_cut_short_is_not_taken_for_a_changed_file(tmp_path):
    def page(request):
        request.send_response(200)
        request.send_header("Content-Length", str(len(MODEL)))
        request.end_headers()
        request.wfile.write(MODEL[:100])

    with web({"/m": page}) as (address, _):
        answer = get(f"{address}/m", tmp_path)
    assert answer.fault is Fault.ARTIFACT_UNREACHABLE
    assert "broke off" in reason(answer)


def test_a_body_that_never_ends_meets_the_cap(tmp_path):
    def page(request):
        request.send_response(200)
        request.end_headers()
        try:
            while True:
                request.wfile.write(b"x" * 65536)
        except OSError:
            pass

    with web({"/m": page}) as (address, _):
        assert get(f"{address}/m", tmp_path).fault is Fault.LIMIT_EXCEEDED


def test_a_body_that_trickles_meets_the_deadline(tmp_path):
    def page(request):
        request.send_response(200)
        request.end_headers()
        try:
            for _ in range(40):
                request.wfile.write(b"x" * 10)
                time.sleep(0.05)
        except OSError:
            pass

    with web({"/m": page}) as (address, _):
        assert "in time" in reason(get(f"{address}/m", tmp_path, seconds=0.3))


def test_a_server_that_does_not_answer_is_a_reason(tmp_path):
    def page(_request):
        time.sleep(0.5)

    reach = Reach(hosts=LOOPBACK.hosts, plain_http=True, pauses=(), answer_seconds=0.1)
    with web({"/m": page}) as (address, _):
        assert "in time" in reason(get(f"{address}/m", tmp_path, reach))
    assert "refused the connection" in reason(get(f"{address}/m", tmp_path, reach))
