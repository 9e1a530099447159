"""Bounds and p-values of every curve are two readings of one function."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bot.statistics import difference
from bot.statistics.curves import Limits, Logit, Normal, Point, Replicates, student_quantile
from bot.statistics.metrics import METRICS
from bot.statistics.power import detectable, required_rows
from bot.statistics.shares import ScoreDifference, ScoreShare
from tests.statistics.samples import binary

CURVES = {
    "normal": Normal(0.3, 0.1, 10**6),
    "student": Normal(0.3, 0.1, 8),
    "logit": Logit(0.93, 0.02, 10**6),
    "replicates": Replicates(np.sort(np.random.default_rng(0).gamma(3, size=999)), 0.1, 0.05, 40),
    "share": ScoreShare(13, 17),
    "paired": ScoreDifference(9, 4, 60),
}


@pytest.mark.parametrize("name", CURVES)
@given(p=st.floats(0.02, 0.98).filter(lambda p: abs(p - 0.5) > 1e-6))
def test_below_undoes_quantile(name: str, p: float) -> None:
    curve = CURVES[name]
    assert curve.below(curve.quantile(p)) == pytest.approx(p, abs=1e-9)


@pytest.mark.parametrize("name", CURVES)
def test_confidence_grows_from_nothing_to_all(name: str) -> None:
    levels = [CURVES[name].below(x) for x in np.linspace(-1.5, 30, 400)]
    assert levels == sorted(levels)
    assert levels[0] < 0.002
    assert levels[-1] > 0.99


def test_students_quantile_is_the_normal_only_when_nobody_can_tell() -> None:
    assert student_quantile(0.95, 7) == pytest.approx(stats.t.ppf(0.95, 7))
    assert student_quantile(0.95, 2000) == pytest.approx(stats.norm.ppf(0.95))
    assert abs(stats.t.ppf(0.95, 2000) - stats.norm.ppf(0.95)) < 1e-3


def test_replicates_never_promise_more_than_they_are() -> None:
    curve = Replicates(np.arange(99.0), 0.0, 0.0, 10**6)
    assert curve.below(-5.0) == pytest.approx(0.01, rel=1e-5)
    assert curve.below(500.0) == pytest.approx(0.99, rel=1e-5)


def test_equal_replicates_are_read_in_their_middle() -> None:
    curve = Replicates(np.array([0.0, 1.0, 1.0, 1.0, 2.0]), 0.0, 0.0, 10**6)
    assert curve.below(1.0) == pytest.approx(0.5)


def test_a_point_is_certain_of_everything_but_itself() -> None:
    point = Point(0.0)
    assert (point.below(-1e-9), point.below(0.0), point.below(1e-9)) == (0.0, 0.5, 1.0)
    assert point.quantile(0.01) == point.quantile(0.99) == 0.0


def test_limits_know_their_ends_and_nothing_else() -> None:
    limits = Limits(-1.0, 2.0, 0.95)
    assert (limits.quantile(0.05), limits.quantile(0.95)) == (-1.0, 2.0)
    assert [limits.below(x) for x in (-1.0, 0.0, 2.0)] == pytest.approx([0.05, 0.5, 0.95])


def test_shares_and_areas_outside_their_range_are_impossible() -> None:
    assert CURVES["logit"].below(-0.1) == CURVES["paired"].below(-1.0) == 0.0
    assert CURVES["logit"].below(1.0) == CURVES["paired"].below(1.0) == 1.0


def test_the_required_rows_decide_four_times_out_of_five() -> None:
    found = difference(METRICS["roc_auc"], *binary(2000, 1), confidence=0.95, seed=0)
    gain, error = found.gain[0] or 0.0, found.standard_error or 0.0
    margin = 0.02
    rows = required_rows(found, margin)
    assert rows is not None
    then = error * math.sqrt(found.n / rows)
    power = 1 - stats.norm.cdf(stats.norm.ppf(0.95) - (gain + margin) / then)
    assert power == pytest.approx(0.8, abs=0.01)


def test_harm_needs_rows_too_and_a_gain_on_the_limit_never_decides() -> None:
    found = difference(METRICS["roc_auc"], *binary(2000, 1), confidence=0.95, seed=0)
    gain = found.gain[0] or 0.0
    assert (required_rows(found, -gain - 0.01) or 0) > 0
    assert required_rows(found, -gain) is None


def test_what_can_be_detected_shrinks_with_the_root_of_the_rows() -> None:
    few, many = (detectable(difference(METRICS["log_loss"], *binary(n, 2), confidence=0.95, seed=0))
                 for n in (4000, 16_000))
    assert few is not None
    assert many is not None
    assert few / many == pytest.approx(2.0, rel=0.1)


def test_an_unknown_error_gives_no_plan() -> None:
    nothing = difference(METRICS["roc_auc"], *binary(0), confidence=0.95, seed=0)
    assert required_rows(nothing, 0.1) is None
    assert detectable(nothing) is None
