"""Metric values are scikit-learn's, weights count rows, and names are forgiving."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.statistics import Direction, Sample, Task
from bot.statistics.metrics import ALIASES, METRICS, UnknownMetric, metric_named
from tests.statistics.samples import BUILDERS, answers, scored

CODES = {
    "accuracy": sk.accuracy_score,
    "recall": lambda y, p: sk.recall_score(y, p, zero_division=0),
    "specificity": lambda y, p: sk.recall_score(y, p, pos_label=0, zero_division=0),
    "precision": lambda y, p: sk.precision_score(y, p, zero_division=0),
    "f1": lambda y, p: sk.f1_score(y, p, zero_division=0),
    "balanced_accuracy": sk.balanced_accuracy_score,
    "matthews_corrcoef": sk.matthews_corrcoef,
    "cohen_kappa": sk.cohen_kappa_score,
    "f1_macro": lambda y, p: sk.f1_score(y, p, average="macro", zero_division=0),
    "f1_weighted": lambda y, p: sk.f1_score(y, p, average="weighted", zero_division=0),
    "precision_macro": lambda y, p: sk.precision_score(y, p, average="macro", zero_division=0),
    "recall_macro": lambda y, p: sk.recall_score(y, p, average="macro", zero_division=0),
}
SCORES = {
    "log_loss": lambda y, s: sk.log_loss(y, s, labels=range(s.shape[1])),
    "brier_score": lambda y, s: sk.brier_score_loss(
        y, s[:, 1] if s.shape[1] == 2 else s, labels=range(s.shape[1])),
    "roc_auc": lambda y, s: sk.roc_auc_score(y, s[:, 1]),
    "average_precision": lambda y, s: sk.average_precision_score(y, s[:, 1]),
    "roc_auc_ovr": lambda y, s: sk.roc_auc_score(y, s, multi_class="ovr", average="macro"),
}
NUMBERS = {
    "mean_absolute_error": sk.mean_absolute_error,
    "mean_squared_error": sk.mean_squared_error,
    "root_mean_squared_error": sk.root_mean_squared_error,
    "mean_absolute_percentage_error": sk.mean_absolute_percentage_error,
    "median_absolute_error": sk.median_absolute_error,
    "r2": sk.r2_score,
}


def truth(name: str, sample: Sample) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if name in SCORES:
            return float(SCORES[name](sample.target, sample.scores))
        return float((CODES | NUMBERS)[name](sample.target, sample.predicted))


def close(found: float, wanted: float) -> bool:
    return math.isclose(found, wanted, rel_tol=1e-12, abs_tol=1e-12)


def test_every_metric_has_an_oracle() -> None:
    assert set(METRICS) == CODES.keys() | SCORES.keys() | NUMBERS.keys()


@pytest.mark.parametrize(("name", "task"), [
    (metric.name, task) for metric in METRICS.values() for task in sorted(metric.tasks)])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), rows=st.integers(20, 300))
def test_a_metric_is_what_scikit_learn_says(name: str, task: Task, seed: int, rows: int) -> None:
    sample = BUILDERS[task](rows, seed)[0]
    if len(np.unique(sample.target)) < 2 or (
            name == "roc_auc_ovr" and len(np.unique(sample.target)) < sample.classes):
        return
    assert close(METRICS[name].value(sample), truth(name, sample))


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4)), min_size=2, max_size=40))
def test_ties_and_rare_classes_change_nothing(rows: list[tuple[int, int]]) -> None:
    target, level = [y for y, _ in rows], [s / 4 for _, s in rows]
    if len(set(target)) < 2:
        return
    sample = scored(target, level)
    for name in (CODES | SCORES).keys() - {"roc_auc_ovr"}:
        wanted = truth(name, sample)
        if not math.isnan(wanted):
            assert close(METRICS[name].value(sample), wanted), name


@pytest.mark.parametrize(("name", "task"), [
    (metric.name, task) for metric in METRICS.values() for task in sorted(metric.tasks)])
@settings(max_examples=15, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_weights_count_rows(name: str, task: Task, data: st.DataObject, seed: int) -> None:
    sample = BUILDERS[task](30, seed)[0]
    times = np.array(data.draw(st.lists(st.integers(0, 3), min_size=30, max_size=30)))
    repeated = sample.take(np.repeat(np.arange(30), times))
    if not times.sum():
        return
    weighted, wanted = METRICS[name].value(sample, times), METRICS[name].value(repeated)
    assert close(weighted, wanted) or (math.isnan(weighted) and math.isnan(wanted))


@pytest.mark.parametrize("name", sorted(METRICS))
def test_no_rows_have_no_value(name: str) -> None:
    task = min(METRICS[name].tasks)
    empty = BUILDERS[task](5)[0].take(np.array([], np.int64))
    assert math.isnan(METRICS[name].value(empty))


@pytest.mark.parametrize("name", sorted(SCORES))
def test_a_metric_of_scores_needs_scores(name: str) -> None:
    with pytest.raises(ValueError, match="scores"):
        METRICS[name].value(answers([0, 1], [0, 1]))


def test_a_target_that_does_not_vary_has_no_r2() -> None:
    flat = Sample(task=Task.REGRESSION, target=np.ones(4), predicted=np.arange(4.0))
    assert math.isnan(METRICS["r2"].value(flat))


def test_one_class_has_no_auc_and_no_positives_no_average_precision() -> None:
    alone = scored([0, 0, 0], [0.1, 0.2, 0.3])
    assert math.isnan(METRICS["roc_auc"].value(alone))
    assert math.isnan(METRICS["average_precision"].value(alone))


def test_losses_get_better_downwards_and_scores_upwards() -> None:
    lower = {m.name for m in METRICS.values() if m.direction is Direction.LOWER}
    assert lower == {"log_loss", "brier_score"} | NUMBERS.keys() - {"r2"}


def test_every_metric_says_its_family_and_what_it_means() -> None:
    for metric in METRICS.values():
        assert metric.family
        assert metric.note.endswith(".")


@pytest.mark.parametrize(("said", "meant"), [
    ("neg_log_loss", "log_loss"), ("neg_root_mean_squared_error", "root_mean_squared_error"),
    ("AUC", "roc_auc"), ("roc-auc", "roc_auc"), ("neg_brier_score", "brier_score"),
    (" F1 ", "f1"), ("balanced accuracy", "balanced_accuracy")])
def test_a_metric_answers_to_the_names_people_use(said: str, meant: str) -> None:
    assert metric_named(said) is METRICS[meant]


def test_every_alias_leads_to_a_metric() -> None:
    assert set(ALIASES.values()) <= METRICS.keys()


def test_a_misspelt_metric_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownMetric, match="did you mean 'accuracy'"):
        metric_named("acuracy")


def test_a_strange_metric_is_refused_with_the_whole_list() -> None:
    with pytest.raises(UnknownMetric, match=r"known metrics: accuracy, .*specificity"):
        metric_named("zzz")


def test_classes_are_counted_from_codes_when_there_are_no_scores() -> None:
    assert answers([0, 2], [0, 1]).classes == 3
    assert answers([0, 0], [0, 0]).classes == 2
    assert answers([], []).classes == 2
