"""Bounds of quantiles are ranks, and few timings prove nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, quantile_test

from bot.statistics.quantiles import (
    lower_rank,
    quantile_bounds,
    quantile_difference,
    quantile_ratio,
    required_timings,
    upper_rank,
)


# Source: P(all n below the quantile) = q^n; Hahn & Meeker (1991), table A.16.
@pytest.mark.parametrize(("quantile", "timings"), [(0.95, 59), (0.99, 299), (0.999, 2995)])
def test_the_fewest_timings_are_the_textbooks(quantile: float, timings: int) -> None:
    assert required_timings(quantile, 0.95) == timings
    assert upper_rank(timings, quantile, 0.95) == timings
    assert upper_rank(timings - 1, quantile, 0.95) is None


def test_a_thousand_timings_bound_p99_by_the_996th() -> None:
    assert upper_rank(1000, 0.99, 0.95) == 996


def test_a_hundred_bound_the_median_by_the_40th_and_61st() -> None:
    assert (lower_rank(100, 0.5, 0.975), upper_rank(100, 0.5, 0.975)) == (40, 61)


@settings(max_examples=60, deadline=None)
@given(n=st.integers(80, 2000), quantile=st.sampled_from([0.5, 0.9, 0.95]), seed=st.integers(0, 99))
def test_bounds_are_scipys_quantile_test(n: int, quantile: float, seed: int) -> None:
    times = np.random.default_rng(seed).gamma(2.0, size=n)
    found = quantile_bounds(times, quantile, confidence=0.95)
    # scipy names the alternative after the test, so its "less" bounds from above.
    above = quantile_test(times, p=quantile, alternative="less").confidence_interval(0.95)
    below = quantile_test(times, p=quantile, alternative="greater").confidence_interval(0.95)
    assert found.upper == above.high
    assert found.lower == below.low
    assert found.lower <= (found.value or 0.0) <= found.upper


@given(n=st.integers(60, 3000))
def test_the_upper_rank_is_the_binomial_quantile(n: int) -> None:
    assert upper_rank(n, 0.95, 0.95) == binom.ppf(0.95, n, 0.95) + 1


def test_too_few_timings_say_how_many_it_takes() -> None:
    found = quantile_bounds(np.arange(1.0, 21.0), 0.99, confidence=0.95)
    assert found.undecidable == "only 20 timings; an upper bound of this quantile needs 299"
    assert (found.value, found.upper) == (20.0, math.inf)


@pytest.mark.parametrize("times", [[], [1.0, math.nan], [math.inf] * 400])
def test_times_that_are_no_times_prove_nothing(times: list[float]) -> None:
    found = quantile_bounds(times, 0.5, confidence=0.95)
    assert found.undecidable
    assert (found.value, found.lower, found.upper) == (None, 0.0, math.inf)


def test_a_ratio_takes_the_worst_of_both_sides() -> None:
    times = np.random.default_rng(1).gamma(2.0, size=2000)
    found = quantile_ratio(2 * times, times, 0.95, confidence=0.95, seed=3)
    side = quantile_bounds(times, 0.95, confidence=0.975)
    assert found.value == pytest.approx(2.0)
    assert found.upper == pytest.approx(2 * side.upper / side.lower)
    assert found.lower == pytest.approx(2 * side.lower / side.upper)


def test_a_difference_takes_the_worst_of_both_sides() -> None:
    times = np.random.default_rng(1).gamma(2.0, size=2000)
    found = quantile_difference(times + 1, times, 0.95, confidence=0.95)
    assert found.value == pytest.approx(1.0)
    assert found.lower < 1.0 < found.upper


def test_ratios_and_differences_of_too_few_timings_are_undecidable() -> None:
    few = np.arange(1.0, 30.0)
    assert quantile_ratio(few, few, 0.99, confidence=0.95).upper == math.inf
    assert quantile_difference(few, few, 0.99, confidence=0.95).lower == -math.inf
    assert quantile_difference([], few, 0.99, confidence=0.95).value is None


def test_a_ratio_to_no_time_at_all_is_undecidable() -> None:
    found = quantile_ratio(np.ones(200), np.zeros(200), 0.5, confidence=0.95)
    assert found.undecidable == "a time of zero or less"
    assert found.value is None
