from __future__ import annotations

import pytest
from hypothesis import given, settings

from bot.core.canonical import EMPTY
from bot.core.errors import ForbiddenChange
from bot.core.lock import Model
from bot.core.lockfile import dump, parse
from bot.core.restoring import restored
from tests.landed import entry, model
from tests.strategies import locks

FILE = "models.lock"
REASON = "registered in 0123456789ab, which was taken back"


def back(
    before: dict[str, Model], landed: dict[str, Model], now: dict[str, Model] | None = None
) -> dict[str, Model]:
    after = dump(now if now is not None else landed)
    return parse(restored(dump(before), dump(landed), after, reason=REASON), FILE)


def test_a_champion_that_was_pushed_leaves_for_the_one_before() -> None:
    before, landed = {"a": model("3 4", "3")}, {"a": model("3 4", "4")}
    assert back(before, landed) == before


def test_a_version_that_is_rolled_back_leaves_with_its_registration() -> None:
    before, landed = {"a": model("3", "3")}, {"a": model("3 4", "4")}
    assert back(before, landed) == before


def test_a_version_that_was_registered_only_stays_known_and_is_retired() -> None:
    before, landed = {"a": model("3", "3")}, {"a": model("3 4", "3")}
    found = back(before, landed)["a"]
    assert found.versions == landed["a"].versions
    assert found.retired == {"4": REASON}
    assert found.stages == {"production": "3"}


def test_a_model_that_was_pushed_leaves_its_stages_and_stays_known() -> None:
    before, landed = {"a": model("3", "3")}, {"a": model("3", "3"), "b": model("4", "4")}
    found = back(before, landed)
    assert found["a"] == before["a"]
    assert (found["b"].stages, found["b"].retired) == ({}, {"4": REASON})


def test_a_model_that_was_removed_comes_back() -> None:
    before = {"a": model("3", "3"), "b": model("4", "4")}
    assert back(before, {"a": before["a"]}) == before


def test_a_retirement_is_final_even_where_it_was_pushed() -> None:
    before = {"a": model("3 4", "3")}
    landed = {"a": before["a"].model_copy(update={"retired": {"4": "leaks"}})}
    assert back(before, landed)["a"].retired == {"4": "leaks"}


def test_what_others_changed_since_stays() -> None:
    before = {"a": model("3 4", "3"), "b": model("3 4", "3")}
    landed = {**before, "a": model("3 4", "4")}
    now = {**landed, "b": model("3 4", "4")}
    assert back(before, landed, now) == {"a": before["a"], "b": now["b"]}


def test_a_later_edit_of_the_same_fact_is_for_a_person() -> None:
    before, landed = {"a": model("3 4 5", "3")}, {"a": model("3 4 5", "4")}
    with pytest.raises(ForbiddenChange):
        back(before, landed, {"a": model("3 4 5", "5")})


def test_a_lock_that_cannot_be_read_is_given_back_whole() -> None:
    before = dump({"a": model("3", "3")})
    assert restored(before, b"{{", b"{{", reason=REASON) == before


def test_a_first_lock_that_was_pushed_keeps_its_versions() -> None:
    landed = dump({"a": model("3", "3")})
    found = parse(restored(b"", landed, landed, reason=REASON), FILE)
    assert found["a"].stages == {}
    assert found["a"].versions == {"3": entry("3")}


def test_nothing_to_give_back_is_no_change() -> None:
    assert restored(EMPTY, EMPTY, EMPTY, reason=REASON) == EMPTY


@settings(max_examples=60, deadline=None)
@given(locks, locks)
def test_no_version_is_lost_but_one_that_is_rolled_back(
    before: dict[str, Model], landed: dict[str, Model]
) -> None:
    found = back(before, landed)
    for name, known in landed.items():
        lost = known.versions.keys() - found[name].versions.keys()
        assert lost <= set(known.stages.values())
