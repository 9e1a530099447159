from __future__ import annotations

import pytest

from bot.core.verdict import Outcome
from bot.gates import contest
from bot.gates.compare import Compare
from bot.gates.metric import Metric
from bot.gates.outputs import Outputs
from bot.gates.schema import Schema
from bot.gates.slices import Slices
from bot.statistics import Difference, Direction, Estimate
from tests.builders import case, evidence, holdout, rehearsal, scored, target


def difference(value=0.1, lower=0.05, upper=0.15, direction=Direction.HIGHER, **changes):
    stated = {"champion": 0.5, "challenger": 0.5 + value, "standard_error": 0.03, "n": 100}
    bounds = {"value": value, "lower": lower, "upper": upper, "direction": direction}
    named = {"confidence": 0.95, "method": "normal"}
    return Difference(**{**stated, **bounds, **named, **changes})


def estimate(**changes):
    stated = {"value": 0.8, "lower": 0.7, "upper": 0.9, "standard_error": None, "n": 100}
    return Estimate(**{**stated, "confidence": 0.95, "method": "exact", **changes})


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (difference(), "improves by 0.100 (+0.050 to +0.150, n = 100)"),
        (
            difference(-0.1, -0.15, -0.05),
            "drops by 0.100 (\N{MINUS SIGN}0.150 to \N{MINUS SIGN}0.050, n = 100)",
        ),
        (difference(0.0, 0.0, 0.0), "does not change (0 to 0, n = 100)"),
        (
            difference(0.0, -0.01, 0.01),
            "is unchanged within the interval (\N{MINUS SIGN}0.010 to +0.010, n = 100)",
        ),
        (
            difference(0.1, 0.05, 0.15, Direction.LOWER),
            "worsens by 0.100 (\N{MINUS SIGN}0.150 to \N{MINUS SIGN}0.050, n = 100)",
        ),
        (
            difference(-0.1, -0.1, 0.1, Direction.LOWER),
            "is unchanged within the interval (\N{MINUS SIGN}0.100 to +0.100, n = 100)",
        ),
    ],
)
def test_a_change_is_said_as_a_gain(found, said):
    assert contest.change(found) == said


def test_a_floor_of_the_gain_is_a_ceiling_of_a_loss():
    # Bounds that are symmetric around zero must not hide the direction.
    rising = difference(0.0, -0.1, 0.1, Direction.LOWER)
    assert contest.measure("log_loss", rising, -0.02).limit == 0.02
    assert contest.measure("recall", difference(0.0, -0.1, 0.1), -0.02).limit == -0.02


def test_an_undecidable_difference_is_shown_without_bounds():
    shown = contest.measure("f1", difference(undecidable="no rows"), 0.0, Outcome.FAILED, "a note")
    assert shown.difference is None
    assert (shown.outcome, shown.note) == (Outcome.FAILED, "a note")


def test_the_rows_that_would_decide_are_rounded_up_as_people_plan():
    # (1.645 + 0.842)**2 * (0.03 / 0.02)**2 * 100 = 1391.
    assert contest.enough(difference(0.02), 0.02) == (
        "about 1,400 rows would decide it if the estimate stays (now 100)"
    )


def test_an_error_that_is_not_given_is_read_off_the_bounds():
    # The same as an error of 0.1 / 1.645 = 0.061 at a distance of 0.05: 914 rows.
    assert contest.enough(estimate(), 0.05).startswith("about 920 rows")


def test_more_rows_than_now_are_asked_for_however_wide_the_gap():
    assert contest.enough(estimate(), 0.5).startswith("about 110 rows")


def test_at_the_limit_no_number_of_rows_decides():
    assert contest.enough(estimate(), 0.0, "requests") == (
        "no number of requests decides it while the estimate stays at the limit"
    )


def test_a_gate_asks_nothing_about_a_dataset_the_policy_does_not_have():
    assert Schema(data="shadow").needs(case()) == frozenset()
    assert contest.needs_of_both(case(), "shadow") == frozenset()
    assert contest.needs(case(), "shadow") == frozenset()
    assert len(contest.needs_of_both(case(champion=None), "holdout")) == 2


@pytest.mark.parametrize(
    "gate",
    [
        Outputs(),
        Schema(),
        Compare(metric="roc_auc", allow_drop=0.01),
        Metric.model_validate(
            {"metric": "accuracy", "at_least": 0.1, "because": "b", "review_by": "2027-01-01"}
        ),
        Slices(metric="recall", by=("origin",), allow_drop=0.02),
    ],
    ids=lambda gate: gate.name,
)
def test_every_gate_for_which_a_model_ran_says_what_protected_the_run(gate):
    run = rehearsal(missing=("net: not given",))
    rows = holdout(target(), {"origin": ["JFK"] * 2_000})
    ran = scored(target(), rehearsal=run)
    read = evidence(gate, case(), challenger=ran, rehearsal=run, holdout=rows)
    verdict = gate.judge(case(), read)
    assert verdict.notes[:2] == (
        "sandbox: no_new_privs, rlimits, fs, net",
        "sandbox layer missing: net: not given",
    )
