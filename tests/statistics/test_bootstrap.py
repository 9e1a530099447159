"""Replicates are Poisson, reproducible, and their bounds are the books'."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bot.statistics import Sample, Task, bootstrap, difference, estimate
from bot.statistics.blocks import block_of, mixed
from bot.statistics.metrics import METRICS
from tests.statistics.samples import binary, regression

# Source: Efron & Tibshirani (1993), table 14.1, spatial test A of 26 children.
SPATIAL = np.array([48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6, 0, 33, 28, 34, 4, 32, 24,
                    47, 41, 24, 26, 30, 41], np.float64)


def test_the_table_of_counts_is_poisson() -> None:
    counts = np.bincount(bootstrap.poisson_table()) / 65536
    assert counts == pytest.approx(stats.poisson(1).pmf(np.arange(len(counts))), abs=1 / 65536)


def test_weights_are_the_same_for_ever() -> None:
    weights = bootstrap.poisson_weights(7, 2, 12)
    assert weights.tolist() == [[0, 3, 0, 1, 1, 1, 2, 2, 3, 1, 0, 2],
                                [0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2]]


@pytest.mark.parametrize("mean", [1, 7, 300, 1_000_000])
def test_counts_of_cells_are_poisson(mean: int) -> None:
    drawn = bootstrap.poisson_counts(3, 20_000, np.array([mean, mean]))
    for cell in drawn.T:
        # 20,000 draws: mean within 5 and variance within 6 of their standard errors.
        assert cell.mean() == pytest.approx(mean, abs=5 * np.sqrt(mean / 20_000))
        assert cell.var() == pytest.approx(mean, rel=6 * np.sqrt(3 / 20_000))
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 5 / np.sqrt(20_000)


def test_bca_is_efron_and_tibshiranis_on_the_spatial_data() -> None:
    """Their table 14.2: acceleration .061, 90 % BCa interval (115.8, 259.6) for the variance."""
    draw = np.random.default_rng(0)
    rows = draw.integers(0, 26, (40_000, 26))
    replicates = SPATIAL[rows].var(axis=1)
    left_out = np.array([np.delete(SPATIAL, i).var() for i in range(26)])
    curve = bootstrap.bca(replicates, float(SPATIAL.var()), left_out, None, 10**6)
    assert curve.acceleration == pytest.approx(0.061, abs=5e-4)
    assert curve.quantile(0.05) == pytest.approx(115.8, abs=2.5)
    assert curve.quantile(0.95) == pytest.approx(259.6, abs=3.5)


def test_bca_is_scipys() -> None:
    wanted = stats.bootstrap((SPATIAL,), np.var, confidence_level=0.9, n_resamples=20_000,
                             method="BCa", rng=np.random.default_rng(1))
    left_out = np.array([np.delete(SPATIAL, i).var() for i in range(26)])
    curve = bootstrap.bca(
        wanted.bootstrap_distribution, float(SPATIAL.var()), left_out, None, 10**6)
    assert (curve.quantile(0.05), curve.quantile(0.95)) == pytest.approx(
        tuple(wanted.confidence_interval), rel=2e-3)


def test_alike_units_count_as_often_as_they_occur() -> None:
    draw = np.random.default_rng(2)
    values, times = np.array([1.0, 2.0, 9.0]), np.array([5, 3, 2])
    replicates = draw.normal(size=1000)
    some = bootstrap.bca(replicates, 0.0, values, times, 10)
    each = bootstrap.bca(replicates, 0.0, np.repeat(values, times), None, 10)
    assert some.acceleration == pytest.approx(each.acceleration)


def test_units_that_all_pull_alike_need_no_acceleration() -> None:
    curve = bootstrap.bca(np.arange(100.0), 50.0, np.full(5, 3.0), None, 5)
    assert curve.acceleration == 0.0


@pytest.mark.parametrize("name", ["root_mean_squared_error", "mean_absolute_error", "r2"])
def test_small_regression_intervals_are_scipys_bca(name: str) -> None:
    sample = regression(400, 5)[0]
    metric = METRICS[name]

    def statistic(rows: np.ndarray) -> float:
        return metric.value(sample.take(rows))

    wanted = stats.bootstrap((np.arange(400),), statistic, confidence_level=0.9, vectorized=False,
                             n_resamples=2000, method="BCa", rng=np.random.default_rng(3))
    found = estimate(metric, sample, confidence=0.95, seed=1)
    width = wanted.confidence_interval.high - wanted.confidence_interval.low
    # Each end of either carries about 5 % of a standard error of Monte Carlo noise, width 3.3 SE.
    assert (found.lower, found.upper) == pytest.approx(
        tuple(wanted.confidence_interval), abs=0.08 * width)


@pytest.mark.parametrize("name", ["f1", "average_precision", "matthews_corrcoef"])
@pytest.mark.parametrize("rows", [600, 6000])
def test_paired_intervals_are_those_of_resampled_rows(name: str, rows: int) -> None:
    champion, challenger = binary(rows, 6)
    metric = METRICS[name]
    draw = np.random.default_rng(4)
    picks = draw.integers(0, rows, (400, rows))
    drawn = [metric.value(challenger.take(pick)) - metric.value(champion.take(pick))
             for pick in picks]
    found = difference(metric, champion, challenger, confidence=0.95, seed=1)
    # 400 replicates know a standard error to 1/sqrt(800) = 3.5 %, 1,024 blocks theirs to 2.2 %.
    assert found.standard_error == pytest.approx(float(np.std(drawn)), rel=0.13)
    assert found.upper - found.lower == pytest.approx(
        np.ptp(np.quantile(drawn, [0.05, 0.95])), rel=0.2)


def test_the_median_error_agrees_with_resampled_rows() -> None:
    for rows in (900, 9000):
        champion, challenger = regression(rows, 7)
        errors = [np.abs(m.target - m.predicted) for m in (champion, challenger)]
        picks = np.random.default_rng(5).integers(0, rows, (400, rows))
        drawn = np.median(errors[1][picks], axis=1) - np.median(errors[0][picks], axis=1)
        found = difference(METRICS["median_absolute_error"], champion, challenger,
                           confidence=0.95, seed=1)
        assert found.standard_error == pytest.approx(float(np.std(drawn)), rel=0.15)


def test_blocks_depend_on_the_key_alone() -> None:
    keys = np.arange(10_000)
    shuffled = np.random.default_rng(6).permutation(keys)
    assert np.array_equal(block_of(keys)[shuffled], block_of(shuffled))
    assert len(np.unique(mixed(keys))) == len(keys)
    # Source: Steele et al. (2014), SplitMix64 from state 0.
    assert mixed(np.array([0]))[0] == 0xE220A8397B1DCDAF


def test_blocks_are_about_equally_full() -> None:
    filled = np.bincount(block_of(np.arange(1_000_000)), minlength=1024)
    assert stats.chisquare(filled).pvalue > 1e-4


def test_replicates_without_a_value_make_a_bound_undecidable() -> None:
    assert bootstrap.enough(np.array([1.0] * 96 + [np.nan] * 4))
    assert not bootstrap.enough(np.array([1.0] * 94 + [np.nan] * 6))


def test_two_rows_of_one_target_are_too_few_to_resample_r2() -> None:
    sample = Sample(task=Task.REGRESSION, target=np.array([1.0, 1.0, 2.0]),
                    predicted=np.array([1.1, 1.3, 1.8]))
    found = estimate(METRICS["r2"], sample, confidence=0.95, seed=0)
    assert found.undecidable == "too few rows to resample"
