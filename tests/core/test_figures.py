from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.figures import about, count, decimals, figure, percent, short, signed, size


@pytest.mark.parametrize(
    ("value", "beside", "text"),
    [
        (0.5, (), "0.500"),
        (25.197, (), "25.20"),
        (1234.5678, (), "1,234.6"),
        (0.8004, (0.8,), "0.8004"),
        (0.8, (0.8,), "0.800"),
        (0.30000000000000004, (0.3,), "0.30000000000000004"),
        (0.5, (math.inf,), "0.500"),
        (math.inf, (), "unbounded"),
        (-math.inf, (), "-unbounded"),
        (math.nan, (), "not a number"),
        (np.float64(1e-12), (0.0,), "1e-12"),
    ],
)
def test_a_figure_has_the_decimals_it_takes(value, beside, text):
    assert figure(value, *beside) == text


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_two_figures_never_compare_otherwise_than_their_values(value, other):
    shown, beside = (float(figure(a, b).replace(",", "")) for a, b in ((value, other),) * 2)
    assert shown == beside
    limit = float(f"{other:.{decimals(value, other)}f}") if decimals(value, other) else other
    assert (shown < limit, shown > limit) == (value < other, value > other)


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (-0.0, "0"), (0.021, "+0.021"), (-0.0051, "-0.005")]
)
def test_a_change_shows_its_sign_and_no_change_none(value, text):
    assert signed(value) == text
    assert signed(-0.0051, -0.005) == "-0.0051"


def test_things_are_counted_in_words():
    assert count(1, "row") == "1 row"
    assert count(1_200, "row") == "1,200 rows"
    assert count(2, "class", "classes") == "2 classes"


@pytest.mark.parametrize(
    ("number", "text"), [(7, "7"), (99, "99"), (101, "110"), (13_482, "14,000"), (20_000, "20,000")]
)
def test_a_plan_rounds_up(number, text):
    assert about(number) == text


def test_a_share_is_said_in_percent():
    assert [percent(share) for share in (0.95, 0.999, 0.5)] == ["95 %", "99.9 %", "50 %"]


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_000, "1.0 kB"), (14_200_000, "14.2 MB"),
     (2_000_000_000, "2.0 GB"), (3e12, "3,000.0 GB")],
)  # fmt: skip
def test_a_size_is_said_in_its_unit(number, text):
    assert size(number) == text


def test_a_digest_is_shortened():
    assert short("sha256:" + "9f2c4a1b0d" * 6) == "sha256:9f2c4a1b0d…"
