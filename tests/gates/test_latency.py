from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from pydantic import ValidationError

from bot.core.evidence import EvidenceMissing
from bot.core.verdict import Outcome
from bot.gates import contest
from bot.gates.latency import Latency
from tests.builders import against_itself, case, evidence, times, timings

WHY = {"because": "the page waits", "review_by": "2027-03-01"}


def verdict(settings, about=None, **found):
    gate, about = Latency.model_validate(settings), about or case()
    return gate.judge(about, evidence(gate, about, **found))


def test_a_quantile_whose_bound_keeps_the_limit_passes():
    found = verdict({"at_most": "50ms", **WHY})
    assert found.outcome is Outcome.PASSED
    assert found.because == "p95 is 25.20 ms (24.47 to 26.32, 400 requests)"
    assert found.required == "at most 50 ms, with 95 % confidence: the page waits"
    assert found.title == "latency p95"


def test_a_quantile_that_is_surely_too_long_fails_and_says_by_how_much():
    found = verdict({"at_most": "20ms", **WHY})
    assert found.outcome is Outcome.FAILED
    assert found.unblock == "it is 5.197 ms beyond the limit"


def test_a_quantile_in_doubt_says_how_many_requests_would_decide():
    found = verdict({"at_most": "26ms", **WHY})
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.unblock.startswith("about ")
    assert "requests (`requests:`) would decide it" in found.unblock


def test_a_ratio_to_the_champion_is_bounded():
    assert verdict({"max_ratio": 1.2}).outcome is Outcome.PASSED
    slow = timings(times(median=40), times(seed=4))
    found = verdict({"max_ratio": 1.2}, timings=slow)
    assert found.outcome is Outcome.FAILED
    assert found.because.startswith("p95 is 2.222 times the champion's (")
    assert found.measured[0].name == "p95, ratio to champion"


def test_a_version_never_fails_against_itself():
    noisy = timings(times(median=60), times(seed=4))
    found = verdict({"max_ratio": 1}, against_itself(case()), timings=noisy)
    assert found.outcome is Outcome.PASSED
    assert found.because.endswith("and both are the same bytes")


def test_a_limit_past_its_review_holds():
    found = verdict({"at_most": "50ms", **WHY}, now=datetime(2027, 3, 2, tzinfo=UTC))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.because.endswith("; the threshold was to be reviewed by 2027-03-01")
    assert found.unblock.startswith("review the threshold")


@pytest.mark.parametrize("measured", [np.array([]), np.array([1.0, np.nan])])
def test_times_that_say_nothing_decide_nothing(measured):
    found = verdict({"at_most": "50ms", **WHY}, timings=timings(measured))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.because.startswith("p95 cannot be measured: ")
    assert found.measured[0].challenger is None
    assert found.unblock


def test_a_quantile_exactly_at_the_limit_is_never_decided():
    measured = np.round(times(), 3)
    at = f"{np.sort(measured)[379]:.3f}ms"
    found = verdict({"at_most": at, **WHY}, timings=timings(measured))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.unblock.startswith("no number of requests (`requests:`) decides it")


def test_too_few_times_have_no_upper_bound():
    found = verdict({"at_most": "50ms", **WHY}, timings=timings(times(30)))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "unbounded, 30 requests" in found.because
    assert found.unblock == "only 30 timings; an upper bound of this quantile needs 59"


def test_a_ratio_without_a_champion_is_missing_evidence():
    with pytest.raises(EvidenceMissing, match="no champion"):
        verdict({"max_ratio": 1.2}, case(champion=None))


def test_an_absolute_limit_does_not_time_the_champion():
    gate = Latency.model_validate({"at_most": "50ms", **WHY})
    assert {need.champion for need in gate.needs(case()) if hasattr(need, "champion")} == {None}


def test_a_dataset_the_policy_does_not_have_is_named():
    with pytest.raises(EvidenceMissing, match="no dataset named shadow"):
        verdict({"at_most": "50ms", "data": "shadow", **WHY})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "exactly one of at_most and max_ratio"),
        ({"at_most": "50ms", "max_ratio": 2, **WHY}, "exactly one of at_most and max_ratio"),
        ({"at_most": "50ms"}, "needs because and review_by"),
        ({"at_most": "0ms", **WHY}, "greater than"),
        ({"at_most": "soon", **WHY}, "write a duration as 50ms"),
        ({"max_ratio": 1.1, "quantile": "99.9%"}, "`requests` must be at least 3,688"),
        ({"at_most": "50ms", "quantile": 0.999, **WHY}, "`requests` must be at least 2,995"),
    ],
)
def test_settings_that_cannot_decide_are_refused(settings, said):
    with pytest.raises(ValidationError, match=said):
        Latency.model_validate(settings)


def test_times_that_another_job_measured_are_said_to_be_its_own():
    found = verdict({"at_most": "50ms", **WHY}, timings=replace(timings(times()), reported=True))
    assert contest.REPORTED in found.notes
