from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings

from bot.core import lock
from bot.core.errors import ForbiddenChange
from bot.core.lock import Model
from bot.core.transition import (
    Exposure,
    Hold,
    Past,
    Registration,
    Release,
    Retirement,
    Rewiring,
    transitions,
)
from tests.landed import (
    BAN,
    MODEL,
    TODAY,
    entry,
    model,
    moves,
    promotion,
    reasons,
)
from tests.strategies import models


def test_a_new_model_registers_its_versions_and_opens_its_stages() -> None:
    assert moves(None, model("1 10 2", "2")) == (
        Registration(model=MODEL, version="1", entry=entry("1")),
        Registration(model=MODEL, version="2", entry=entry("2")),
        Registration(model=MODEL, version="10", entry=entry("10")),
        promotion(None, "2"),
    )


def test_a_stage_given_to_a_new_version_is_a_promotion() -> None:
    assert moves(model("3 4", "3"), model("3 4", "4")) == (promotion("3", "4"),)


def test_a_version_leaves_a_stage_to_nobody() -> None:
    assert moves(model("3", "3"), model("3")) == (
        Retirement(model=MODEL, version="3", stage="production", reason=None),
    )


def test_a_version_is_retired_once_whether_it_served_or_not() -> None:
    assert moves(model("3 4", "4"), model("3 4", "4", retired={"3": "leaks"})) == (
        Retirement(model=MODEL, version="3", stage=None, reason="leaks"),
    )
    assert moves(model("3 4", "4"), model("3 4", retired={"4": "leaks"})) == (
        Retirement(model=MODEL, version="4", stage="production", reason="leaks"),
    )


def test_a_hold_that_comes_and_goes_is_a_hold_and_a_release() -> None:
    free, held = model("3", "3"), model("3", "3", holds={"production": {**BAN, "version": "3"}})
    hold = lock.Hold(reason="audit", by="@ana", version="3")
    assert moves(free, held) == (Hold(model=MODEL, stage="production", hold=hold),)
    assert moves(held, free) == (Release(model=MODEL, version="3", stage="production"),)


@pytest.mark.parametrize(
    ("before", "after", "weaker"),
    [
        ({}, {"reason": "other"}, False),
        ({}, {"version": "3"}, True),
        ({}, {"until": date(2027, 1, 1)}, True),
        ({"until": date(2027, 1, 1)}, {"until": date(2026, 12, 1)}, True),
        ({"until": date(2027, 1, 1)}, {"until": date(2027, 2, 1)}, False),
        ({"until": date(2027, 1, 1)}, {}, False),
        ({"version": "3"}, {}, False),
        ({"version": "3"}, {"version": "4"}, True),
    ],
)
def test_a_hold_rewritten_to_let_more_through_is_also_a_release(
    before: dict[str, object], after: dict[str, object], weaker: object
) -> None:
    base = model("3 4", holds={"production": {**BAN, **before}})
    head = model("3 4", holds={"production": {**BAN, **after}})
    kinds = [type(move) for move in moves(base, head)]
    assert kinds == ([Hold, Release] if weaker else [Hold])


def test_traffic_is_an_exposure_and_needs_a_version() -> None:
    base = model("3", stages={"canary": "3"}, traffic={"canary": 5})
    head = model("3", stages={"canary": "3"}, traffic={"canary": 10})
    assert moves(base, head) == (Exposure(model=MODEL, stage="canary", before=5, after=10),)
    assert moves(base, model("3", stages={"canary": "3"})) == (
        Exposure(model=MODEL, stage="canary", before=5, after=0),
    )
    assert reasons(base, model("3", traffic={"canary": 5})) == [
        "stage 'canary' has traffic and no version"
    ]


def test_another_upstream_is_a_rewiring() -> None:
    head = model("3", depends_on={"text-embedding": "production"})
    assert moves(model("3"), head) == (
        Rewiring(model=MODEL, before={}, after={"text-embedding": "production"}),
    )


def test_transitions_come_registrations_first_then_by_model_and_stage() -> None:
    one = model("1 2", stages={"production": "1", "canary": "2"}, traffic={"canary": 5})
    found = transitions(
        {"b": (None, one), "a": (None, one)}, Past(landed={}), file="f", today=TODAY
    )
    assert [(type(move).__name__, move.model, getattr(move, "stage", "")) for move in found] == [
        ("Registration", "a", ""),
        ("Registration", "a", ""),
        ("Registration", "b", ""),
        ("Registration", "b", ""),
        ("Promotion", "a", "canary"),
        ("Exposure", "a", "canary"),
        ("Promotion", "a", "production"),
        ("Promotion", "b", "canary"),
        ("Exposure", "b", "canary"),
        ("Promotion", "b", "production"),
    ]


@given(models())
def test_no_difference_is_no_transition(same: Model) -> None:
    base = same.model_copy(update={"traffic": {}})
    assert moves(base, base) == ()


@settings(max_examples=60)
@given(models(), models())
def test_nothing_changes_unseen(base: Model, other: Model) -> None:
    head = other.model_copy(update={"versions": {**base.versions, **other.versions}})
    try:
        found = moves(base, head)
    except ForbiddenChange as refusal:
        found = refusal.problems
    told = [one.model_dump(exclude={"traffic"}) for one in (base, head)]
    loud = {stage: share for stage, share in base.traffic.items() if share}
    same = told[0] == told[1] and loud == {s: share for s, share in head.traffic.items() if share}
    assert bool(found) != same or (same and head.traffic.keys() - head.stages.keys())
