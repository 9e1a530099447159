"""How often gates err, simulated: what they promise must hold within its binomial tolerance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bot.core.verdict import Outcome
from bot.gates import GATES
from tests.builders import answers, case, evidence, holdout, overlap, times, timings

TIMES = 400
pytestmark = pytest.mark.slow


def rate(judged, wrong):
    outcomes = [judged(np.random.default_rng(seed)) for seed in range(TIMES)]
    return sum(outcome is wrong for outcome in outcomes) / TIMES


def within(alpha):
    """Four standard errors above the promised rate."""
    return alpha + 4 * math.sqrt(alpha * (1 - alpha) / TIMES)


def judge(gate, about, **measured):
    return gate.judge(about, evidence(gate, about, **measured)).outcome


def pair(draw, n, before, after):
    """Two versions that are right at these rates, independently of each other."""
    truth = (draw.random(n) < 0.4).astype(float)
    right = (np.where(draw.random(n) < share, truth, 1 - truth) for share in (before, after))
    champion, challenger = (answers(one) for one in right)
    return truth, champion, challenger


@pytest.mark.parametrize("n", [60, 600])
def test_an_equal_challenger_is_seldom_called_better(n):
    gate = GATES["compare"](metric="accuracy", improve_by=0)

    def once(draw):
        truth, champion, challenger = pair(draw, n, 0.8, 0.8)
        given = {"champion": champion, "challenger": challenger}
        return judge(gate, case(), holdout=holdout(truth), **given)

    assert rate(once, Outcome.PASSED) <= within(0.05)


def test_a_challenger_worse_by_the_margin_is_seldom_called_safe():
    gate = GATES["compare"](metric="accuracy", allow_drop=0.05)

    def once(draw):
        truth, champion, challenger = pair(draw, 500, 0.85, 0.80)
        given = {"champion": champion, "challenger": challenger}
        return judge(gate, case(), holdout=holdout(truth), **given)

    assert rate(once, Outcome.PASSED) <= within(0.05)


@pytest.mark.parametrize("correction", ["holm", "bh"])
def test_slices_that_are_all_equal_are_seldom_refused_though_there_are_many(correction):
    gate = GATES["slices"](
        metric="accuracy", by=("a", "b"), allow_drop=0, min_rows=50, correction=correction
    )

    def once(draw):
        truth, champion, challenger = pair(draw, 1_200, 0.8, 0.8)
        groups = {name: draw.choice(list("wxyz"), 1_200) for name in ("a", "b")}
        given = {"champion": champion, "challenger": challenger}
        return judge(gate, case(), holdout=holdout(truth, groups), **given)

    assert rate(once, Outcome.FAILED) <= within(0.05)


def test_a_slice_worse_by_the_margin_is_seldom_passed():
    gate = GATES["slices"](metric="accuracy", by=("a",), allow_drop=0.1, min_rows=50)

    def once(draw):
        group = draw.choice(list("wxyz"), 2_000)
        truth, champion, challenger = pair(draw, 2_000, 0.9, np.where(group == "w", 0.8, 0.9))
        given = {"champion": champion, "challenger": challenger}
        return judge(gate, case(), holdout=holdout(truth, {"a": group}), **given)

    assert rate(once, Outcome.PASSED) <= within(0.05)


@pytest.mark.parametrize("quantile", [0.5, 0.95])
def test_an_equally_fast_version_is_seldom_called_slower(quantile):
    gate = GATES["latency"](max_ratio=1, quantile=quantile)

    def once(draw):
        seeds = draw.integers(0, 2**31, 2)
        return judge(gate, case(), timings=timings(*(times(seed=int(one)) for one in seeds)))

    assert rate(once, Outcome.FAILED) <= within(0.05)


def test_rows_that_are_equal_by_chance_are_seldom_called_leakage():
    gate = GATES["leakage"]()

    def once(draw):
        by_chance = int(draw.binomial(5_000, 0.02))
        return judge(gate, case(), overlap=overlap(
            rows=5_000, shared_rows=by_chance, natural_duplicates=100))  # fmt: skip

    assert rate(once, Outcome.FAILED) <= within(0.001)
