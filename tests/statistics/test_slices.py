"""Slices get what a comparison of their rows alone would say, corrected as one family."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.statistics import Sample, Task, difference
from bot.statistics.metrics import METRICS, Metric
from bot.statistics.multiplicity import benjamini_hochberg, holm
from bot.statistics.slices import SliceDifference, shrunken, slice_differences
from tests.statistics.samples import BUILDERS, answers, binary, regression

EACH = [(metric, task) for metric in METRICS.values() for task in sorted(metric.tasks)]
each = pytest.mark.parametrize(
    ("metric", "task"), EACH, ids=[f"{metric.name}-{task}" for metric, task in EACH])


def sliced(
    name: str, champion: Sample, challenger: Sample, codes: np.ndarray | list[np.ndarray], *,
    margin: float = 0.02, min_rows: int = 50, correction: str = "holm",
) -> tuple[SliceDifference, ...]:
    return slice_differences(
        METRICS[name], champion, challenger, codes, margin=margin, min_rows=min_rows,
        correction=correction, confidence=0.95, seed=1)  # type: ignore[arg-type] # parametrised


@each
@pytest.mark.parametrize("entities", [None, 400])
def test_a_slice_says_what_its_rows_alone_say(
    metric: Metric, task: Task, entities: int | None
) -> None:
    champion, challenger = BUILDERS[task](1500, 1, entities=entities)
    codes = np.random.default_rng(2).integers(-1, 3, 1500)
    found = sliced(metric.name, champion, challenger, codes)
    assert [one.code for one in found] == [0, 1, 2]
    for one in found:
        rows = np.flatnonzero(codes == one.code)
        alone = difference(metric, champion.take(rows), challenger.take(rows), confidence=0.95,
                           seed=1)
        assert one.judged
        assert one.n == len(rows)
        assert one.difference.value == pytest.approx(alone.value, abs=1e-9)
        error = alone.standard_error or 0.0
        assert one.difference.standard_error == pytest.approx(error, rel=0.02)
        # Closed forms against BCa: they may differ by skewness and Monte Carlo noise.
        assert (one.difference.lower, one.difference.upper) == pytest.approx(
            (alone.lower, alone.upper), abs=0.5 * error)


def test_a_broken_slice_is_found_among_sound_ones() -> None:
    champion, challenger = binary(8000, 3)
    codes = np.arange(8000) % 8
    predicted = challenger.predicted.copy()
    predicted[codes == 5] = 0
    broken = replace(challenger, predicted=predicted)
    found = sliced("recall", champion, broken, codes)
    assert [one.code for one in found if one.worse] == [5]
    assert not found[5].safe
    assert found[5].difference.challenger == 0.0


def test_a_wide_margin_shows_every_slice_safe() -> None:
    found = sliced("accuracy", *binary(8000, 4), np.arange(8000) % 4, margin=0.2)
    assert all(one.safe and not one.worse for one in found)
    assert all(one.p_safe < 0.05 < one.p_worse for one in found)


def test_few_rows_make_a_slice_neither_worse_nor_safe() -> None:
    codes = np.r_[np.zeros(970, np.int64), np.ones(30, np.int64)]
    small = sliced("accuracy", *binary(1000, 5), codes)[1]
    assert small.difference.undecidable == "only 30 rows; 50 are asked for"
    assert (small.judged, small.safe, small.worse, small.shrunk) == (False, False, False, None)
    assert (small.adjusted, small.p_worse, small.p_safe) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("name", ["f1", "roc_auc"])
def test_a_slice_without_positives_is_undecidable(name: str) -> None:
    champion, challenger = binary(2000, 6)
    codes = np.where(champion.target == 1, 0, np.arange(2000) % 2)
    without = sliced(name, champion, challenger, codes)[1]
    assert without.difference.undecidable == "only 0 positive rows; at least 5 are needed"
    assert not without.judged


def test_a_slice_with_few_entities_is_undecidable() -> None:
    champion, challenger = regression(1000, 7, entities=500)
    codes = np.where(np.arange(1000) < 100, 1, 0)
    assert champion.entities is not None
    groups = np.where(codes == 1, np.arange(1000) % 10, 100 + champion.entities)
    grouped = [replace(model, entities=groups) for model in (champion, challenger)]
    found = sliced("mean_absolute_error", *grouped, codes)
    assert [one.judged for one in found] == [True, False]
    assert found[1].difference.undecidable == "only 10 entities; at least 20 are needed"


def test_identical_answers_in_a_slice_are_safe_at_any_margin() -> None:
    champion, challenger = binary(1000, 8)
    assert champion.scores is not None
    assert challenger.scores is not None
    codes = np.arange(1000) % 2
    same = replace(
        challenger, predicted=np.where(codes == 1, champion.predicted, challenger.predicted),
        scores=np.where((codes == 1)[:, None], champion.scores, challenger.scores))
    for name in ("accuracy", "f1", "log_loss", "roc_auc"):
        twin = sliced(name, champion, same, codes, margin=0.0)[1]
        assert twin.difference.identical
        assert twin.safe
        assert not twin.worse


@pytest.mark.parametrize("poor", ["task", "scores"])
def test_answers_that_cannot_be_read_are_undecidable_in_every_slice(poor: str) -> None:
    champion, challenger = binary(200, 9)
    if poor == "task":
        champion = replace(champion, task=Task.REGRESSION)
    else:
        challenger = replace(challenger, scores=None)
    found = sliced("log_loss", champion, challenger, np.arange(200) % 2)
    assert not any(one.judged for one in found)
    assert found[0].difference.undecidable


def test_rows_without_a_slice_make_no_slice() -> None:
    assert sliced("accuracy", *binary(100, 1), np.full(100, -1)) == ()


def test_far_apart_codes_are_slices_too() -> None:
    found = sliced("accuracy", *binary(400, 10), np.where(np.arange(400) < 200, 3, 10**12))
    assert [one.code for one in found] == [3, 10**12]


def test_several_cuts_are_one_family() -> None:
    champion, challenger = binary(3000, 11)
    cuts = [np.arange(3000) % 3, 3 + np.arange(3000) % 5]
    found = sliced("accuracy", champion, challenger, cuts)
    assert [one.code for one in found] == list(range(8))
    assert [one.adjusted for one in found] == pytest.approx(
        holm([one.p_worse for one in found]))
    gentle = sliced("accuracy", champion, challenger, cuts, correction="bh")
    assert [one.adjusted for one in gentle] == pytest.approx(
        benjamini_hochberg([one.p_worse for one in gentle]))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), margins=st.lists(
    st.floats(0, 0.2), min_size=2, max_size=5).map(sorted))
def test_a_stricter_margin_never_makes_a_slice_safer(seed: int, margins: list[float]) -> None:
    models, codes = binary(600, seed), np.arange(600) % 3
    runs = [sliced("f1", *models, codes, margin=margin) for margin in margins]
    for slices in zip(*runs, strict=True):
        assert [one.safe for one in slices] == sorted(one.safe for one in slices)
        assert [one.worse for one in slices] == sorted(
            (one.worse for one in slices), reverse=True)


def test_slices_as_different_as_chance_allows_pool_fully() -> None:
    found = sliced("accuracy", *binary(20_000, 12), np.arange(20_000) % 20)
    shrunk = [one.shrunk or 0.0 for one in found]
    raw = [one.difference.gain[0] or 0.0 for one in found]
    assert np.ptp(shrunk) < 0.5 * np.ptp(raw)


def test_shrinkage_is_efron_and_morris_on_their_batting_averages() -> None:
    """Efron & Morris (1975), table 1: 18 players after 45 at-bats; equal noise .0659^2 each.

    Their James-Stein factor c = 1 - (k - 3) / sum of squares is .212; the method of moments
    divides by k - 1 = 17 in place of k - 3 = 15, which gives 1 - (17 / 15) * .788 = .107.
    """
    averages = [0.400, 0.378, 0.356, 0.333, 0.311, 0.311, 0.289, 0.267, 0.244, 0.244, 0.222,
                0.222, 0.222, 0.222, 0.222, 0.200, 0.178, 0.156]
    one = difference(METRICS["accuracy"], *binary(500, 13), confidence=0.95, seed=0)
    players = [replace(one, value=average, standard_error=0.0659) for average in averages]
    pulled = shrunken(players)
    factor = ((pulled[0] or 0.0) - np.mean(averages)) / (0.400 - np.mean(averages))
    assert factor == pytest.approx(0.107, abs=0.01)


def test_one_slice_alone_is_not_shrunk() -> None:
    only = sliced("accuracy", *binary(500, 14), np.zeros(500, np.int64))[0]
    assert only.shrunk == pytest.approx(only.difference.value)


def test_agreement_without_an_error_is_shrunk_by_its_width() -> None:
    champion = answers([0, 1, 1, 0] * 100, [0, 1, 0, 0] * 100)
    challenger = replace(champion, scores=np.tile([0.6, 0.4], (400, 1)))
    found = sliced("f1", champion, challenger, np.arange(400) // 200)
    assert [one.shrunk for one in found] == [0.0, 0.0]
    assert found[0].difference.standard_error is None
