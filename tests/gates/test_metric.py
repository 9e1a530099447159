from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from pydantic import ValidationError

from bot.core.verdict import Bounds, Outcome
from bot.gates.metric import Metric
from tests.builders import answers, case, dataset, evidence, holdout, scored, target

TRUTH = target()


def asked(**settings):
    stated = {"metric": "roc_auc", "because": "contract floor", "review_by": "2027-03-01"}
    return Metric.model_validate({**stated, **settings})


def verdict(gate, about=None, **found):
    about = about or case()
    return gate.judge(about, evidence(gate, about, **found))


def test_a_bound_above_the_floor_passes():
    found = verdict(asked(at_least=0.99))
    assert found.outcome is Outcome.PASSED
    assert found.because == "roc_auc is 0.998 (0.998 to 0.999, n = 2,000)"
    assert found.required == "at least 0.99, with 95 % confidence: contract floor"
    assert not found.unblock


def test_a_value_above_the_floor_whose_bound_is_below_does_not_pass():
    values = verdict(asked(at_least=0.5), challenger=scored(TRUTH, 0.2)).measured[0].challenger
    assert isinstance(values, Bounds)
    floor = (values.lower + values.value) / 2
    found = verdict(asked(at_least=floor), challenger=scored(TRUTH, 0.2))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.unblock.endswith("rows would decide it if the estimate stays (now 2,000)")


def test_a_floor_that_is_surely_missed_fails():
    found = verdict(asked(at_least=0.95), challenger=scored(TRUTH, 0.5))
    assert found.outcome is Outcome.FAILED
    assert found.unblock.startswith("roc_auc is 0.")
    assert found.unblock.endswith("beyond the limit")


def test_a_ceiling_is_kept_by_the_upper_bound():
    assert verdict(asked(metric="log_loss", at_most=0.3)).outcome is Outcome.PASSED
    assert verdict(asked(metric="log_loss", at_most=0.1)).outcome is Outcome.FAILED


def test_a_ceiling_of_zero_is_a_limit():
    found = verdict(asked(metric="log_loss", at_most=0))
    assert found.outcome is Outcome.FAILED
    assert found.required.startswith("at most 0,")


def test_a_threshold_past_its_review_holds_and_still_says_the_value():
    found = verdict(asked(at_least=0.9), now=datetime(2027, 3, 2, tzinfo=UTC))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.because == (
        "roc_auc is 0.998 (0.998 to 0.999, n = 2,000); "
        "the threshold was to be reviewed by 2027-03-01"
    )
    assert "set a new `review_by`" in found.unblock


def test_the_day_of_the_review_still_counts():
    now = datetime(2027, 3, 1, 23, 59, tzinfo=UTC)
    assert verdict(asked(at_least=0.9), now=now).outcome is Outcome.PASSED


def test_a_threshold_past_its_review_still_fails_a_bad_model():
    late = datetime(2027, 3, 2, tzinfo=UTC)
    found = verdict(asked(at_least=0.95), challenger=scored(TRUTH, 0.5), now=late)
    assert found.outcome is Outcome.FAILED


def test_one_class_is_inconclusive_and_says_why():
    rows = holdout(np.zeros(50))
    found = verdict(asked(at_least=0.0), holdout=rows, challenger=scored(np.zeros(50)))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.because == (
        "roc_auc cannot be estimated: only 0 positive rows; at least 5 are needed"
    )
    assert found.measured[0].challenger is None
    assert not found.unblock


def test_a_metric_of_another_task_is_inconclusive():
    found = verdict(asked(metric="r2", at_least=0))
    assert "r2 is not defined for binary models" in found.because
    assert found.outcome is Outcome.INCONCLUSIVE


def test_regression_answers_are_not_rounded_to_classes():
    truth = np.linspace(0.0, 9.5, 200)
    found = verdict(
        asked(metric="mean_absolute_error", at_most=0.3),
        case(data={"holdout": dataset("regression")}),
        holdout=holdout(truth, classes=()),
        challenger=answers(truth + np.linspace(0.2, 0.3, 200)),
    )
    assert found.measured[0].challenger.value == pytest.approx(0.25)


def test_multiclass_answers_are_judged():
    truth = np.arange(600) % 3
    guess = np.where(np.arange(600) % 10 == 0, (truth + 1) % 3, truth)
    found = verdict(
        asked(metric="f1_macro", at_least=0.8),
        case(data={"holdout": dataset("multiclass")}),
        holdout=holdout(truth, classes=("a", "b", "c")),
        challenger=answers(guess),
    )
    assert found.outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "give exactly one of at_least and at_most"),
        ({"at_least": 0.1, "at_most": 0.2}, "give exactly one of at_least and at_most"),
        ({"at_least": 0.1, "metric": "roc_aux"}, "did you mean 'roc_auc'?"),
        ({"at_least": 0.1, "because": ""}, "at least 1 character"),
        ({"at_least": 0.1, "confidence": "50%"}, "greater than 0.5"),
        ({"at_least": 0.1, "confidence": "most%"}, "write a share as 0.95 or 95%"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, said):
    with pytest.raises(ValidationError, match=said.replace("?", r"\?")):
        asked(**settings)


def test_a_scorer_name_is_the_metric_it_names():
    assert asked(metric="neg_log_loss", at_most=0.3).metric == "log_loss"
