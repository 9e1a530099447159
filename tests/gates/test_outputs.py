from __future__ import annotations

import math

import numpy as np

from bot.core.policy import Blind
from bot.core.verdict import Outcome
from bot.gates import contest
from bot.gates.outputs import Outputs
from tests.builders import (
    answers,
    case,
    dataset,
    evidence,
    holdout,
    rehearsal,
    scored,
    target,
)


def verdict(about=None, **found):
    gate, about = Outputs(), about or case()
    return gate.judge(about, evidence(gate, about, **found))


def test_sound_answers_pass():
    found = verdict()
    assert found.outcome is Outcome.PASSED
    assert found.because == "2,000 rows answered, 64 rows asked twice and 0 answered otherwise"
    assert found.notes == ("sandbox: no_new_privs, rlimits, fs, net",)


def test_scores_that_are_no_probabilities_fail():
    found = verdict(challenger=scored(target(), off_simplex=0.25))
    assert found.outcome is Outcome.FAILED
    assert found.because == "scores of a row are 0.250 away from probabilities"


def test_a_distance_that_is_not_a_number_fails():
    found = verdict(challenger=scored(target(), off_simplex=math.nan))
    assert found.outcome is Outcome.FAILED
    assert "not a number away" in found.because


def test_single_precision_probabilities_pass():
    assert verdict(challenger=scored(target(), off_simplex=3e-7)).outcome is Outcome.PASSED


def test_an_answer_that_depends_on_order_fails():
    found = verdict(challenger=scored(target(), inconsistent=3))
    assert found.outcome is Outcome.FAILED
    assert found.because == (
        "3 of 64 rows asked twice got another answer, which depends on order or state"
    )


def test_rows_that_were_never_asked_twice_do_not_pass():
    found = verdict(challenger=scored(target(), compared=0))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.unblock == "rows to ask twice"


def test_no_rows_do_not_pass():
    nothing = answers([], compared=0)
    found = verdict(challenger=nothing, champion=nothing, holdout=holdout(np.zeros(0)))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.because.startswith("0 rows answered")


def test_a_class_the_holdout_never_shows_fails():
    found = verdict(challenger=scored(target(), rehearsal=rehearsal(unknown_classes=1)))
    assert found.because == "it can answer 1 class that the hold-out never shows"
    more = verdict(challenger=scored(target(), rehearsal=rehearsal(unknown_classes=2)))
    assert "2 classes" in more.because


def test_a_class_of_the_champion_that_is_lost_fails():
    narrow = scored(target(), rehearsal=rehearsal(classes=(True, False)))
    found = verdict(challenger=narrow)
    assert found.outcome is Outcome.FAILED
    assert found.because == "it can no longer answer class 1"
    assert verdict(case(champion=None), challenger=narrow).outcome is Outcome.PASSED


def test_the_same_answer_for_every_row_is_noted():
    found = verdict(challenger=answers(np.zeros(2_000)))
    assert found.notes[-1] == "every row gets the same answer"


def test_answers_of_another_job_say_that_labels_were_within_its_reach():
    told = scored(target(), rehearsal=rehearsal(reported=True))
    rows = Blind(uri="data/blind.parquet", digest="sha256:" + "c" * 64, classes=("0", "1"))
    kept_out = case(data={"holdout": dataset(blind=rows)})
    assert contest.IN_REACH in verdict(challenger=told).notes
    assert contest.IN_REACH not in verdict(kept_out, challenger=told).notes
