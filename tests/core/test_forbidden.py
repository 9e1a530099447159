from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.core.errors import ForbiddenChange
from bot.core.lock import Model
from bot.core.lockfile import dump, locator
from bot.core.transition import (
    Retirement,
    transitions,
)
from tests.landed import (
    BAN,
    MODEL,
    TODAY,
    entry,
    model,
    moves,
    past,
    promotion,
    reasons,
    rollback,
    story,
)


def test_a_version_is_not_removed_otherwise() -> None:
    landed = past(model("3", "3"), model("3 4 5", "4"))
    gone = "version '{}' is removed, and versions are append-only"
    assert reasons(model("3 4", "3"), model("3", "3")) == [gone.format("4")]
    assert reasons(model("3 4 5", "4"), model("3", "3"), landed) == [gone.format("5")]
    assert reasons(model("3 4 5", "4"), model("5", "5"), landed) == [
        gone.format("3"),
        gone.format("4"),
    ]


def test_a_rollback_that_leaves_the_version_serving_elsewhere_does_not_remove_it() -> None:
    base = model("3 4", stages={"production": "4", "staging": "4"})
    head = model("3", stages={"production": "3", "staging": "4"})
    assert reasons(base, head, past(model("3", "3"), base)) == [
        "version '4' is removed, and versions are append-only"
    ]


def test_a_version_is_immutable() -> None:
    other = {"3": entry("3", digest="sha256:" + "ab" * 32)}
    assert reasons(model("3"), Model(versions=other)) == [
        "version '3' already exists as sha256:330000000000…, not sha256:abababababab…"
    ]
    assert reasons(model("3"), Model(versions={"3": entry("3", parent="2")})) == [
        "version '3' already exists, with other facts about sha256:330000000000…"
    ]


def test_a_model_is_not_removed() -> None:
    assert reasons(model("3", "3"), None) == ["the model is removed"]


def test_a_retirement_is_final() -> None:
    base = model("3 4", "3", retired={"4": "leaks"})
    assert reasons(base, model("3 4", "3")) == [
        "version '4' is no longer retired, and a retirement is final"
    ]
    assert "version '4' is retired (leaks)" in reasons(base, model("3 4", "4"))
    rewritten = model("3 4", "3", retired={"4": "leaks postcode"})
    assert moves(base, rewritten) == (
        Retirement(model=MODEL, version="4", stage=None, reason="leaks postcode"),
    )


def test_a_version_that_is_not_registered_is_not_promoted() -> None:
    assert reasons(model("3", "3"), model("3", "4")) == [
        "stage 'production' names version '4', which is not registered"
    ]


def test_a_held_stage_takes_no_promotion_until_the_hold_ends() -> None:
    def held(until: date | None) -> dict[str, object]:
        return {"holds": {"production": {**BAN, "until": until}}}

    change = (model("3 4", "3", **held(TODAY)), model("3 4", "4", **held(TODAY)))
    assert reasons(*change) == ["stage 'production' is held until 2026-11-23 by @ana (audit)"]
    over = held(TODAY - timedelta(days=1))
    assert moves(model("3 4", "3", **over), model("3 4", "4", **over)) == (promotion("3", "4"),)
    endless = (model("3 4", "3", **held(None)), model("3 4", "4"))
    assert reasons(*endless) == ["stage 'production' is held by @ana (audit)"]


def test_a_held_version_is_barred_and_another_is_not() -> None:
    held = {"holds": {"production": {**BAN, "version": "4"}}}
    base = model("3 4 5", "3", **held)
    assert reasons(base, model("3 4 5", "4", **held)) == [
        "version '4' on stage 'production' is held by @ana (audit)"
    ]
    assert moves(base, model("3 4 5", "5", **held)) == (promotion("3", "5"),)


def test_a_hold_on_the_stage_lets_a_rollback_through_and_one_on_the_version_does_not() -> None:
    whole, one = ({"production": BAN}, {"production": {**BAN, "version": "3"}})
    landed = story("3 4", "3", "4")
    assert rollback("4", "3") in moves(model("3 4", "4"), model("3 4", "3", holds=whole), landed)
    assert reasons(model("3 4", "4", holds=one), model("3 4", "3", holds=one), landed) == [
        "version '3' on stage 'production' is held by @ana (audit)"
    ]


def test_every_reason_is_told_at_once_with_its_line() -> None:
    base = model("3 4", "3", holds={"production": BAN})
    head = model("3 4", "4", holds={"production": BAN}, traffic={"canary": 5})
    locate = locator(dump({MODEL: head}), "models.lock")
    with pytest.raises(ForbiddenChange) as caught:
        transitions(
            {"absent": (base, None), MODEL: (base, head)},
            past(base),
            file="models.lock",
            today=TODAY,
            locate=locate,
        )
    assert [str(problem).split(";")[0] for problem in caught.value.problems] == [
        "models.lock: absent: the model is removed",
        "models.lock:10:26: credit-risk: stage 'production' is held by @ana (audit)",
        "models.lock:11:23: credit-risk: stage 'canary' has traffic and no version",
    ]
