from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from bot.core.evidence import EvidenceMissing
from bot.core.verdict import Outcome
from bot.gates.slices import Slices
from tests.builders import answers, case, dataset, evidence, holdout, target

N = 3_000
TRUTH = target(N)
ORIGIN = np.random.default_rng(0).choice(["EWR", "JFK", "LGA"], N)
CARRIER = np.random.default_rng(1).choice(["AA", "DL", "9E", ""], N, p=[0.5, 0.3, 0.01, 0.19])
ROWS = holdout(TRUTH, {"origin": ORIGIN, "carrier": CARRIER})


def right(share, where=None, seed=5):
    """Answer this share of rows right; with `where` those, and the others at nine of ten."""
    draw = np.random.default_rng(seed).random(N)
    hit = draw < (share if where is None else np.where(where, share, 0.9))
    return answers(np.where(hit, TRUTH, 1 - TRUTH))


def verdict(challenger, *, champion=None, rows=ROWS, **settings):
    stated = {"metric": "accuracy", "by": ["origin"], "allow_drop": 0.05, **settings}
    gate, about = Slices.model_validate(stated), case()
    held = right(0.9) if champion is None else champion
    return gate.judge(
        about, evidence(gate, about, holdout=rows, challenger=challenger, champion=held)
    )


def test_slices_that_are_all_shown_safe_pass_and_the_weakest_is_named():
    found = verdict(right(0.93))
    assert found.outcome is Outcome.PASSED
    assert found.because.startswith("accuracy in origin=")
    assert found.because.endswith("the weakest of 3 slices")
    assert [one.outcome for one in found.measured] == [Outcome.PASSED] * 3
    assert not found.unblock


def test_one_slice_that_is_broken_fails_although_the_others_gain():
    found = verdict(right(0.6, ORIGIN == "JFK"))
    assert found.outcome is Outcome.FAILED
    assert found.because.startswith("accuracy in origin=JFK drops by 0.296 (")
    assert found.because.endswith("1 of 3 slices is shown to be worse")
    assert found.unblock == "repair origin=JFK"
    assert found.measured[0].name == "accuracy [origin=JFK]"
    assert found.measured[0].note.endswith("adjusted p below 0.0001")


def test_a_slice_in_doubt_decides_nothing_and_says_how_many_rows_would():
    found = verdict(right(0.9, seed=6), allow_drop=0.01)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "not shown to be safe" in found.because
    assert found.unblock.startswith("in origin=")
    assert "rows would decide it" in found.unblock


def test_a_policy_may_ask_only_that_no_slice_is_shown_worse():
    found = verdict(right(0.9, seed=6), allow_drop=0.01, proof="worse")
    assert found.outcome is Outcome.PASSED
    assert found.required == (
        "no slice is shown to lose more than 0.01, with 95 % confidence over 3 slices (Holm)"
    )
    broken = verdict(right(0.6, ORIGIN == "JFK"), proof="worse", correction="bh")
    assert broken.outcome is Outcome.FAILED
    assert broken.required.endswith("(Benjamini-Hochberg)")


def test_several_columns_are_one_family():
    # A p-value near the level survives a family of one column and not of two.
    hurt = right(0.82, ORIGIN == "JFK", seed=8)
    one = verdict(hurt, proof="worse", allow_drop=0.02)
    two = verdict(hurt, by=["origin", "carrier"], proof="worse", allow_drop=0.02)
    assert len(one.measured) == 3
    assert len(two.measured) == 5
    p_one, p_two = (float(v.measured[0].note.rsplit(" ", 1)[1]) for v in (one, two))
    assert p_two == pytest.approx(p_one * 5 / 3, rel=0.1)


def test_a_small_slice_is_listed_and_not_judged():
    found = verdict(right(0.93), by=["carrier"])
    rows = int((CARRIER == "9E").sum())
    assert found.outcome is Outcome.PASSED
    assert found.details == (f"not judged: carrier=9E: only {rows} rows; 200 are asked for",)
    assert len(found.measured) == 2


def test_an_expected_slice_without_rows_fails():
    found = verdict(right(0.93), by=["carrier"], expect={"carrier": ["AA", "XX"]})
    assert found.outcome is Outcome.FAILED
    assert found.because.startswith("no row has carrier=XX; accuracy in carrier=")
    assert found.unblock == "judge on rows that have carrier=XX"


def test_an_expected_slice_with_too_few_rows_decides_nothing():
    found = verdict(right(0.93), by=["carrier"], expect={"carrier": ["9E"]}, proof="worse")
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "carrier=9E cannot be judged: only" in found.because


def test_a_broken_and_a_missing_slice_are_both_said():
    found = verdict(right(0.5), by=["carrier"], expect={"carrier": ["XX"]})
    assert found.unblock.startswith("repair carrier=")
    assert found.unblock.endswith("; judge on rows that have carrier=XX")


def test_when_no_slice_is_large_enough_nothing_is_decided():
    found = verdict(right(0.93), min_rows=5_000)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "origin=EWR cannot be judged: only" in found.because
    assert found.unblock == "at least 5,000 rows in a slice"
    assert not found.measured


def test_a_column_without_values_decides_nothing():
    rows = holdout(TRUTH, {"origin": [""] * N})
    found = verdict(right(0.93), rows=rows)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.because == "no row has a value of origin"


def test_identical_answers_are_safe_even_with_a_margin_of_zero():
    found = verdict(right(0.9), allow_drop=0)
    assert found.outcome is Outcome.PASSED
    assert "does not change (0 to 0" in found.because


def test_a_metric_of_losses_holds_the_difference_below_the_margin():
    about = case(data={"holdout": dataset("regression")})
    truth = np.linspace(0.0, 9.0, N)
    noise = np.random.default_rng(2).normal(size=N)
    gate = Slices(metric="mae", by=("origin",), allow_drop=0.1)
    worse = np.where(ORIGIN == "LGA", 3.0, 1.0)
    found = gate.judge(
        about,
        evidence(
            gate,
            about,
            holdout=holdout(truth, {"origin": ORIGIN}, classes=()),
            challenger=answers(truth + noise * worse),
            champion=answers(truth + noise),
        ),
    )
    assert found.outcome is Outcome.FAILED
    assert found.because.startswith("mean_absolute_error in origin=LGA worsens by")
    assert found.measured[0].limit == 0.1


def test_a_column_the_dataset_does_not_name_is_missing_evidence():
    with pytest.raises(EvidenceMissing, match="does not name region as a slice; it names origin"):
        verdict(right(0.93), by=["region"])


def test_an_expected_column_must_be_cut_by():
    with pytest.raises(ValidationError, match="expect names carrier, and `by` does not cut by it"):
        verdict(right(0.93), expect={"carrier": ["AA"]})


def test_many_slices_are_counted_in_a_sentence():
    rows = holdout(TRUTH, {"origin": [f"A{number % 8}" for number in range(N)]})
    found = verdict(right(0.4), rows=rows)
    assert found.because.endswith("8 of 8 slices are shown to be worse")
    assert found.unblock.endswith(" and 3 more")
