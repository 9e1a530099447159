"""Orders: stored bytes, what they come to, and owners and approvals beside them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.order import Kind, Order, fold, read, written

HEAD, OTHER = "a" * 40, "b" * 40
NOW = datetime(2026, 11, 23, 9, 41, tzinfo=UTC)
GIVEN = Order(
    kind=Kind.OVERRIDE,
    by="ben",
    at=NOW,
    number=7,
    head=HEAD,
    comment=41,
    url="https://example.org/7#41",
    reason="known",
    gate="latency",
    until=NOW + timedelta(days=7),
    keys=("4be1" * 16,),
)


def order(kind: Kind, comment: int, **changes) -> Order:
    return replace(GIVEN, kind=kind, comment=comment, **changes)


def test_an_order_is_read_as_it_was_written():
    bare = replace(GIVEN, kind=Kind.HOLD, gate="", until=None, keys=())
    assert read(written(GIVEN)) == GIVEN
    assert read(written(bare)) == bare
    assert written(GIVEN).startswith(b'{"at":"2026-11-23T09:41:00+00:00","by":"ben"')


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda _: b"[]",
        lambda text: text[:-1],
        lambda text: text + b" ",
        lambda text: text.replace(b'"format":1', b'"format":2'),
        lambda text: text.replace(b'"override"', b'"overrule"'),
        lambda text: text.replace(b'"number":7', b'"number":"7"'),
        lambda text: text.replace(b'"number":7', b'"number":true'),
        lambda text: text.replace(b"+00:00", b""),
        lambda text: text.replace(b'"by":"ben"', b'"by":null'),
        lambda text: text.replace(b'{"at"', b'{"a":1,"at"'),
        lambda text: text.replace(b'"known"', b'"' + b"x" * 20_000 + b'"'),
        lambda _: b"[" * 10_000,
    ],
)
def test_what_is_not_exactly_an_order_is_none(spoil):
    assert read(spoil(written(GIVEN))) is None


@given(st.binary(max_size=200))
def test_no_bytes_stop_the_reader(stored):
    assert read(stored) is None


def test_a_release_ends_every_hold_before_it_and_none_after_it():
    first, second = order(Kind.HOLD, 1), order(Kind.HOLD, 2)
    release, third = order(Kind.RELEASE, 3), order(Kind.HOLD, 4)
    assert fold([second, first], HEAD, NOW).holds == (first, second)
    assert fold([release, second, first], HEAD, NOW).holds == ()
    assert fold([third, release, first], HEAD, NOW).holds == (third,)


def test_a_hold_holds_whatever_head_comes():
    assert fold([order(Kind.HOLD, 1)], OTHER, NOW).holds != ()


def test_orders_to_merge_and_overrides_are_of_their_head():
    merge, over = order(Kind.MERGE, 1), order(Kind.OVERRIDE, 2)
    mine, other = fold([merge, over], HEAD, NOW), fold([merge, over], OTHER, NOW)
    assert mine.merge == merge
    assert [one.comment for one in mine.overrides] == [2]
    assert (other.merge, other.overrides) == (None, ())


def test_a_hold_takes_back_the_merge_before_it():
    merge, hold = order(Kind.MERGE, 1), order(Kind.HOLD, 2)
    again = order(Kind.MERGE, 4)
    released = [merge, hold, order(Kind.RELEASE, 3)]
    assert fold(released, HEAD, NOW).merge is None
    assert fold([*released, again], HEAD, NOW).merge == again


def test_an_override_ends_and_the_last_of_a_gate_counts():
    first, second = order(Kind.OVERRIDE, 1), order(Kind.OVERRIDE, 2, reason="better")
    (only,) = fold([second, first], HEAD, NOW).overrides
    assert only.reason == "better"
    assert fold([first], HEAD, NOW + timedelta(days=7)).overrides == ()


def test_an_evaluation_changes_nothing():
    assert fold([order(Kind.EVALUATE, 1)], HEAD, NOW) == fold([], HEAD, NOW)


ANY = st.lists(
    st.builds(order, st.sampled_from(Kind), st.integers(1, 9), head=st.sampled_from([HEAD, OTHER]))
)


@given(ANY, st.randoms())
def test_the_order_in_which_orders_are_read_does_not_matter(orders, random):
    unique = list({one.comment: one for one in orders}.values())
    shuffled = random.sample(unique, len(unique))
    assert fold(unique, HEAD, NOW) == fold(shuffled, HEAD, NOW)


@given(ANY)
def test_a_hold_always_holds_until_it_is_released(orders):
    last = order(Kind.HOLD, 10)
    found = fold([*orders, last], HEAD, NOW)
    assert last in found.holds
    assert found.merge is None
