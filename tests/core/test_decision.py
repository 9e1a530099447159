from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.decision import Rules, Ruling, decide, refuse
from bot.core.errors import Malformed, Problem
from bot.core.lock import Hold as Held
from bot.core.proposal import Standing
from bot.core.transition import Hold
from bot.core.verdict import Bounds, Measure, Outcome
from bot.core.waiting import Wait
from tests.core.verdicts import FREEZE, PROMOTION, WAIVER, compared, judged, settled, verdict
from tests.landed import MODEL, rollback

AUTO = Rules(merge="auto")
HOLD = Hold(model=MODEL, stage="production", hold=Held(reason="audit", by="@ana"))


def decided(*judgements, rules=AUTO, **standing):
    return decide(judgements, Standing(**standing), rules)


def test_nothing_to_judge_is_nothing_to_decide():
    found = decided()
    assert found.ruling is Ruling.NOTHING
    assert found.because == "no promotion in this change"


def test_all_passed_merges():
    assert decided(judged(Outcome.PASSED), judged(Outcome.PASSED)).ruling is Ruling.MERGE


@pytest.mark.parametrize(
    ("outcome", "ruling"),
    [
        (Outcome.FAILED, Ruling.REFUSE),
        (Outcome.ERRORED, Ruling.HOLD),
        (Outcome.INCONCLUSIVE, Ruling.HOLD),
    ],
)
def test_one_model_that_does_not_pass_keeps_all_of_them_out(outcome, ruling):
    found = decided(judged(Outcome.PASSED), judged(outcome))
    assert found.ruling is ruling
    assert found.outcome is outcome
    assert found.because == f"it is {outcome.name.lower()}"


def test_a_stage_without_verdicts_cannot_ride_along():
    assert decided(judged(Outcome.PASSED), judged()).outcome is Outcome.ERRORED


def test_the_deciding_sentence_is_a_comparison_then_an_estimate_then_any():
    estimate = Measure(name="f1", challenger=Bounds(value=1.0, lower=0.9, upper=1.0))
    plain = verdict(because="plain")
    estimated = verdict(because="estimated", measured=(estimate,))
    best = verdict(because="compared", measured=(compared(),))
    assert decided(judged(plain)).because == "1 of 1 gate passed"
    assert decided(judged(plain, estimated)).because == "estimated"
    assert decided(judged(plain, estimated, best)).because == "compared"


def test_answers_that_depend_on_their_order_are_said_before_any_figure():
    lost = verdict(Outcome.FAILED, "it drops", measured=(compared(),))
    broken = verdict(Outcome.FAILED, "3 rows got another answer", gate="outputs")
    assert decided(judged(lost, broken)).because == "3 rows got another answer"


def test_the_sentence_of_several_models_names_its_own():
    other = replace(PROMOTION, model="fraud")
    best = verdict(because="it gains", measured=(compared(),))
    both = decided(judged(Outcome.PASSED), judged(best, transition=other))
    assert both.because == "`fraud`: it gains"


def test_a_waived_failure_is_not_the_sentence_of_a_pass():
    waived = verdict(Outcome.FAILED, "it drops", waived=WAIVER, measured=(compared(),))
    assert decided(judged(waived, verdict(because="it is 1"))).because == "it is 1"
    assert decided(judged(waived)).because == "it drops"


def test_what_needs_no_gate_says_why():
    found = decided(settled(HOLD))
    assert found.ruling is Ruling.MERGE
    assert found.because == "it restricts"


def test_a_draft_waits():
    found = decided(judged(Outcome.PASSED), draft=True)
    assert found.ruling is Ruling.HOLD
    assert found.outcome is Outcome.PASSED
    assert [wait.kind for wait in found.waiting] == [Wait.DRAFT]
    assert found.waiting[0].sentence == "the pull request is a draft; mark it ready for review"


def test_an_approval_is_asked_where_the_policy_says_so():
    rules = Rules(merge="approved")
    waiting = decided(judged(Outcome.PASSED), rules=rules)
    assert waiting.waiting[0].because.endswith("(the policy says `merge: approved`)")
    assert decided(judged(Outcome.PASSED), rules=rules, approved_by=("bo",)).ruling is Ruling.MERGE


def test_a_reason_for_a_person_asks_for_an_approval_even_where_merging_is_automatic():
    found = decided(settled(HOLD, person="a person confirms"))
    (wait,) = found.waiting
    assert wait.kind is Wait.REVIEW
    assert wait.because == "one approving review of this head is missing (a person confirms)"
    assert decided(settled(HOLD, person="x"), approved_by=("bo",)).ruling is Ruling.MERGE


def test_a_manual_policy_never_merges():
    found = decided(judged(Outcome.PASSED), rules=Rules(merge="manual"), approved_by=("bo",))
    assert found.ruling is Ruling.HOLD
    assert [wait.kind for wait in found.waiting] == [Wait.MANUAL]
    assert "/lockstep merge" in found.waiting[0].unblock


def test_a_freeze_stops_promotions_and_not_what_promotes_nothing():
    rules = Rules(merge="auto", freeze=FREEZE, frozen_at="policies/p.yaml:9:5")
    back = judged(Outcome.PASSED, transition=rollback("4", "3"), fast_lane=True)
    held = decided(judged(Outcome.PASSED), rules=rules)
    assert [wait.because for wait in held.waiting] == [
        "promotions are frozen until 2026-11-30 by `policies/p.yaml:9:5`: audit"
    ]
    assert decided(back, settled(HOLD), rules=rules).ruling is Ruling.MERGE
    assert decided(back, judged(Outcome.PASSED), rules=rules).ruling is Ruling.HOLD


def test_a_refusal_is_decided_with_its_first_problem():
    refusal = Malformed(Problem(what="no format", remedy="add it", file="models.lock", line=1))
    found = refuse(refusal)
    assert found.ruling is Ruling.REFUSE
    assert found.because == "models.lock:1: no format; add it"
    assert found.refusal is refusal
