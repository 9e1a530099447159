"""A decision crosses from the zone that judged to the zone that lands, byte by byte."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import Enum
from types import MappingProxyType
from typing import Any

import pytest
import rfc8785

from bot.core.action import (
    ConfirmLanding,
    MergePullRequest,
    PublishReport,
    SetStatus,
    StoreOrder,
    StoreRecord,
)
from bot.core.errors import Malformed
from bot.core.handover import Handover, _plain, digest_of, handover, outdated, read, standing
from bot.core.proposal import Proposal, Request, Standing
from bot.core.record import Record
from bot.core.transition import Past

MERGE = MergePullRequest(
    number=7, head_sha="a" * 40, base_sha="b" * 40, branch="main", lock_oid="c" * 40,
    title="Promote", trailers=("Model: churn", "Decision: merge"), identity="ab",
)  # fmt: skip
STATUS = SetStatus(sha="a" * 40, context="gate", state="success", description="PASS")
RECORD = StoreRecord(
    number=7, identity="ab", record=Record(content={"at": 0.1, "n": 5.0, "words": ["é", None]})
)
ACTIONS = (
    RECORD, STATUS, MERGE, ConfirmLanding(number=7, landed="d" * 40),
    StoreOrder(number=7, comment=3, content=b"\x00\xff"),
)  # fmt: skip
SAID = Standing(approved_by=("ben",))


def proposal(**changes: Any) -> Proposal:
    values: dict[str, Any] = {
        "request": Request(number=7), "repository": "acme/models", "title": "t", "author": "ana",
        "branch": "main", "default_branch": "main", "base_sha": "b" * 40, "head_sha": "a" * 40,
        "base": None, "head": None,
        "touched": (), "past": Past(landed={}), "standing": SAID,
        "now": datetime(2026, 11, 23, 9, tzinfo=UTC),
    }  # fmt: skip
    return Proposal(**{**values, **changes})


HANDED = handover(proposal(), ACTIONS, "0.1.0")


def crossed(handed: Handover) -> Handover:
    return read(handed.bytes, digest_of(handed.bytes))


def test_what_is_written_is_read_again_to_the_byte() -> None:
    again = crossed(HANDED)

    assert again.bytes == HANDED.bytes
    assert again.actions[1:] == HANDED.actions[1:]
    assert isinstance(again.actions[0], StoreRecord)
    assert again.actions[0].record.bytes == RECORD.record.bytes


def test_other_bytes_than_were_named_are_refused() -> None:
    with pytest.raises(Malformed, match="another digest"):
        read(HANDED.bytes + b" ", digest_of(HANDED.bytes))


def spoiled(**changes: Any) -> bytes:
    return rfc8785.dumps({**json.loads(HANDED.bytes), **changes})


def action(**changes: Any) -> bytes:
    first = {**json.loads(HANDED.bytes)["actions"][1], **changes}
    return spoiled(actions=[{name: value for name, value in first.items() if value is not ...}])


@pytest.mark.parametrize(
    "text",
    [
        spoiled(format=2),
        spoiled(more=1),
        spoiled(number="7"),
        spoiled(number=True),
        spoiled(head=7),
        spoiled(standing=[]),
        spoiled(actions={}),
        HANDED.bytes.replace(b'"number":7,"repo', b'"number":90071992547409931,"repo'),
        spoiled(actions=["merge"]),
        action(action="RunProgram"),
        action(action="PublishReport"),
        action(state="green"),
        action(state="'pending', 'success'"),
        action(sha=None),
        action(more=1),
        b"[]",
        b"{}",
        b"no",
        b"\xff",
        b'{"format":1,"format":1}',
        json.dumps(json.loads(HANDED.bytes)).encode(),
        HANDED.bytes + b"\n",
    ],
)
def test_what_is_not_exactly_as_it_is_written_is_refused(text: bytes) -> None:
    with pytest.raises(Malformed, match=r"decision\.json"):
        read(text, digest_of(text))


@pytest.mark.parametrize(
    ("place", "change"),
    [
        (2, {"trailers": "Model"}),
        (2, {"trailers": [1]}),
        (4, {"content": "***"}),
        (4, {"comment": 1.5}),
        (0, {"record": []}),
    ],
)
def test_a_field_of_another_type_is_refused(place: int, change: dict[str, Any]) -> None:
    content = json.loads(HANDED.bytes)
    content["actions"][place] |= change
    text = rfc8785.dumps(content)

    with pytest.raises(Malformed):
        read(text, digest_of(text))


def test_only_what_waits_is_handed_over() -> None:
    with pytest.raises(TypeError, match="PublishReport is not handed over"):
        _ = replace(HANDED, actions=(PublishReport(number=7, marker="m", body="b"),)).bytes


class Colour(Enum):
    RED = 1


@dataclass(frozen=True)
class Part:
    day: date = date(2026, 11, 23)
    colour: Colour = Colour.RED
    some: frozenset[str] = frozenset({"b", "a"})
    more: Any = None


def test_whatever_a_standing_holds_is_written_as_json() -> None:
    assert _plain(Part(more=MappingProxyType({"x": (1, 2.5, None, True)}))) == {
        "day": "2026-11-23",
        "colour": "RED",
        "some": ["a", "b"],
        "more": {"x": [1, 2.5, None, True]},
    }
    with pytest.raises(TypeError, match="object is not handed over"):
        _plain(object())


def test_what_earlier_records_say_is_no_part_of_a_standing() -> None:
    assert "recorded" not in standing(SAID)


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (proposal(), ""),
        (proposal(standing=Standing(approved_by=("eva", "ben"))), ""),
        (proposal(standing=Standing()), "approved by"),
        (proposal(standing=Standing(approved_by=("ben",), draft=True)), "draft"),
        (proposal(standing=Standing(approved_by=("ben",), conflict="x")), "conflict"),
        (proposal(head_sha="c" * 40), "the head moved"),
        (proposal(base_sha="c" * 40), "the base moved"),
        (proposal(branch="next"), "another base"),
        (proposal(default_branch="next"), "another base"),
        (proposal(repository="acme/other"), "elsewhere"),
        (proposal(now=datetime(2026, 11, 24, tzinfo=UTC)), "another day"),
    ],
)
def test_a_change_of_what_a_decision_rests_on_is_named(now: Proposal, says: str) -> None:
    found = outdated(crossed(HANDED), now, "0.1.0")

    assert found == "" if not says else says in found


def test_another_version_judges_again() -> None:
    assert "another version" in outdated(HANDED, proposal(), "0.2.0")


def test_a_standing_that_lists_what_was_no_list_has_changed() -> None:
    odd = replace(HANDED, standing={**HANDED.standing, "approved_by": None})

    assert "approved by" in outdated(odd, proposal(), "0.1.0")
