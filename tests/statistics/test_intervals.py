"""Bounds are sound for every metric, and poor input gets a reason instead of a number."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.statistics import Difference, Direction, Sample, Task, difference, estimate
from bot.statistics.metrics import METRICS, Metric
from tests.statistics.samples import BUILDERS, answers, binary, multiclass, regression, scored

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


def bad_samples() -> dict[str, tuple[Sample, str]]:
    champion, _ = binary(60, 1)
    none = np.array([], np.int64)
    assert champion.scores is not None
    holes = champion.scores.copy()
    holes[3] = math.nan
    few = np.array([0] * 56 + [1] * 4)
    return {
        "no rows": (champion.take(none), "no rows"),
        "not finite": (replace(champion, scores=holes), "not finite"),
        "no scores": (replace(champion, scores=None), "gives none"),
        "one class": (replace(champion, target=np.zeros(60, np.int64)), "only 0 positive rows"),
        "few positives": (replace(champion, target=few), "only 4 positive rows"),
        "few negatives": (replace(champion, target=1 - few), "only 4 negative rows"),
        "few entities": (replace(champion, entities=np.arange(60) % 19), "only 19 entities"),
        "wrong task": (regression(60)[0], "not defined for regression"),
    }


@pytest.mark.parametrize(("name", "case"), list(product(
    ["roc_auc", "average_precision"], bad_samples())))
def test_poor_input_is_undecidable_with_a_reason(name: str, case: str) -> None:
    sample, reason = bad_samples()[case]
    alone = estimate(METRICS[name], sample, confidence=0.95, seed=0)
    both = compared(METRICS[name], sample, sample)
    assert alone.undecidable is not None
    assert reason in alone.undecidable
    assert (alone.lower, alone.upper, alone.standard_error) == (0.0, 1.0, None)
    assert (both.undecidable, both.lower, both.upper) == (alone.undecidable, -1.0, 1.0)
    assert both.p_value_non_inferior(5.0) == both.p_value_worse(0.0) == 1.0
    assert not both.identical


@each
@pytest.mark.parametrize("rows", [0, 1, 2, 3])
def test_a_handful_of_rows_never_raises_and_never_gives_nan(
    metric: Metric, task: Task, rows: int
) -> None:
    champion, challenger = (model.take(np.arange(rows)) for model in BUILDERS[task](20, 11))
    for found in (estimate(metric, champion, confidence=0.95, seed=0, replicates=50),
                  compared(metric, champion, challenger)):
        assert not math.isnan(found.lower)
        assert not math.isnan(found.upper)
        assert found.undecidable or (found.value is not None and not math.isnan(found.value))


@each
def test_constant_answers_never_raise_and_never_give_nan(metric: Metric, task: Task) -> None:
    champion, challenger = BUILDERS[task](100, 12)
    shape = None if champion.scores is None else np.full_like(
        champion.scores, 1 / champion.scores.shape[1])
    flat = replace(champion, predicted=np.zeros_like(champion.predicted), scores=shape)
    for found in (estimate(metric, flat, confidence=0.95, seed=0),
                  compared(metric, flat, challenger), compared(metric, flat, flat)):
        assert not math.isnan(found.lower + found.upper) or found.lower == -math.inf
        assert found.lower <= found.upper


def test_models_judged_on_different_rows_cannot_be_compared() -> None:
    champion, challenger = binary(60, 1)[0], binary(60, 2)[1]
    for other in (challenger, challenger.take(np.arange(30))):
        assert compared(METRICS["f1"], champion, other).undecidable == (
            "the two models were judged on different rows")


def test_a_model_without_scores_is_compared_by_its_predictions() -> None:
    champion = answers([0, 1] * 30, [0, 1] * 30)
    challenger = binary(60, 1)[1]
    assert not compared(METRICS["accuracy"], champion, champion.take(np.arange(60)[::-1])).value
    mixed = replace(challenger, target=champion.target, predicted=champion.predicted)
    found = compared(METRICS["accuracy"], champion, mixed)
    assert found.value == 0.0
    assert found.upper > 0.0


def test_agreement_on_every_row_still_leaves_room_for_flips() -> None:
    """Rule of three: no flip in n rows excludes a rate above -ln(alpha) / n."""
    champion, challenger = binary(400, 13)
    same = replace(challenger, predicted=champion.predicted)
    found = compared(METRICS["balanced_accuracy"], champion, same)
    positives = int(champion.target.sum())
    assert found.value == 0.0
    assert found.upper == pytest.approx(-math.log(0.05) / positives / 2)
    assert found.lower == -found.upper
    assert found.p_value_non_inferior(found.upper) == pytest.approx(0.05)
    assert found.p_value_non_inferior(found.upper / 2) == 0.5
    assert found.p_value_worse(-2 * found.upper) == pytest.approx(0.05)


def test_agreement_over_many_classes_is_bounded_too() -> None:
    champion, challenger = multiclass(800, 14, classes=40)
    same = replace(challenger, predicted=champion.predicted)
    assert 0 < compared(METRICS["f1_macro"], champion, same).upper < 0.05


def test_errors_that_are_always_equal_have_no_spread() -> None:
    target = np.arange(50.0)
    one, two = (Sample(task=Task.REGRESSION, target=target, predicted=target + by)
                for by in (1.0, 3.0))
    for name in ("mean_absolute_error", "median_absolute_error"):
        found = compared(METRICS[name], one, two)
        assert found.undecidable == "no spread between the rows"
        assert (found.value, found.upper) == (2.0, math.inf)


def test_a_share_that_never_varies_between_entities_has_no_spread() -> None:
    right = replace(answers([0, 1] * 40, [0, 1] * 40), entities=np.repeat(np.arange(40), 2))
    assert estimate(METRICS["accuracy"], right, confidence=0.95, seed=0).undecidable == (
        "no spread between the entities")


def test_confusion_metrics_that_never_vary_have_no_spread() -> None:
    right = answers([0, 1] * 40, [0, 1] * 40)
    assert estimate(METRICS["f1"], right, confidence=0.95, seed=0).undecidable == (
        "no spread between the rows")


def test_a_target_that_does_not_vary_leaves_r2_undecidable() -> None:
    flat = Sample(task=Task.REGRESSION, target=np.ones(30), predicted=np.arange(30.0))
    assert estimate(METRICS["r2"], flat, confidence=0.95, seed=0).undecidable == (
        "the metric is not defined on these rows")


def test_a_class_without_rows_leaves_its_share_undecidable() -> None:
    share = replace(METRICS["recall"], positives=0)
    assert estimate(share, answers([0] * 9, [0] * 9), confidence=0.95, seed=0).undecidable == (
        "no rows of the class")


def test_few_positives_may_be_too_few_to_resample() -> None:
    precise = replace(METRICS["average_precision"], positives=0)
    one = scored([1] + [0] * 30, [i / 31 for i in range(31)])
    assert estimate(precise, one, confidence=0.95, seed=0).undecidable == (
        "too few rows to resample")


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
