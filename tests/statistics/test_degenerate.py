"""Poor input gets a reason instead of a number, and no error at all still leaves room for one."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from bot.statistics import Difference, Sample, Task, difference, estimate
from bot.statistics.metrics import METRICS, Metric
from tests.statistics.samples import BUILDERS, answers, binary, multiclass, regression, scored

EACH = [(metric, task) for metric in METRICS.values() for task in sorted(metric.tasks)]
each = pytest.mark.parametrize(
    ("metric", "task"), EACH, ids=[f"{metric.name}-{task}" for metric, task in EACH])


def compared(metric: Metric, champion: Sample, challenger: Sample) -> Difference:
    return difference(metric, champion, challenger, confidence=0.95, seed=1)


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
    assert found.p_value_non_inferior(found.upper) == pytest.approx(0.05, abs=1e-4)
    # Half of the three flips: exp(-1.5).
    assert found.p_value_non_inferior(found.upper / 2) == pytest.approx(math.sqrt(0.05), abs=1e-4)
    assert found.p_value_non_inferior(0.0) == 0.5
    assert found.p_value_worse(-2 * found.upper) == pytest.approx(0.05**2, abs=1e-4)


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


def test_a_share_without_an_error_counts_each_entity_once() -> None:
    right = replace(answers([0, 1] * 40, [0, 1] * 40), entities=np.repeat(np.arange(40), 2))
    found = estimate(METRICS["accuracy"], right, confidence=0.95, seed=0)
    assert found.lower == pytest.approx(40 / (40 + 1.6448536**2), abs=1e-6)  # Wilson at 40 of 40
    other = replace(right, scores=np.full((80, 2), 0.5))
    assert 0 < compared(METRICS["accuracy"], right, other).upper < 0.1


def test_a_share_that_never_varies_between_entities_has_no_spread() -> None:
    half = replace(answers([0, 1] * 40, [0, 0] * 40), entities=np.repeat(np.arange(40), 2))
    whole = replace(half, predicted=half.target)
    for found in (estimate(METRICS["accuracy"], half, confidence=0.95, seed=0),
                  compared(METRICS["accuracy"], half, whole)):
        assert found.undecidable == "no spread between the entities"


def test_a_model_without_an_error_is_bounded_by_the_rule_of_three() -> None:
    right = answers([0, 1] * 200, [0, 1] * 200)
    found = estimate(METRICS["balanced_accuracy"], right, confidence=0.95, seed=0)
    assert (found.value, found.upper) == (1.0, 1.0)
    assert found.lower == pytest.approx(1 + math.log(0.05) / 200 / 2)


def test_answers_that_never_say_anything_have_no_spread() -> None:
    always, never = (answers([0, 1] * 40, [one] * 80) for one in (1, 0))
    assert compared(METRICS["cohen_kappa"], always, never).undecidable == (
        "no spread between the rows")


def test_arrays_that_do_not_fit_are_undecidable() -> None:
    champion, _ = binary(60, 1)
    short = replace(champion, predicted=champion.predicted[:50])
    strange = replace(champion, predicted=champion.predicted - 1)
    beyond = replace(champion, target=champion.target + 1)
    for sample, reason in ((short, "another number of rows"), (strange, "outside the 2 known"),
                           (beyond, "outside the 2 known")):
        found = estimate(METRICS["accuracy"], sample, confidence=0.95, seed=0)
        assert reason in (found.undecidable or "")


def test_errors_too_large_to_square_are_undecidable() -> None:
    huge = Sample(task=Task.REGRESSION, target=np.array([1e200, 2.0, 3.0]),
                  predicted=np.array([-1e200, 2.0, 4.0]))
    assert estimate(METRICS["mean_squared_error"], huge, confidence=0.95, seed=0).undecidable == (
        "the metric is not defined on these rows")


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
