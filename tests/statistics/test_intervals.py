"""Bounds are sound for every metric, whichever way it is computed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.statistics import Difference, Direction, Sample, Task, difference, estimate
from bot.statistics.metrics import METRICS, Metric
from tests.statistics.samples import BUILDERS, binary

EACH = [(metric, task) for metric in METRICS.values() for task in sorted(metric.tasks)]
IDS = [f"{metric.name}-{task}" for metric, task in EACH]
each = pytest.mark.parametrize(("metric", "task"), EACH, ids=IDS)


def compared(metric: Metric, champion: Sample, challenger: Sample, seed: int = 1) -> Difference:
    return difference(metric, champion, challenger, confidence=0.95, seed=seed)


@each
@pytest.mark.parametrize("entities", [None, 100])
def test_a_value_lies_between_its_bounds(metric: Metric, task: Task, entities: int | None) -> None:
    champion, challenger = BUILDERS[task](400, 2, entities=entities)
    alone = estimate(metric, champion, confidence=0.95, seed=1, replicates=800)
    both = compared(metric, champion, challenger)
    for found in (alone, both):
        assert found.undecidable is None
        assert found.value is not None
        assert found.lower < found.value < found.upper
        assert found.standard_error
    assert alone.value == pytest.approx(metric.value(champion), abs=1e-12)
    assert both.champion == pytest.approx(metric.value(champion), abs=1e-12)
    assert both.challenger == pytest.approx(metric.value(challenger), abs=1e-12)
    assert metric.range[0] <= alone.lower
    assert alone.upper <= metric.range[1]


@each
def test_identical_models_differ_by_nothing(metric: Metric, task: Task) -> None:
    champion, _ = BUILDERS[task](300, 3)
    twin = champion.take(np.arange(300))
    found = compared(metric, champion, twin)
    assert found.identical
    assert (found.value, found.lower, found.upper, found.standard_error) == (0.0, 0.0, 0.0, 0.0)
    assert found.p_value_non_inferior(0.001) == 0.0
    assert found.p_value_non_inferior(0.0) > 0.05
    assert found.p_value_non_inferior(-0.001) == 1.0
    assert found.p_value_worse(0.0) > 0.05


@each
def test_swapping_the_models_swaps_the_bounds(metric: Metric, task: Task) -> None:
    champion, challenger = BUILDERS[task](300, 4)
    there, back = compared(metric, champion, challenger), compared(metric, challenger, champion)
    assert there.value == pytest.approx(-(back.value or 0.0), abs=1e-12)
    # Cells are drawn in order of code, so there the two runs differ by Monte Carlo noise.
    noise = 0.4 * (there.standard_error or 0.0)
    assert (there.lower, there.upper) == pytest.approx((-back.upper, -back.lower), abs=noise)


@each
def test_the_order_of_the_rows_does_not_matter(metric: Metric, task: Task) -> None:
    champion, challenger = BUILDERS[task](300, 5)
    order = np.random.default_rng(0).permutation(300)
    one = compared(metric, champion, challenger)
    two = compared(metric, champion.take(order), challenger.take(order))
    assert one.value == pytest.approx(two.value, abs=1e-12)
    # Rows take other weights, so resampled bounds differ by Monte Carlo noise.
    noise = 0.4 * (one.standard_error or 0.0)
    assert (one.lower, one.upper) == pytest.approx((two.lower, two.upper), abs=noise)


@each
def test_the_same_seed_gives_the_same_numbers(metric: Metric, task: Task) -> None:
    champion, challenger = BUILDERS[task](200, 6)
    assert compared(metric, champion, challenger) == compared(metric, champion, challenger)


@each
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10**6), margins=st.lists(
    st.floats(0, 0.5), min_size=2, max_size=6).map(sorted))
def test_a_stricter_margin_never_passes_what_a_laxer_one_refused(
    metric: Metric, task: Task, seed: int, margins: list[float]
) -> None:
    found = compared(metric, *BUILDERS[task](150, seed))
    proven = [found.p_value_non_inferior(margin) for margin in margins]
    assert proven == sorted(proven, reverse=True)
    harmed = [found.p_value_worse(margin) for margin in margins]
    assert harmed == sorted(harmed)


@each
def test_p_values_agree_with_the_bounds(metric: Metric, task: Task) -> None:
    found = compared(metric, *BUILDERS[task](400, 7))
    _, lower, upper = found.gain
    slack = 0.002 * (upper - lower)
    assert found.p_value_non_inferior(-(lower - slack)) < 0.05
    assert found.p_value_non_inferior(-(lower + slack)) > 0.05
    assert found.p_value_worse(-(upper + slack)) < 0.05
    assert found.p_value_worse(-(upper - slack)) > 0.05


@each
def test_repeated_rows_of_one_entity_add_no_certainty(metric: Metric, task: Task) -> None:
    champion, challenger = BUILDERS[task](300, 8)
    once = compared(metric, champion, challenger)
    rows = np.repeat(np.arange(300), 5)
    often = [replace(model.take(rows), entities=rows) for model in (champion, challenger)]
    again = compared(metric, *often)
    assert again.value == pytest.approx(once.value, abs=1e-12)
    assert again.upper - again.lower == pytest.approx(once.upper - once.lower, rel=0.12)


def test_entities_that_never_repeat_are_rows() -> None:
    champion, challenger = binary(300, 9)
    named = [replace(model, entities=np.arange(300)[::-1]) for model in (champion, challenger)]
    assert compared(METRICS["f1"], *named) == compared(METRICS["f1"], champion, challenger)


def test_gain_points_the_way_the_metric_gets_better() -> None:
    better = binary(2000, 15, noise=(2.0, 0.1))
    for name, sign in (("roc_auc", 1), ("log_loss", -1)):
        found = compared(METRICS[name], *better)
        gain, lower, upper = found.gain
        assert lower < (gain or 0.0) < upper
        assert gain == sign * (found.value or 0.0) > 0.0
        assert found.p_value_non_inferior(0.0) < 0.01
        assert found.p_value_worse(0.0) > 0.99
    worse = compared(METRICS["log_loss"], *better[::-1])
    assert worse.direction is Direction.LOWER
    assert worse.p_value_worse(0.0) < 0.01


def test_the_gain_of_an_undefined_difference_is_undefined() -> None:
    low = compared(METRICS["log_loss"], binary(0)[0], binary(0)[1])
    assert low.gain == (None, -math.inf, math.inf)
