"""Stricter settings, the champion against itself, and data that say nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.verdict import Outcome
from bot.gates import GATES
from tests.builders import (
    against_itself,
    case,
    holdout,
    overlap,
    rehearsal,
    scored,
    times,
    timings,
)
from tests.gates.asking import TRUTH, changed, found

limits = st.floats(0.0, 1.0)


def never_passes_what_is_laxer(strict, lax):
    return not (strict.outcome is Outcome.PASSED and lax.outcome is not Outcome.PASSED)


@given(st.tuples(limits, limits).map(sorted), st.floats(0.2, 2.0))
def test_a_higher_floor_never_passes_what_a_lower_one_refused(floors, skill):
    why = {"because": "x", "review_by": "2027-03-01", "metric": "roc_auc"}
    given_ = {"challenger": scored(TRUTH[:400], skill), "holdout": holdout(TRUTH[:400])}
    lax, strict = (
        found(GATES["metric"].model_validate({**why, "at_least": floor}), **given_)
        for floor in floors
    )
    assert never_passes_what_is_laxer(strict, lax)


@given(
    st.tuples(limits, limits).map(sorted),
    st.floats(0.2, 2.0),
    st.sampled_from(["accuracy", "recall"]),
)
def test_a_smaller_drop_never_passes_what_a_larger_one_refused(drops, skill, metric):
    given_ = {
        "challenger": scored(TRUTH[:400], skill, seed=7),
        "champion": scored(TRUTH[:400], 1.0),
        "holdout": holdout(TRUTH[:400]),
    }
    strict, lax = (
        found(GATES["compare"](metric=metric, allow_drop=drop / 5), **given_) for drop in drops
    )
    assert never_passes_what_is_laxer(strict, lax)
    superior = found(GATES["compare"](metric=metric, improve_by=drops[0] / 5), **given_)
    assert never_passes_what_is_laxer(superior, strict)


@given(st.tuples(limits, limits).map(sorted), st.floats(0.5, 2.0))
def test_a_stricter_slice_never_passes_what_a_laxer_one_refused(drops, skill):
    given_ = {"challenger": scored(TRUTH, skill, seed=7), "champion": scored(TRUTH, 1.2)}
    stated = {"metric": "accuracy", "by": ["region"]}
    strict, lax = (
        found(changed("slices", **stated, allow_drop=drop / 5), **given_) for drop in drops
    )
    worse = changed("slices", **stated, allow_drop=drops[0] / 5, proof="worse")
    assert never_passes_what_is_laxer(strict, lax)
    assert never_passes_what_is_laxer(strict, found(worse, **given_))


@given(st.tuples(st.floats(1.0, 3.0), st.floats(1.0, 3.0)).map(sorted), st.floats(10, 40))
def test_a_shorter_limit_never_passes_what_a_longer_one_refused(ratios, median):
    measured = timings(times(500, median), times(500, seed=4))
    strict, lax = (found(changed("latency", max_ratio=ratio), timings=measured) for ratio in ratios)
    assert never_passes_what_is_laxer(strict, lax)
    alone, why = replace(measured, champion=None), {"because": "x", "review_by": "2027-03-01"}
    strict, lax = (
        found(GATES["latency"].model_validate({"at_most": f"{18 * ratio:.3f}ms", **why}),
              timings=alone)
        for ratio in ratios
    )  # fmt: skip
    assert never_passes_what_is_laxer(strict, lax)


@given(st.tuples(st.integers(1, 99), st.integers(1, 99)).map(sorted), st.integers(1, 99))
def test_a_smaller_cap_never_passes_what_a_larger_one_refused(caps, measured):
    run = rehearsal(load_seconds=float(measured), peak_bytes=measured)
    for setting in ("max_seconds", "max_memory"):
        strict, lax = (found(changed("loads", **{setting: cap}), rehearsal=run) for cap in caps)
        assert never_passes_what_is_laxer(strict, lax)


@given(st.tuples(st.floats(0, 0.9), st.floats(0, 0.9)).map(sorted), st.integers(0, 12_000))
def test_a_smaller_share_never_passes_what_a_larger_one_refused(shares, seen):
    strict, lax = (
        found(changed("leakage", allow_share=share), overlap=overlap(shared_rows=seen))
        for share in shares
    )
    assert never_passes_what_is_laxer(strict, lax)


@pytest.mark.parametrize("metric", ["accuracy", "recall", "f1", "log_loss", "roc_auc", "brier"])
@settings(max_examples=10)
@given(skill=st.floats(0.3, 2.0), seed=st.integers(0, 9))
def test_the_champion_is_never_superior_to_itself_and_never_inferior(metric, skill, seed):
    same = scored(TRUTH[:300], skill, seed)
    given_ = {"challenger": same, "champion": same, "holdout": holdout(TRUTH[:300])}
    about = against_itself(case())
    compare = GATES["compare"]
    assert found(compare(metric=metric, improve_by=0), about, **given_).outcome is Outcome.FAILED
    safe = found(compare(metric=metric, allow_drop=0), about, **given_)
    assert safe.outcome is Outcome.PASSED


@pytest.mark.parametrize("rows", [0, 1, 2, 7])
@pytest.mark.parametrize("classes", ["one", "two"])
@pytest.mark.parametrize("fill", [0.5, 0.0, np.nan])
def test_data_that_say_nothing_never_raise_and_never_pass(rows, classes, fill):
    truth = np.zeros(rows) if classes == "one" else np.arange(rows) % 2.0
    blank = scored(truth)
    blank = replace(blank, scores=np.full((rows, 2), fill))
    measured = {
        "holdout": holdout(truth, {"region": ["north"] * rows}),
        "challenger": blank,
        "champion": scored(truth),
    }
    why = {"because": "x", "review_by": "2027-03-01"}
    for gate in (
        GATES["metric"].model_validate({"metric": "auc", "at_least": 0.1, **why}),
        GATES["compare"](metric="auc", allow_drop=0.001),
        GATES["compare"](metric="log_loss", improve_by=0),
        changed("slices", metric="auc"),
    ):
        assert found(gate, **measured).outcome is not Outcome.PASSED
