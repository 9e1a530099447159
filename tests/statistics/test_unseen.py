"""What was seen a few times or never widens a bound as far as chance allows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.statistics import Sample, Task, difference, estimate
from bot.statistics.metrics import METRICS
from bot.statistics.slices import slice_differences
from tests.statistics.samples import answers, multiclass, scored

MACRO = ["f1_macro", "f1_weighted", "precision_macro", "recall_macro", "balanced_accuracy"]


def rare(rows: int, positives: int) -> Sample:
    target = [1] * positives + [0] * (rows - positives)
    return answers(target, target)


def one_better(rows: int) -> tuple[Sample, Sample]:
    """Two models that answer all rows right, but the champion misses one positive."""
    target = [0, 1] * (rows // 2)
    right = [0.1, 0.9] * (rows // 2)
    return scored(target, [0.1, 0.1, *right[2:]]), scored(target, right)


@pytest.mark.parametrize("rows", [100, 500, 2000, 10_000])
@pytest.mark.parametrize("name", ["f1", "precision", "balanced_accuracy", "f1_macro"])
def test_five_positives_all_found_leave_wide_doubt(name: str, rows: int) -> None:
    found = estimate(METRICS[name], rare(rows, 5), confidence=0.95, seed=1)
    assert (found.value, found.upper) == (1.0, 1.0)
    recall = estimate(METRICS["recall"], rare(rows, 5), confidence=0.95, seed=1).lower
    share = recall if name in {"f1", "precision"} else (1 + recall) / 2
    assert found.lower < share + 0.07


def test_an_error_in_another_class_does_not_make_few_positives_sure() -> None:
    one = rare(2000, 5)
    predicted = one.predicted.copy()
    predicted[-8:] = 1
    found = estimate(METRICS["balanced_accuracy"], replace(one, predicted=predicted),
                     confidence=0.95, seed=1)
    assert found.lower == pytest.approx((2.0043 / 5 + 1987 / 1995) / 2, abs=1e-3)


def test_positives_all_missed_do_not_make_a_model_surely_useless() -> None:
    one = rare(200, 5)
    found = estimate(METRICS["f1"], replace(one, predicted=np.zeros(200, np.int64)),
                     confidence=0.95, seed=1)
    assert found.undecidable is None
    assert (found.value, found.lower) == (0.0, 0.0)
    assert found.upper > 0.4


@pytest.mark.parametrize("name", ["f1", "balanced_accuracy", "matthews_corrcoef"])
@pytest.mark.parametrize("rows", [30, 100, 300])
def test_one_better_row_does_not_exclude_that_others_are_worse(name: str, rows: int) -> None:
    found = difference(METRICS[name], *one_better(rows), confidence=0.95, seed=1)
    tango = difference(METRICS["accuracy"], *one_better(rows), confidence=0.95, seed=1)
    assert found.undecidable is None
    assert found.lower < tango.lower < 0.0 < found.upper
    assert found.p_value_non_inferior(-found.lower) == pytest.approx(0.05, abs=1e-3)


@pytest.mark.parametrize("name", ["log_loss", "brier_score"])
def test_losses_of_one_row_are_too_few_to_compare(name: str) -> None:
    found = difference(METRICS[name], *one_better(30), confidence=0.95, seed=1)
    assert found.undecidable == "the models differ on only 1 rows; at least 5 are needed"
    grouped = [replace(model, entities=np.arange(300) // 2) for model in one_better(300)]
    again = difference(METRICS[name], *grouped, confidence=0.95, seed=1)
    assert again.undecidable == "the models differ on only 1 entities; at least 5 are needed"


@pytest.mark.parametrize("entities", [None, 2])
@pytest.mark.parametrize("name", ["f1", "log_loss", "balanced_accuracy"])
def test_a_slice_with_one_better_row_is_not_safe(name: str, entities: int | None) -> None:
    models = one_better(200)
    if entities:
        models = tuple(replace(m, entities=np.arange(200) // entities) for m in models)  # type: ignore[assignment] # two stay two
    codes = np.r_[np.zeros(100, np.int64), np.ones(100, np.int64)]
    for one in slice_differences(METRICS[name], *models, codes, margin=0.001, min_rows=10,
                                 correction="holm", confidence=0.95, seed=1)[:1]:
        assert not one.safe
        assert one.difference.undecidable or one.difference.lower < -0.001


def test_a_row_counts_once_per_entity() -> None:
    """Eight misses of one entity are one event: two more entities are not excluded."""
    target = np.tile([0, 1], 400)
    predicted = target.copy()
    predicted[1:16:2] = 0
    grouped = Sample(task=Task.BINARY, target=target, predicted=predicted,
                     entities=np.arange(800) // 16)
    alone = replace(grouped, entities=None)
    found, careless = (estimate(METRICS["recall_macro"], one, confidence=0.95, seed=1)
                       for one in (grouped, alone))
    assert "rare answers bounded" in found.method
    assert found.lower < careless.lower - 0.02


@pytest.mark.parametrize("name", MACRO)
def test_a_class_with_few_rows_is_named(name: str) -> None:
    champion, challenger = multiclass(300, 1)
    kept = np.flatnonzero((champion.target != 2) | (np.cumsum(champion.target == 2) <= 4))
    few, other = champion.take(kept), challenger.take(kept)
    reason = "only 4 rows of class 2; at least 5 are needed"
    assert estimate(METRICS[name], few, confidence=0.95, seed=1).undecidable == reason
    assert difference(METRICS[name], few, other, confidence=0.95, seed=1).undecidable == reason
    codes = np.zeros(len(kept), np.int64)
    found = slice_differences(METRICS[name], few, other, codes, margin=0.1, min_rows=10,
                              correction="holm", confidence=0.95, seed=1)
    assert found[0].difference.undecidable == reason


def test_few_rows_answered_positive_say_little_of_precision() -> None:
    target = [1] * 50 + [0] * 50
    shy, bold = answers(target, [1] * 4 + [0] * 96), answers(target, [1] * 60 + [0] * 40)
    reason = "only 4 rows answered positive; at least 5 are needed"
    assert estimate(METRICS["precision"], shy, confidence=0.95, seed=1).undecidable == reason
    assert difference(METRICS["precision"], bold, shy, confidence=0.95, seed=1).undecidable == (
        reason)
    found = slice_differences(METRICS["precision"], bold, shy, np.zeros(100, np.int64), margin=0.1,
                              min_rows=10, correction="holm", confidence=0.95, seed=1)
    assert found[0].difference.undecidable == reason
