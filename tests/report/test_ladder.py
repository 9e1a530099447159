from __future__ import annotations

import itertools
from functools import lru_cache

import pytest

from bot.core.actions import MARKER
from bot.core.errors import Malformed, Problem
from bot.core.verdict import Outcome
from bot.report.ladder import RUNGS, lower
from bot.report.render import BUDGET, comment
from tests.report.builders import compare, decided, gate, promoted, proposal, seen, slice_of
from tests.report.stories import STORIES
from tests.report.test_stories import inert

LONG = "x" * 64


@lru_cache
def crowd(gates=500, slices=200, outcome=Outcome.FAILED):
    values = [slice_of(f"recall [{LONG}={s}]", 300, -0.001 * s, outcome) for s in range(slices)]
    verdicts = [
        gate("slices", f"slices {LONG} {i}", outcome, measured=tuple(values), details=(LONG,) * 3)
        for i in range(gates)
    ]
    judged = (promoted(compare(-0.012, -0.015, -0.009), *verdicts),)
    return seen(decided(*judged), judged)


def within(text, budget=BUDGET):
    return len(text) <= budget[0] and len(text.encode()) <= budget[1]


def test_five_hundred_gates_of_two_hundred_slices_stay_in_the_budget(templates, golden):
    text = comment(crowd(), templates)
    assert within(text)
    inert(text)
    golden("crowd.md", text)


@pytest.mark.parametrize("rung", RUNGS)
def test_every_rung_keeps_headline_marker_steps_and_footer(rung, templates):
    text = comment(lower(crowd(30, 20), rung), templates)
    assert text.startswith(MARKER)
    assert "### ❌ Promotion gates failed: `credit-risk` 3 → 4 in production" in text
    assert "**What happens next**" in text
    assert "lockstep check --base" in text
    assert "<sub>Head abc1234" in text
    inert(text)


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.FAILED])
def test_each_rung_is_no_longer_than_the_one_above(outcome, templates):
    view = crowd(60, 40, outcome)
    sizes = [len(comment(lower(view, rung), templates, budget=(10**9, 10**9))) for rung in RUNGS]
    # A rung that leaves nothing out still says that it is lower.
    assert all(below <= above + 120 for above, below in itertools.pairwise(sizes))
    assert sizes[-1] < sizes[0]


@pytest.mark.parametrize("budget", [60_000, 20_000, 12_000, 6_000, 3_000])
def test_the_highest_rung_that_fits_is_taken(budget, templates):
    text = comment(crowd(40, 30), templates, budget=(budget, 4 * budget))
    assert within(text, (budget, 4 * budget))
    inert(text)


def test_bytes_count_as_well_as_characters(templates):
    view = crowd(40, 30)
    full = comment(view, templates, budget=(10**9, 10**9))
    small = comment(view, templates, budget=(10**9, 20_000))
    assert len(small.encode()) <= 20_000 < len(full.encode())


def test_the_lowest_rung_is_short(templates):
    text = comment(crowd(), templates, budget=(0, 0))
    assert len(text.split("\n", 1)[1]) <= 2_000
    assert "left out: everything but the decision" in text


def test_a_short_report_is_the_same_on_the_middle_rungs():
    view = seen(*STORIES["failed"]())
    assert lower(view, 1) == view
    assert lower(view, 5).sections == view.sections


def test_passing_gates_of_a_long_table_are_folded(templates):
    verdicts = [gate("schema", f"schema {i}") for i in range(30)]
    judged = (promoted(compare(), *verdicts),)
    view = seen(decided(*judged), judged)
    text = comment(view, templates)
    assert "✅ 31 gates passed." in text
    assert text.index("schema 29") > text.index("<details>")
    assert "the first 10 here" in comment(lower(view, 5), templates)


def test_gates_left_out_are_counted(templates):
    assert "and 21 more gates" in comment(lower(crowd(60, 1), 6), templates)


def test_many_problems_are_listed_up_to_a_limit_and_counted(templates):
    from bot.core.decision import refuse

    problems = [
        Problem(file="models.lock", line=i, what="bad", remedy="mend it") for i in range(1, 81)
    ]
    view = seen(refuse(Malformed(*problems)), ())
    assert "- and 30 more" in comment(view, templates)
    assert "- and 60 more" in comment(lower(view, 6), templates)
    assert "- and 75 more" in comment(lower(view, 7), templates)


def test_many_models_are_listed_up_to_a_limit_and_counted(templates):
    judged = tuple(promoted(compare(), model=f"m{i}") for i in range(130))
    view = seen(decided(*judged), judged, proposal())
    assert "and 30 more transitions" in comment(view, templates, budget=(10**9, 10**9))
    assert "and 110 more transitions" in comment(lower(view, 6), templates)
    assert "in production and 128 more" in comment(view, templates).splitlines()[1]
    assert within(comment(view, templates))
