"""Any finite input has an answer: no exception, no warning, no bound that is not a number."""

from __future__ import annotations

import math
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.statistics import Difference, Direction, Sample, Task, difference, estimate
from bot.statistics.metrics import METRICS
from bot.statistics.power import MOST_ROWS, detectable, required_rows
from bot.statistics.quantiles import quantile_bounds, quantile_difference, quantile_ratio
from bot.statistics.slices import slice_differences

TINY, HUGE = sys.float_info.min, sys.float_info.max
EXTREME = st.one_of(
    st.sampled_from([0.0, 1.0, 1e-300, 1e150, 1e160, 1e200, -1e200, 1e308, HUGE, -HUGE, TINY,
                     5e-324, -5e-324, 1e-160]),
    st.floats(allow_nan=False, allow_infinity=False))
NUMBERS = sorted(metric.name for metric in METRICS.values() if Task.REGRESSION in metric.tasks)
PROBABILITIES = sorted(metric.name for metric in METRICS.values() if Task.BINARY in metric.tasks)


def judged(found: Difference) -> None:
    """Ask everything that gates ask of a difference."""
    assert not math.isnan(found.lower + found.upper) or found.undecidable
    for margin in (0.0, 1e-300, 0.1, 1e300):
        assert 0.0 <= found.p_value_non_inferior(margin) <= 1.0
        assert 0.0 <= found.p_value_worse(margin) <= 1.0
        rows = required_rows(found, margin)
        assert rows is None or 2 <= rows <= MOST_ROWS
    reach = detectable(found)
    assert reach is None or math.isfinite(reach)
    assert found.undecidable or math.isfinite(found.value or 0.0)


def asked(name: str, champion: Sample, challenger: Sample) -> None:
    metric, rows = METRICS[name], champion.rows
    alone = estimate(metric, challenger, confidence=0.95, seed=0, replicates=60)
    assert alone.lower <= alone.upper
    assert alone.undecidable or math.isfinite(alone.value or 0.0)
    judged(difference(metric, champion, challenger, confidence=0.95, seed=0, replicates=60))
    for one in slice_differences(
            metric, champion, challenger, np.arange(rows) % 2, margin=0.1, min_rows=2,
            correction="holm", confidence=0.95, seed=0):
        judged(one.difference)
        assert one.shrunk is None or not math.isnan(one.shrunk)


@pytest.mark.parametrize("name", NUMBERS)
@settings(max_examples=15, deadline=None)
@given(rows=st.lists(st.tuples(EXTREME, EXTREME, EXTREME), min_size=12, max_size=24))
def test_extreme_targets_and_answers_are_answered(
    name: str, rows: list[tuple[float, float, float]]
) -> None:
    target, first, second = np.array(rows).T
    champion = Sample(task=Task.REGRESSION, target=target, predicted=first)
    asked(name, champion, replace(champion, predicted=second))


@pytest.mark.parametrize("name", PROBABILITIES)
@settings(max_examples=6, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(0, 1), EXTREME, EXTREME), min_size=12, max_size=24))
def test_extreme_scores_are_answered(name: str, rows: list[tuple[int, float, float]]) -> None:
    target = np.array([y for y, _, _ in rows])

    def model(score: np.ndarray) -> Sample:
        return Sample(task=Task.BINARY, target=target, predicted=(score > 0.5).astype(np.int64),
                      scores=np.stack([-score, score], axis=1))

    asked(name, model(np.array([a for _, a, _ in rows])), model(np.array([b for *_, b in rows])))


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("scale", [1e-200, 1e100, 1e153, 1e160, 1e200, 1e307])
def test_answers_that_are_far_off_are_answered(name: str, scale: float) -> None:
    """A model whose weights exploded: its answers are finite, their squares need not be."""
    draw = np.random.default_rng(1)
    target = draw.normal(size=200)
    champion = Sample(task=Task.REGRESSION, target=target, predicted=target + draw.normal(size=200))
    asked(name, champion, replace(champion, predicted=champion.predicted * scale))


@settings(max_examples=200, deadline=None)
@given(one=st.lists(EXTREME, min_size=60, max_size=70), other=st.lists(
    EXTREME, min_size=60, max_size=70))
def test_extreme_times_have_bounds_or_a_reason(one: list[float], other: list[float]) -> None:
    found = [quantile_bounds(one, 0.5, confidence=0.95),
             quantile_ratio(one, other, 0.5, confidence=0.95),
             quantile_difference(one, other, 0.5, confidence=0.95)]
    for each in found:
        assert not math.isnan(each.lower)
        assert not math.isnan(each.upper)
        assert each.value is None or math.isfinite(each.value)
        assert each.undecidable or math.isfinite(each.upper)


@settings(max_examples=200, deadline=None)
@given(value=EXTREME, error=EXTREME.map(abs), margin=EXTREME, n=st.integers(0, 10**9))
def test_the_rows_that_decide_are_a_number_somebody_could_have(
    value: float, error: float, margin: float, n: int
) -> None:
    found = Difference(
        champion=None, challenger=None, value=value, lower=-1.0, upper=1.0, standard_error=error,
        n=n, confidence=0.95, method="", direction=Direction.LOWER)
    rows = required_rows(found, margin)
    assert rows is None or 2 <= rows <= MOST_ROWS
    reach = detectable(found)
    assert reach is None or math.isfinite(reach)
