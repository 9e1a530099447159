from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.verdict import Bounds, Measure
from bot.report.strip import WIDTH, ranges, strip

NUMBER = st.floats(min_value=-10, max_value=10, allow_nan=False).map(lambda x: round(x, 3))


def drawn(lower, value, upper, limit, *others):
    measure = Measure(
        name="m", limit=limit, difference=Bounds(value=value, lower=lower, upper=upper)
    )
    return strip(measure, ranges([measure, *others]))


@pytest.mark.parametrize(
    ("interval", "limit", "text", "words"),
    [
        ((0.012, 0.021, 0.030), -0.005, "┼─────┣━━━●━━┫", "wholly above it"),
        ((-0.015, -0.012, -0.009), -0.005, "┣━━━●━━━┫────┼", "wholly below it"),
        ((-0.030, 0.001, 0.032), -0.010, "┣━━━┼━●━━━━━━┫", "on both sides of it"),
        ((0.0, 0.5, 1.0), 0.0, "┼━━━━━●━━━━━━┫", "touching it"),
        ((0.0, 0.0, 0.0), 0.0, "──────●───────", "exactly on it"),
    ],
)
def test_a_strip_shows_where_the_interval_stands(interval, limit, text, words):
    shown = drawn(*interval, limit)
    assert (shown.text, shown.words) == (text, words)


@given(st.tuples(NUMBER, NUMBER, NUMBER).map(sorted), NUMBER, st.lists(NUMBER, max_size=3))
def test_columns_stand_in_the_order_of_the_numbers(interval, limit, others):
    lower, value, upper = interval
    shared = [
        Measure(name="o", difference=Bounds(value=o, lower=o, upper=o), limit=o) for o in others
    ]
    text = drawn(lower, value, upper, limit, *shared).text
    assert len(text) == WIDTH
    places = {"┣": lower, "●": value, "┫": upper, "┼": limit}
    seen = [(text.index(glyph), number) for glyph, number in places.items() if glyph in text]
    assert "●" in text
    for column, number in seen:
        for other, beside in seen:
            assert (column < other) == (number < beside)


def test_strips_of_one_unit_share_a_scale():
    narrow = Measure(name="a", limit=0.0, difference=Bounds(value=0.1, lower=0.05, upper=0.15))
    wide = Measure(name="b", limit=0.0, difference=Bounds(value=0.5, lower=0.0, upper=1.0))
    other = Measure(name="c", limit=25.0, challenger=20.0, unit="ms")
    scales = ranges([narrow, wide, other, Measure(name="none")])
    assert scales == {("", True): (0.0, 1.0), ("ms", False): (20.0, 25.0)}
    assert strip(narrow, scales).text == "┼┣●┫──────────"


def test_an_open_end_runs_to_the_edge():
    open_end = Measure(name="m", limit=0.0, challenger=Bounds(value=1.0, lower=0.5, upper=math.inf))
    assert strip(open_end, ranges([open_end])).text == "┼─────┣─────●━".replace("─────●", "━━━━━●")
    open_start = Measure(
        name="m", limit=0.0, challenger=Bounds(value=1.0, lower=-math.inf, upper=2.0)
    )
    assert strip(open_start, ranges([open_start])).text[0] == "━"


@pytest.mark.parametrize(
    "measure",
    [
        Measure(name="m", challenger=0.5),
        Measure(name="m", limit=0.5),
        Measure(name="m", challenger=math.nan, limit=0.5),
        Measure(name="m", challenger=Bounds(value=0.5, lower=math.nan, upper=1.0), limit=0.5),
        Measure(name="m", challenger=math.inf, limit=0.5),
        Measure(name="m", challenger=0.5, limit=math.inf),
    ],
)
def test_what_cannot_be_compared_is_not_drawn(measure):
    assert strip(measure, ranges([measure])) is None
