"""Simulated error rates: bounds hold as often as they promise, and equal models are not preferred.

A rate that is truly r, seen in R runs, strays by sqrt(r (1 - r) / R). Every tolerance below is four
of those, so that one honest test in about 30,000 fails; the extra slack at 50 rows is written out.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from bot.statistics import Sample, difference, estimate
from bot.statistics.metrics import METRICS
from bot.statistics.quantiles import quantile_bounds, quantile_ratio
from bot.statistics.slices import slice_differences
from tests.statistics.samples import binary, regression

pytestmark = pytest.mark.slow

LEVEL = 0.95
RUNS = 600
# Known shortfall of any first-order interval at 50 rows with about 12 positives.
SLACK = {50: 0.02, 500: 0.005, 5000: 0.0}


def strays(rate: float, runs: int) -> float:
    return 4 * math.sqrt(rate * (1 - rate) / runs)


def pair(name: str, rows: int, seed: int, entities: int | None = None) -> tuple[Sample, Sample]:
    build = regression if name == "root_mean_squared_error" else binary
    return build(rows, seed, entities=entities)


@cache
def truth(name: str) -> float:
    return METRICS[name].value(pair(name, 1_000_000, 10**6)[0])


@pytest.mark.parametrize("rows", [50, 500, 5000])
@pytest.mark.parametrize("name", [
    "accuracy", "f1", "roc_auc", "log_loss", "root_mean_squared_error"])
def test_bounds_hold_as_often_as_they_promise(name: str, rows: int) -> None:
    """Of one model, and of two that are equally good (their true difference is 0)."""
    metric, held = METRICS[name], np.zeros(4)
    for seed in range(RUNS):
        champion, challenger = pair(name, rows, seed)
        alone = estimate(metric, champion, confidence=LEVEL, seed=seed, replicates=1000)
        both = difference(metric, champion, challenger, confidence=LEVEL, seed=seed,
                          replicates=1000)
        held += [alone.lower <= truth(name), truth(name) <= alone.upper,
                 both.lower <= 0.0, both.upper >= 0.0]
    assert (held / RUNS >= LEVEL - strays(LEVEL, RUNS) - SLACK[rows]).all(), held / RUNS


@pytest.mark.parametrize("name", ["accuracy", "f1", "roc_auc", "log_loss"])
def test_rows_of_the_same_users_do_not_make_equal_models_superior(name: str) -> None:
    """100 users with 10 rows each; both models err per user, so rows are far from independent."""
    metric, preferred, careless = METRICS[name], 0, 0
    for seed in range(RUNS):
        draw = np.random.default_rng(seed)
        users = np.repeat(np.arange(100), 10)
        target = (draw.normal(size=1000) > 0.3).astype(np.int64)
        models = []
        for _ in range(2):
            score = 1 / (1 + np.exp(-(2 * target - 1) - 2 * draw.normal(size=100)[users]
                                    - draw.normal(size=1000)))
            models.append(Sample(
                task=binary(1)[0].task, target=target, predicted=(score > 0.5).astype(np.int64),
                scores=np.stack([1 - score, score], axis=1), entities=users))
        found = difference(metric, *models, confidence=LEVEL, seed=seed, replicates=1000)
        preferred += found.p_value_non_inferior(0.0) <= 1 - LEVEL
        blind = [Sample(task=m.task, target=m.target, predicted=m.predicted, scores=m.scores)
                 for m in models]
        careless += difference(metric, *blind, confidence=LEVEL, seed=seed, replicates=1000,
                               ).p_value_non_inferior(0.0) <= 1 - LEVEL
    assert preferred / RUNS <= 1 - LEVEL + strays(0.05, RUNS)
    # Not a law but the reason for the entities: without them the error is well above its level.
    assert careless > preferred


@pytest.mark.parametrize("name", ["recall", "f1", "log_loss"])
def test_equal_models_rarely_have_a_slice_called_worse(name: str) -> None:
    """Ten slices of 200 rows with margin 0, the hardest truth: at most one family in twenty."""
    blamed = 0
    for seed in range(RUNS):
        found = slice_differences(
            METRICS[name], *binary(2000, seed), np.arange(2000) % 10, margin=0.0, min_rows=50,
            correction="holm", confidence=LEVEL, seed=seed)
        blamed += any(one.worse for one in found)
    assert blamed / RUNS <= 0.05 + strays(0.05, RUNS)


def test_a_loss_just_at_the_margin_is_rarely_called_safe() -> None:
    """The least favourable truth of non-inferiority: the gain is minus the margin."""
    metric, passed = METRICS["log_loss"], 0
    margin = METRICS["log_loss"].value(
        binary(1_000_000, 1, noise=(0.3, 0.6))[1]) - metric.value(
        binary(1_000_000, 1, noise=(0.3, 0.6))[0])
    for seed in range(1000):
        found = difference(metric, *binary(3000, seed, noise=(0.3, 0.6)), confidence=LEVEL, seed=0)
        passed += found.p_value_non_inferior(margin) <= 0.05
    assert passed / 1000 <= 0.05 + strays(0.05, 1000)


def test_the_promised_power_is_there() -> None:
    """`required_rows` speaks of 80 %: draw samples of that size and count the decisions."""
    from bot.statistics.power import required_rows

    metric = METRICS["log_loss"]
    # A sample so large that its estimate is the truth, asked about a margin of 0.02.
    pilot = difference(metric, *binary(1_000_000, 2), confidence=LEVEL, seed=0)
    rows = required_rows(pilot, 0.004)
    assert rows is not None
    assert rows > 2000
    decided = [difference(metric, *binary(rows, seed), confidence=LEVEL, seed=0)
               .p_value_non_inferior(0.004) <= 0.05 for seed in range(200)]
    assert np.mean(decided) == pytest.approx(0.8, abs=strays(0.8, 200))


@pytest.mark.parametrize("rows", [300, 1000])
def test_the_bound_of_a_far_quantile_holds(rows: int) -> None:
    draw = np.random.default_rng(3)
    true = math.exp(2.3263478740408408)  # 99 % of a log-normal
    held = [quantile_bounds(draw.lognormal(size=rows), 0.99, confidence=LEVEL).upper >= true
            for _ in range(1000)]
    assert np.mean(held) >= LEVEL - strays(LEVEL, 1000)


def test_a_model_is_rarely_slower_than_itself() -> None:
    draw = np.random.default_rng(4)
    slower = [quantile_ratio(draw.lognormal(size=400), draw.lognormal(size=400), 0.95,
                             confidence=LEVEL).lower > 1.0 for _ in range(1000)]
    assert np.mean(slower) <= 0.05
