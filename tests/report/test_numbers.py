from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.verdict import Bounds, Measure
from bot.report.numbers import Scale, ends, figures, judged, percent, plural, point, scale_of

FINITE = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)


def compared(value, lower, upper, limit, direction="higher", unit=""):
    return Measure(
        name="m",
        challenger=0.8 + value,
        champion=0.8,
        limit=limit,
        unit=unit,
        difference=Bounds(value=value, lower=lower, upper=upper),
        direction=direction,
    )


def test_value_champion_and_limit_share_their_decimals():
    shown = figures(compared(0.021, 0.012, 0.030, -0.005))
    assert (shown.challenger, shown.champion) == ("0.821", "0.800")
    assert shown.difference == "+0.021 (+0.012, +0.030) better"
    assert shown.limit == "≥ \u22120.005"


def test_a_comparison_never_shows_two_equal_numbers():
    shown = figures(Measure(name="m", challenger=0.79996, limit=0.80))
    assert (shown.challenger, shown.limit) == ("0.79996", "≥ 0.80000")


def test_numbers_too_close_for_decimals_are_written_in_full():
    close = math.nextafter(0.8, 0)
    shown = figures(Measure(name="m", challenger=close, limit=0.8))
    assert shown.challenger == repr(close)
    assert shown.limit == "≥ 0.8"


@given(value=FINITE, half=st.floats(min_value=0, max_value=1e3), limit=FINITE)
def test_shown_numbers_compare_as_the_true_ones(value, half, limit):
    bounds = Bounds(value=value, lower=value - half, upper=value + half)
    measure = Measure(name="m", challenger=bounds, limit=limit)
    scale = scale_of(measure)

    def shown(number):
        return float(scale.plain(number).replace(",", "").replace("\u2212", "-"))

    for number in (bounds.lower, bounds.value, bounds.upper):
        assert (shown(number) < shown(limit)) == (number < limit)
        assert (shown(number) > shown(limit)) == (number > limit)


@pytest.mark.parametrize(
    ("value", "direction", "word"),
    [
        (0.02, "higher", "better"),
        (-0.02, "higher", "worse"),
        (0.02, "lower", "worse"),
        (-0.02, "lower", "better"),
    ],
)
def test_a_change_says_whether_it_is_better(value, direction, word):
    change = compared(value, value - 0.01, value + 0.01, 0.5, direction)
    assert figures(change).difference.endswith(f") {word}")
    unsure = compared(value, value - 0.03, value + 0.03, 0.5, direction)
    assert figures(unsure).difference.endswith(")")


def test_bytes_far_apart_have_units_of_their_own():
    small = Measure(name="size", challenger=412.0, limit=2e9, direction="lower", unit="bytes", n=1)
    assert (figures(small).challenger, figures(small).limit) == ("412 bytes", "≤ 2.0 GB")


def test_a_small_change_keeps_a_digit():
    shown = figures(compared(0.0002, -0.0001, 0.0005, -0.005))
    assert shown.difference == "+0.0002 (\u22120.0001, +0.0005)"


def test_no_change_has_no_sign():
    assert figures(compared(0.0, 0.0, 0.0, -0.01)).difference == "0.000 (0.000, 0.000) equal"


def test_lower_is_better_turns_the_sign_of_the_limit():
    shown = figures(Measure(name="p99", challenger=18.4, limit=25.0, direction="lower", unit="ms"))
    assert (shown.challenger, shown.limit) == ("18.4 ms", "≤ 25.0 ms")


@pytest.mark.parametrize(
    ("size", "limit", "shown"),
    [
        (14_200_000.0, 500_000_000.0, ("14.2 MB", "≤ 500.0 MB")),
        (812.0, 900.0, ("812 bytes", "≤ 900 bytes")),
        (1_500.0, 2_000.0, ("1.50 kB", "≤ 2.00 kB")),
        (0.0, 0.0, ("0 bytes", "≤ 0 bytes")),
        (3e9, 2e9, ("3 GB", "≤ 2 GB")),
    ],
)
def test_bytes_are_written_in_one_unit(size, limit, shown):
    measure = Measure(name="size", challenger=size, limit=limit, direction="lower", unit="bytes")
    assert (figures(measure).challenger, figures(measure).limit) == shown


def test_bounds_stand_beside_a_value_that_is_not_compared():
    bounds = Bounds(value=18.4, lower=17.4, upper=19.6)
    assert figures(Measure(name="p99", challenger=bounds, unit="ms")).challenger == (
        "18.4 ms (17.4, 19.6)"
    )


def test_unbounded_and_undefined_numbers_have_words():
    bounds = Bounds(value=0.5, lower=-math.inf, upper=math.inf)
    assert figures(Measure(name="m", challenger=bounds)).challenger == "0.500 (\u2212∞, ∞)"
    assert figures(Measure(name="m", challenger=math.nan)).challenger == "not a number"
    assert figures(Measure(name="m", challenger=0.5, limit=math.inf)).limit == "≥ ∞"


def test_large_numbers_have_thousands_separators():
    shown = figures(Measure(name="rmse", challenger=12_345.678, champion=-1_500.0, n=1_000_000))
    assert (shown.challenger, shown.champion, shown.n) == ("12,346", "\u22121,500", "1,000,000")


def test_nothing_measured_is_nothing_shown():
    assert figures(Measure(name="m")).challenger == ""
    assert figures(Measure(name="m", challenger=0.0)).challenger == "0.000"
    assert judged(Measure(name="m")) is None


def test_a_bare_number_is_its_own_bound():
    assert ends(0.5) == (0.5, 0.5)
    assert point(0.5) == 0.5


def test_an_unbounded_difference_asks_for_no_decimals():
    assert scale_of(compared(0.5, -math.inf, math.inf, 0.0)) == Scale(3)


@pytest.mark.parametrize(("share", "shown"), [(0.95, "95 %"), (0.999, "99.9 %"), (1.0, "100 %")])
def test_percent_shows_no_digit_too_many(share, shown):
    assert percent(share) == shown


def test_plurals():
    assert (plural(1, "gate"), plural(1_200, "gate")) == ("1 gate", "1,200 gates")
