"""Intervals and tests of proportions give the published numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from bot.statistics import proportions as p

TWO_SIDED_95 = 0.975


# Source: Newcombe (1998a), Statistics in Medicine 17, table I, method 3.
@pytest.mark.parametrize(("hits", "rows", "low", "high"), [
    (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
    (1, 29, 0.0061, 0.1718)])
def test_wilson_is_newcombes_method_3(hits: int, rows: int, low: float, high: float) -> None:
    assert p.wilson(hits, rows, TWO_SIDED_95) == pytest.approx((low, high), abs=5e-5)


@given(rows=st.integers(1, 400), share=st.floats(0, 1), level=st.floats(0.6, 0.999))
def test_clopper_pearson_is_scipys_exact_interval(rows: int, share: float, level: float) -> None:
    hits = round(rows * share)
    wanted = binomtest(hits, rows).proportion_ci(2 * level - 1, method="exact")
    assert p.clopper_pearson(hits, rows, level) == pytest.approx(
        (wanted.low, wanted.high), abs=1e-9)


@given(rows=st.integers(1, 400), share=st.floats(0, 1), level=st.floats(0.6, 0.999))
def test_wilson_is_scipys(rows: int, share: float, level: float) -> None:
    hits = round(rows * share)
    wanted = binomtest(hits, rows).proportion_ci(2 * level - 1, method="wilson")
    assert p.wilson(hits, rows, level) == pytest.approx((wanted.low, wanted.high), abs=1e-12)


@given(rows=st.integers(2, 400), share=st.floats(0.01, 0.99), level=st.floats(0.6, 0.999))
def test_wilsons_p_value_at_its_own_bound_is_its_level(
    rows: int, share: float, level: float
) -> None:
    hits = round(rows * share)
    low, high = p.wilson(hits, rows, level)
    if low > 0:
        assert p.wilson_below(low, hits, rows) == pytest.approx(1 - level, abs=1e-9)
    if high < 1:
        assert p.wilson_below(high, hits, rows) == pytest.approx(level, abs=1e-9)


def test_a_share_lies_between_0_and_1_for_certain() -> None:
    assert p.wilson_below(0.0, 3, 9) == 0.0
    assert p.wilson_below(1.0, 3, 9) == 1.0


# Source: Newcombe (1998b), Statistics in Medicine 17, table II, method 10.
@pytest.mark.parametrize(("hits", "rows", "low", "high"), [
    ((56, 48), (70, 80), 0.0524, 0.3339), ((9, 3), (10, 10), 0.1705, 0.8090)])
def test_newcombes_interval_of_independent_shares(
    hits: tuple[int, int], rows: tuple[int, int], low: float, high: float
) -> None:
    assert p.newcombe(hits, rows, TWO_SIDED_95) == pytest.approx((low, high), abs=5e-5)


# Source: Fagerland, Lydersen & Laake (2013, 2014), airway data of Bentur et al. (2009):
# 1 child positive at both, 1 only before, 7 only after, 12 at neither.
def test_bentur_mcnemar() -> None:
    assert p.mcnemar_exact(1, 7) == pytest.approx(0.0703, abs=5e-5)
    assert p.mcnemar_mid_p(1, 7) == pytest.approx(0.0391, abs=5e-5)


def test_bentur_tango() -> None:
    found = [p.tango(1, 7, 21, level) for level in (0.025, 0.975)]
    assert found == pytest.approx((-0.517, -0.026), abs=5e-4)


def test_bentur_newcombe_paired() -> None:
    assert p.newcombe_paired(1, 1, 7, 12, TWO_SIDED_95) == pytest.approx(
        (-0.507, -0.026), abs=5e-4)


# Source: Agresti (2002), section 10.1: approval 794, 150, 86, 570; his Wald interval is
# (.021, .059), and at 1,600 rows all methods agree to three digits.
def test_agresti_approval_rates() -> None:
    first, second = 150, 86
    low, high = p.newcombe_paired(794, first, second, 570, TWO_SIDED_95)
    assert (low, high) == pytest.approx((0.021, 0.059), abs=2e-3)
    assert p.tango(first, second, 1600, 0.025) == pytest.approx(low, abs=5e-4)
    assert p.tango(first, second, 1600, 0.975) == pytest.approx(high, abs=5e-4)


def test_a_paired_interval_without_variation_is_still_an_interval() -> None:
    low, high = p.newcombe_paired(30, 0, 0, 0, TWO_SIDED_95)
    assert -0.2 < low < 0 < high < 0.2
    assert p.tango(0, 0, 30, 0.975) == pytest.approx(1.96**2 / (30 + 1.96**2), abs=1e-4)


@given(
    both=st.integers(0, 50), first=st.integers(0, 50), second=st.integers(0, 50),
    neither=st.integers(1, 50))
def test_swapping_the_two_swaps_and_negates_the_bounds(
    both: int, first: int, second: int, neither: int
) -> None:
    low, high = p.newcombe_paired(both, first, second, neither, 0.95)
    back = p.newcombe_paired(both, second, first, neither, 0.95)
    assert (-high, -low) == pytest.approx(back, abs=1e-12)
    rows = both + first + second + neither
    assert p.tango(first, second, rows, 0.05) == pytest.approx(
        -p.tango(second, first, rows, 0.95), abs=1e-12)


@given(gained=st.integers(0, 60), lost=st.integers(0, 60))
def test_mcnemar_is_the_binomial_test(gained: int, lost: int) -> None:
    exact = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert p.mcnemar_exact(gained, lost) == pytest.approx(exact, abs=1e-9)
    assert p.mcnemar_mid_p(gained, lost) <= exact + 1e-9


def test_mcnemar_of_a_tie_proves_nothing() -> None:
    assert p.mcnemar_mid_p(4, 4) == pytest.approx(1.0)


def test_the_score_statistic_grows_without_bound_where_nothing_can_vary() -> None:
    assert p.tango_z(0, 0, 10, 0.0) == 0.0
    assert p.tango_z(5, 0, 5, 1.0) == 0.0
    assert p.tango_z(3, 0, 5, 1.0) == -np.inf
