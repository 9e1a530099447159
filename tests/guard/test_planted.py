"""What somebody planted on the audit branch is no order, and no record of ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.core.account import account, identity
from bot.core.errors import Incident
from bot.core.order import Kind, Order, written
from bot.core.proposal import Request
from bot.core.record import order_path, record_path, seal_path
from bot.core.sameness import agree
from bot.flow import deliberate
from bot.world.orders import read_ledger
from tests.guard.yard import Yard

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 23, 9, 41, tzinfo=UTC)


def plant(yard: Yard, path: str, text: bytes) -> None:
    """Put a file on the audit branch, as any writer may where no ruleset forbids it."""
    commit = yard.bare.append(yard.bare.resolve("lockstep/audit"), {path: text}, "x", NOW)
    yard.bare.run("update-ref", "refs/heads/lockstep/audit", commit)


def order(number: int, comment: int, kind: Kind = Kind.RELEASE, **more: Any) -> Order:
    said: dict[str, Any] = {"by": "ben", "at": NOW, "head": "", "url": "", **more}
    return Order(kind=kind, number=number, comment=comment, **said)


@pytest.mark.parametrize("path", ["orders/1/zz.json", "orders/1/8.json", "orders/1/a/7.json"])
def test_an_order_out_of_its_place_is_none(tmp_path: Path, path: str) -> None:
    yard = Yard(tmp_path / "yard")
    plant(yard, path, written(order(1, 7)))
    yard.world.read(Request(number=yard.propose("a", "1")))
    assert read_ledger(yard.clone, 1).orders == ()


def test_an_order_in_its_place_counts(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard")
    plant(yard, order_path(1, 7), written(order(1, 7)))
    yard.world.read(Request(number=yard.propose("a", "1")))
    assert [one.comment for one in read_ledger(yard.clone, 1).orders] == [7]


def judged(yard: Yard, number: int) -> tuple[str, bytes]:
    """Compute, as anybody can, where a record will lie and what it will say."""
    world = yard.world
    proposal = world.read(Request(number=number))
    judgements, decision = deliberate(proposal, world)
    record = account(decision, judgements, proposal, "0")
    return record_path(number, identity(decision, judgements, proposal)), record.bytes


@pytest.mark.parametrize(
    "forged",
    [
        lambda _: {"forged": True},
        lambda said: {**said, "forged": True},
        lambda said: {**said, "request": {**said["request"], "approved_by": ["ben"]}},
        lambda said: {**said, "head": {**said["head"], "commit": "0" * 40}},
        lambda said: {**said, "policies": {}},
    ],
)
def test_nothing_is_merged_on_a_record_that_was_planted(tmp_path: Path, forged: object) -> None:
    yard = Yard(tmp_path / "yard")
    number = yard.propose("a", "1")
    path, text = judged(yard, number)
    assert callable(forged)
    plant(yard, path, json.dumps(forged(json.loads(text))).encode())
    with pytest.raises(Incident, match="somebody else wrote it"):
        yard.judge(number)
    assert yard.forge.pull_request(number).merged_as is None


def test_a_record_of_an_earlier_run_that_measured_otherwise_is_ours(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard")
    number = yard.propose("a", "1")
    path, text = judged(yard, number)
    said = json.loads(text)
    for verdict in said["judgements"][0]["verdicts"]:
        verdict |= {"measured": [], "because": "it took 0.2 s", "notes": ["measured before"]}
    plant(yard, path, json.dumps({**said, "at": NOW.isoformat()}).encode())
    yard.judge(number)
    assert yard.forge.pull_request(number).merged_as is not None


def test_a_seal_about_another_commit_in_our_place_is_an_incident(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard")
    number = yard.propose("a", "1")
    path, _ = judged(yard, number)
    name = path.rsplit("/", 1)[1].removesuffix(".json")
    plant(yard, seal_path(number, name), b'{"landed": "' + b"0" * 40 + b'"}')
    with pytest.raises(Incident, match="somebody else wrote it"):
        yard.judge(number)


def test_an_order_delivered_again_is_the_same_and_one_by_another_is_not() -> None:
    first = order(1, 7, Kind.OVERRIDE, until=NOW, gate="lineage", reason="fine")
    later = order(
        1, 7, Kind.OVERRIDE, at=NOW + timedelta(hours=1), until=NOW, gate="lineage", reason="fine"
    )
    other = order(1, 7, Kind.OVERRIDE, by="ana", until=NOW, gate="lineage", reason="fine")
    path = order_path(1, 7)
    assert agree(path, written(first), written(later))
    assert not agree(path, written(first), written(other))


def test_a_finding_that_allows_a_commit_is_not_the_one_that_objects_to_it() -> None:
    said = {"commit": "c", "branch": "main", "finding": "by hand", "before": []}
    path, ours = "findings/c.json", json.dumps(said).encode()
    assert agree(path, json.dumps({**said, "before": ["b"]}).encode(), ours)
    for forged in (b"{", b"[]", json.dumps({**said, "finding": "founding"}).encode(), b'{"a": 1}'):
        assert not agree(path, forged, ours)
