from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core import lock
from bot.core.errors import ForbiddenChange
from bot.core.transition import (
    Hold,
    Promotion,
    Registration,
    Release,
    exile,
    reigns,
    transitions,
)
from tests.landed import (
    BAN,
    MODEL,
    START,
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


def test_a_stage_that_returns_to_its_last_champion_is_a_rollback() -> None:
    landed = story("3 4", "3", "4")
    assert moves(model("3 4", "4"), model("3 4", "3"), landed) == (rollback("4", "3"),)


def test_a_return_beyond_the_window_is_an_ordinary_promotion() -> None:
    versions, landed = "1 2 3 4 5", story("1 2 3 4 5", "1", "2", "3", "4", "5")
    base = model(versions, "5")
    assert moves(base, model(versions, "2"), landed) == (rollback("5", "2"),)
    assert moves(base, model(versions, "1"), landed) == (promotion("5", "1"),)
    change = {MODEL: (base, model(versions, "3"))}
    narrow = transitions(change, landed, file="f", today=TODAY, windows={MODEL: 1})
    assert narrow == (promotion("5", "3"),)


def test_the_window_counts_distinct_champions() -> None:
    versions = "1 2 3 4"
    landed = story(versions, "1", "2", "3", "2", "4")
    # 3 was rolled back, so 2 and 1 are the ways back from 4.
    assert moves(model(versions, "4"), model(versions, "1"), landed) == (rollback("4", "1"),)


def test_a_version_that_never_held_the_stage_is_promoted_whatever_happened_elsewhere() -> None:
    landed = past(
        model("3 4", stages={"staging": "3"}),
        model("3 4", stages={"staging": "4", "production": "4"}),
    )
    head = model("3 4", stages={"staging": "4", "production": "3"})
    assert moves(landed.of(MODEL)[0].model, head, landed) == (promotion("4", "3"),)


def test_a_version_that_was_rolled_back_is_not_proposed_again() -> None:
    landed = story("3 4", "3", "4", "3")
    assert reasons(model("3 4", "3"), model("3 4", "4"), landed) == [
        "version '4' was rolled back by c2"
    ]


def test_the_refusal_says_how_to_release_a_version() -> None:
    with pytest.raises(ForbiddenChange) as caught:
        moves(model("3 4", "3"), model("3 4", "4"), story("3 4", "3", "4", "3"))
    assert caught.value.problems[0].remedy == (
        'release it first, in its own pull request: `released: {"4": {reason: "…", by: "…"}}`, '
        "or `lockstep release`"
    )


def test_a_version_that_was_rolled_back_is_barred_from_every_stage() -> None:
    head = model("3 4", stages={"production": "3", "staging": "4"})
    assert reasons(model("3 4", "3"), head, story("3 4", "3", "4", "3")) == [
        "version '4' was rolled back by c2"
    ]


def test_a_released_version_is_promoted_and_judged_in_full() -> None:
    freed = model("3 4", "3", released={"4": BAN})
    landed = past(model("3 4", "3"), model("3 4", "4"), model("3 4", "3"), freed)
    head = model("3 4", "4", released={"4": BAN})
    assert moves(freed, head, landed) == (promotion("3", "4"),)


def test_a_version_promoted_again_after_its_release_does_not_exile_the_one_that_leaves() -> None:
    states = [model("3 4", "3"), model("3 4", "4"), model("3 4", "3")]
    freed = model("3 4", "3", released={"4": BAN})
    again = model("3 4", "4", released={"4": BAN})
    landed = past(*states, freed, again)
    assert [reign.left_by_rollback for reign in reigns(landed, MODEL, "production")] == [
        False,
        False,
        True,
        False,
    ]
    assert exile(landed, MODEL, "3") is None
    assert moves(again, model("3 4", "3", released={"4": BAN}), landed) == (rollback("4", "3"),)


def test_a_release_does_not_outlast_the_next_rollback() -> None:
    freed = model("3 4", "3", released={"4": BAN})
    again = model("3 4", "4", released={"4": BAN})
    landed = past(model("3 4", "3"), model("3 4", "4"), model("3 4", "3"), freed, again, freed)
    assert reasons(freed, again, landed) == ["version '4' was rolled back by c5"]
    rewritten = model("3 4", "3", released={"4": {"reason": "fixed again", "by": "@ana"}})
    assert moves(freed, rewritten, landed) == (Release(model=MODEL, version="4", stage=None),)
    later = past(*(one.model for one in reversed(landed.of(MODEL))), rewritten)
    head = model("3 4", "4", released=rewritten.released)
    assert moves(rewritten, head, later) == (promotion("3", "4"),)


def test_a_release_in_the_commit_of_the_rollback_itself_does_not_count() -> None:
    freed = model("3 4", "3", released={"4": BAN})
    landed = past(model("3 4", "3"), model("3 4", "4"), freed)
    head = model("3 4", "4", released={"4": BAN})
    assert reasons(freed, head, landed) == ["version '4' was rolled back by c2"]


def test_a_release_that_is_taken_back_bars_the_version_again() -> None:
    states = [model("3 4", "3"), model("3 4", "4"), model("3 4", "3")]
    freed = model("3 4", "3", released={"4": BAN})
    withdrawn = moves(freed, states[0], past(*states, freed))
    hold = lock.Hold(reason="the release of version 4 is taken back", by="@ana", version="4")
    assert withdrawn == (Hold(model=MODEL, stage=None, hold=hold),)
    assert reasons(states[0], states[1], past(*states, freed, states[0])) == [
        "version '4' was rolled back by c2"
    ]


def test_a_release_and_a_promotion_do_not_land_together() -> None:
    head = model("3 4", "4", released={"4": BAN})
    assert reasons(model("3 4", "3"), head, story("3 4", "3", "4", "3")) == [
        "version '4' is released and promoted in one change"
    ]


def test_reigns_are_told_newest_first_with_their_commits() -> None:
    landed = past(model("3 4", "3"), model("3 4"), model("3 4", "4"), model("3 4", "3"))
    newest, middle, oldest = reigns(landed, MODEL, "production")
    assert (newest.version, newest.commit, newest.ended) == ("3", "c3", None)
    assert (middle.version, middle.since, middle.left_by_rollback) == (
        "4",
        START + timedelta(days=2),
        False,
    )
    # Leaving a stage to nobody is no rollback, and who was vacated is no way back.
    assert (oldest.ended, oldest.left_by_rollback, oldest.vacated) == ("c1", False, True)
    assert reigns(landed, MODEL, "staging") == ()
    assert reigns(landed, "absent", "production") == ()


def test_an_empty_stage_is_opened_by_a_promotion_even_for_an_old_champion() -> None:
    landed = past(model("3", "3"), model("3"))
    assert moves(model("3"), model("3", "3"), landed) == (promotion(None, "3"),)


def test_a_revert_that_takes_a_registration_away_is_a_rollback() -> None:
    landed = past(model("3", "3"), model("3 4", "4"))
    assert moves(model("3 4", "4"), model("3", "3"), landed) == (rollback("4", "3"),)


def test_a_version_that_a_revert_took_away_comes_back_barred_and_unchanged() -> None:
    landed = past(model("3", "3"), model("3 4", "4"), model("3", "3"))
    base = model("3", "3")
    assert moves(base, model("3 4", "3"), landed) == (
        Registration(model=MODEL, version="4", entry=entry("4")),
    )
    assert reasons(base, model("3 4", "4"), landed) == ["version '4' was rolled back by c2"]
    other = model("3 4", "3").model_copy(
        update={"versions": {"3": entry("3"), "4": entry("4", digest="sha256:" + "ab" * 32)}}
    )
    assert reasons(base, other, landed) == [
        "version '4' already exists as sha256:340000000000…, not sha256:abababababab…"
    ]


def test_a_version_is_not_rolled_back_and_promoted_at_once() -> None:
    landed = story("3 4", "3", "4")
    head = model("3 4", stages={"production": "3", "canary": "4"})
    assert reasons(model("3 4", "4"), head, landed) == [
        "version '4' is rolled back and promoted to 'canary' in one change"
    ]


def test_a_narrower_window_does_not_undo_an_old_rollback() -> None:
    states = [model("1 2 3", "1"), model("1 2 3", "3"), model("1 2 3", "2"), model("1 2 3", "1")]
    landed = past(*states)
    head = model("1 2 3", "2")
    for window in (1, 3, 20):
        with pytest.raises(ForbiddenChange, match="version '2' was rolled back"):
            transitions(
                {MODEL: (states[-1], head)},
                landed,
                file="models.lock",
                today=TODAY,
                windows={MODEL: window},
            )


def test_the_same_bytes_under_another_name_were_rolled_back_too() -> None:
    states = [model("3 4", "3"), model("3 4", "4"), model("3 4", "3")]
    again = states[0].model_copy(
        update={
            "versions": {**states[0].versions, "5": states[0].versions["4"]},
            "stages": {"production": "5"},
        }
    )
    with pytest.raises(ForbiddenChange, match="the same bytes as '4'"):
        transitions({MODEL: (states[-1], again)}, past(*states), file="models.lock", today=TODAY)


def test_a_vacated_version_comes_back_by_a_judged_promotion() -> None:
    states = [model("1 2", "2"), model("1 2"), model("1 2", "1")]
    change = transitions(
        {MODEL: (states[-1], states[0])}, past(*states), file="models.lock", today=TODAY
    )
    assert [type(one) for one in change] == [Promotion]
