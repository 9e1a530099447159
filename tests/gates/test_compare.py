from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from bot.core.evidence import EvidenceMissing
from bot.core.verdict import Outcome
from bot.gates.compare import Compare
from tests.builders import answers, case, dataset, evidence, holdout, scored, target

TRUTH = target()
BETTER, SAME, WORSE = scored(TRUTH, 2.4), scored(TRUTH, 1.6), scored(TRUTH, 0.8)


def verdict(about=None, *, challenger=BETTER, champion=SAME, found=None, **settings):
    gate, about = Compare.model_validate({"metric": "roc_auc", **settings}), about or case()
    measured = {"challenger": challenger, "champion": champion, **(found or {})}
    return gate.judge(about, evidence(gate, about, **measured))


def test_a_gain_whose_bound_clears_the_margin_is_superior():
    found = verdict(metric="accuracy", improve_by=0.01)
    assert found.outcome is Outcome.PASSED
    assert found.because == "accuracy improves by 0.047 (+0.040 to +0.055, n = 2,000)"
    assert found.required == "a gain above 0.01, with 95 % confidence"


def test_a_loss_beyond_the_margin_fails_and_says_how_far():
    found = verdict(challenger=WORSE, allow_drop=0.003)
    assert found.outcome is Outcome.FAILED
    assert found.because.startswith("roc_auc drops by 0.")
    assert found.unblock.endswith("short of the limit")


def test_a_loss_within_the_margin_is_not_inferior():
    found = verdict(challenger=WORSE, allow_drop=0.3)
    assert found.outcome is Outcome.PASSED
    assert found.measured[0].limit == -0.3


def test_between_the_bounds_nothing_is_decided_and_the_rows_that_would_are_said():
    found = verdict(challenger=scored(TRUTH, 1.6, seed=9), allow_drop=0.001)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.unblock.startswith("about ")
    assert found.unblock.endswith("rows would decide it if the estimate stays (now 2,000)")


def test_gains_are_positive_for_a_loss_that_falls_and_the_difference_is_in_the_metric():
    found = verdict(metric="log_loss", improve_by=0)
    measure = found.measured[0]
    assert "log_loss improves by" in found.because
    assert measure.difference.value < 0
    assert measure.limit == 0
    assert measure.direction == "lower"


def test_a_loss_that_rises_worsens():
    found = verdict(metric="log_loss", challenger=WORSE, allow_drop=0.01)
    assert "log_loss worsens by" in found.because
    assert found.measured[0].limit == 0.01
    assert found.outcome is Outcome.FAILED


def test_the_champion_itself_is_not_inferior_and_never_superior():
    assert verdict(challenger=SAME, allow_drop=0).outcome is Outcome.PASSED
    found = verdict(challenger=SAME, improve_by=0)
    assert found.outcome is Outcome.FAILED
    assert found.because == "roc_auc does not change (0 to 0, n = 2,000)"
    assert found.unblock.startswith("it answers like the champion")


def test_a_gain_too_good_to_be_true_waits_for_a_person():
    found = verdict(metric="accuracy", allow_drop=0.01, max_gain=0.02)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.because.endswith("too good to be believed unseen")
    assert "a person looks at the gain" in found.unblock
    assert verdict(metric="accuracy", allow_drop=0.01, max_gain=0.2).outcome is Outcome.PASSED


def test_a_relative_margin_is_a_share_of_the_champions_value():
    found = verdict(metric="log_loss", challenger=WORSE, allow_drop=0.5, relative=True)
    measure = found.measured[0]
    assert measure.limit == pytest.approx(0.5 * measure.champion)
    assert found.required == "a loss of at most 0.5 of the champion's value, with 95 % confidence"


def test_a_share_of_a_champion_of_zero_means_nothing():
    wrong = answers(1 - TRUTH)
    found = verdict(metric="accuracy", champion=wrong, improve_by=0.1, relative=True)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "a share of it means nothing" in found.because
    same = {"metric": "accuracy", "champion": wrong, "challenger": wrong, "relative": True}
    assert verdict(**same, allow_drop=0.1).outcome is Outcome.PASSED


def test_a_metric_that_is_not_defined_decides_nothing():
    found = verdict(metric="r2", allow_drop=0.1)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.because == "r2 cannot be compared: r2 is not defined for binary models"
    assert found.measured[0].difference is None
    assert not found.unblock


def test_regression_models_are_compared():
    truth = np.linspace(0.0, 9.0, 500)
    about = case(data={"holdout": dataset("regression")})
    noise = np.random.default_rng(0).normal(size=500)
    found = verdict(
        about,
        challenger=answers(truth + noise),
        champion=answers(truth + 2 * noise),
        found={"holdout": holdout(truth, classes=())},
        metric="rmse",
        improve_by=0.5,
    )
    assert found.outcome is Outcome.PASSED
    assert found.title == "compare root_mean_squared_error"


def test_rows_of_one_entity_widen_the_bounds():
    rows = holdout(TRUTH, entities=np.arange(2_000) // 20)
    alone = verdict(metric="log_loss", allow_drop=0).measured[0]
    clustered = verdict(metric="log_loss", allow_drop=0, found={"holdout": rows}).measured[0]
    assert "clustered" in clustered.method
    assert clustered.difference.value == pytest.approx(alone.difference.value)


def test_without_a_champion_there_is_nothing_to_compare():
    about = case(champion=None)
    gate = Compare(metric="roc_auc", allow_drop=0.01)
    with pytest.raises(EvidenceMissing, match="no champion to compare with"):
        gate.judge(about, evidence(gate, about))


def test_a_dataset_the_policy_does_not_have_is_named():
    about, gate = case(), Compare(metric="roc_auc", allow_drop=0.01, data="shadow")
    assert gate.needs(about) == frozenset()
    with pytest.raises(EvidenceMissing, match="no dataset named shadow; it has holdout"):
        gate.judge(about, evidence(gate, about))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "exactly one of improve_by and allow_drop"),
        ({"improve_by": 0.1, "allow_drop": 0.1}, "exactly one of improve_by and allow_drop"),
        ({"improve_by": 0.1, "max_gain": 0.1}, "max_gain lies above improve_by"),
        ({"allow_drop": 0.1, "max_gain": 0}, "max_gain lies above improve_by, and above 0"),
        ({"allow_drop": -0.1}, "greater than or equal to 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, said):
    with pytest.raises(ValidationError, match=said):
        Compare.model_validate({"metric": "roc_auc", **settings})
