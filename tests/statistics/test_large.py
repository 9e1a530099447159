"""Many rows, classes or entities take the closed forms, and partitions add up to the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.statistics import difference, estimate
from bot.statistics.cells import table_of
from bot.statistics.metrics import METRICS
from bot.statistics.ranks import AveragePrecision, Binned
from bot.statistics.tallies import tally
from tests.statistics.samples import binary, multiclass, regression


def test_the_cells_of_two_partitions_are_the_cells_of_the_whole() -> None:
    champion, challenger = multiclass(500, 1)
    given = np.stack([champion.predicted, challenger.predicted])
    whole = table_of(champion.target, given, 4)
    parts = [table_of(champion.target[rows], given[:, rows], 4)
             for rows in (slice(0, 123), slice(123, 500))]
    merged = parts[0] + parts[1]
    for name in ("target", "answers", "times"):
        assert np.array_equal(getattr(merged, name), getattr(whole, name))


def test_the_tallies_of_two_partitions_are_those_of_the_whole() -> None:
    sample = multiclass(500, 2)[0]
    whole = tally(sample.target, sample.predicted, 4)
    merged = tally(sample.target[:99], sample.predicted[:99], 4) + tally(
        sample.target[99:], sample.predicted[99:], 4)
    assert np.array_equal(merged.hits, whole.hits)
    assert np.array_equal(merged.predicted, whole.predicted)


def test_the_tables_of_two_partitions_are_the_table_of_the_whole() -> None:
    sample = binary(800, 3)[0]
    blocks = np.arange(800) % 7
    form = AveragePrecision()
    whole = form.table(sample, blocks, 7)
    first = np.arange(800) < 300
    kept = [form.table(sample, np.where(side, blocks, 7), 8).counts[:7]
            for side in (first, ~first)]
    merged = Binned(kept[0], whole.edges) + Binned(kept[1], whole.edges)
    assert np.array_equal(merged.counts, whole.counts)


def test_sums_of_partitions_finish_to_the_whole() -> None:
    champion, challenger = regression(5000, 4)
    form = METRICS["root_mean_squared_error"].form
    joint = form.joint((champion, challenger))  # type: ignore[attr-defined] # of this family only
    merged = joint[:, :1234].sum(axis=1) + joint[:, 1234:].sum(axis=1)
    values = [float(value) for value in form.values(merged, 2)]  # type: ignore[attr-defined] # same
    found = difference(METRICS["root_mean_squared_error"], champion, challenger, confidence=0.95,
                       seed=0)
    assert (found.champion, found.challenger) == pytest.approx(values, abs=1e-12)


@pytest.mark.parametrize("name", ["root_mean_squared_error", "mean_absolute_error", "r2"])
def test_large_samples_take_the_closed_form(name: str) -> None:
    champion, challenger = regression(4000, 5)
    found = difference(METRICS[name], champion, challenger, confidence=0.95, seed=0)
    assert "normal" in found.method
    picks = np.random.default_rng(6).integers(0, 4000, (300, 4000))
    drawn = [METRICS[name].value(challenger.take(p)) - METRICS[name].value(champion.take(p))
             for p in picks]
    # 300 replicates know their spread to 4 %.
    assert found.standard_error == pytest.approx(float(np.std(drawn)), rel=0.16)


def test_a_mean_has_the_textbooks_standard_error() -> None:
    champion, challenger = regression(4000, 6)
    errors = np.abs(challenger.target - challenger.predicted) - np.abs(
        champion.target - champion.predicted)
    found = difference(
        METRICS["mean_absolute_error"], champion, challenger, confidence=0.95, seed=0)
    assert found.standard_error == pytest.approx(errors.std(ddof=1) / np.sqrt(4000), rel=1e-9)


def test_too_many_entities_to_draw_take_the_delta_method() -> None:
    champion, challenger = binary(12_000, 7, entities=6000)
    found = difference(METRICS["f1"], champion, challenger, confidence=0.95, seed=0)
    assert found.method.startswith("delta method of the cells, normal, clustered by")
    rows = [replace(model, entities=None) for model in (champion, challenger)]
    drawn = difference(METRICS["f1"], *rows, confidence=0.95, seed=0)
    assert "multinomial cells" in drawn.method
    # Entities here are drawn at random, so clustering changes nothing but noise.
    assert found.standard_error == pytest.approx(drawn.standard_error, rel=0.1)


def test_too_many_cells_to_draw_take_the_delta_method() -> None:
    champion, challenger = multiclass(9000, 8, classes=60)
    found = difference(METRICS["f1_macro"], champion, challenger, confidence=0.95, seed=0)
    assert found.method == "delta method of the cells, normal, rare answers bounded"
    assert found.lower < (found.value or 0.0) < found.upper


def test_entities_with_many_classes_take_the_delta_method() -> None:
    sample = multiclass(30_000, 9, classes=200, entities=500)[0]
    found = estimate(METRICS["f1_macro"], sample, confidence=0.95, seed=0)
    assert found.method == (
        "delta method of the cells, normal, clustered by 500 entities, rare answers bounded")


def test_many_scores_are_binned_without_moving_the_value() -> None:
    champion, challenger = binary(30_000, 10)
    metric = METRICS["average_precision"]
    found = difference(metric, champion, challenger, confidence=0.95, seed=0)
    assert found.champion == pytest.approx(metric.value(champion), abs=1e-12)
    assert "1024 hashed blocks" in found.method
    assert found.lower < (found.value or 0.0) < found.upper
