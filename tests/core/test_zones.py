"""Which zone may perform which action."""

from __future__ import annotations

import pytest

from bot.core.action import (
    Action,
    ConfirmLanding,
    MergePullRequest,
    OpenIssue,
    ProposeRevert,
    PublishReport,
    React,
    Reply,
    SetStatus,
    StoreOrder,
    StoreRecord,
)
from bot.core.record import Record
from bot.core.zones import zones

REPORT = PublishReport(number=7, marker="<!-- x", body="words")
RECORD = StoreRecord(number=7, identity="ab", record=Record(content={"format": 1}))
MERGE = MergePullRequest(
    number=7, head_sha="a", base_sha="b", branch="main", lock_oid="c", title="t", trailers=(),
    identity="ab",
)  # fmt: skip


def status(state: str) -> SetStatus:
    return SetStatus(sha="a", context="gate", state=state, description="words")  # type: ignore[arg-type]


GREEN, RED = status("success"), status("failure")


def test_a_merge_is_reported_at_once_and_all_the_rest_waits() -> None:
    assert zones((REPORT, RECORD, GREEN, MERGE)) == ((REPORT,), (RECORD, GREEN, MERGE))


def test_a_refusal_is_red_at_once_and_its_record_waits() -> None:
    assert zones((REPORT, RECORD, RED)) == ((REPORT, RED), (RECORD,))


@pytest.mark.parametrize("state", ["pending", "error", "failure"])
def test_a_status_that_lets_nothing_merge_is_said_at_once(state: str) -> None:
    assert zones((REPORT, status(state))) == ((REPORT, status(state)), ())


def test_green_is_said_at_once_only_where_nothing_was_decided() -> None:
    assert zones((GREEN,)) == ((GREEN,), ())
    assert zones((REPORT, GREEN)) == ((REPORT,), (GREEN,))


@pytest.mark.parametrize(
    "action",
    [
        ConfirmLanding(number=7, landed="a"),
        StoreOrder(number=7, comment=1, content=b"{}"),
        ProposeRevert(commit="a", branch="main", title="t", body="b"),
        MERGE,
        RECORD,
    ],
    ids=lambda action: type(action).__name__,
)
def test_what_writes_contents_waits(action: Action) -> None:
    assert zones((action,)) == ((), (action,))


@pytest.mark.parametrize(
    "action",
    [
        REPORT,
        React(number=7, comment=1, reaction="eyes"),
        Reply(number=7, marker="m", body="b"),
        OpenIssue(marker="m", title="t", body="b"),
    ],
    ids=lambda action: type(action).__name__,
)
def test_what_only_says_something_is_said_at_once(action: Action) -> None:
    assert zones((action,)) == ((action,), ())


def test_nothing_to_do_is_nothing_in_either_zone() -> None:
    assert zones(()) == ((), ())
