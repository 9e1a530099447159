from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.errors import Fault
from bot.core.evidence import Evidence, Fact
from bot.core.lock import Hold as Held
from bot.core.questions import Clock, Weighed
from bot.core.transition import Hold
from bot.core.trial import judge, needs_of
from bot.core.verdict import Outcome, Verdict, worst
from tests.builders import ABSENT, NOW, case
from tests.core.verdicts import WAIVER, ask, judged, trial, verdict
from tests.landed import MODEL

TOLD = Evidence({Clock(): Fact(value=NOW, source="a test")})
HOLD = Hold(model=MODEL, stage="production", hold=Held(reason="audit", by="@ana"))


def one(*asked, evidence=TOLD, about=None, **more):
    (judgement,) = judge([trial(about=about or case(), asked=asked, **more)], evidence)
    return judgement


def test_the_needs_of_trials_are_asked_once():
    trials = [trial(about=case(), asked=(ask(needs=frozenset({Clock()})), ask()))] * 2
    assert needs_of(trials) == {Clock()}
    assert needs_of([trial()]) == frozenset()


def test_a_verdict_carries_the_place_where_it_was_asked():
    found = one(ask())
    assert found.verdicts[0].place == "policies/p.yaml:9:3"
    assert found.outcome is Outcome.PASSED


def test_absent_evidence_is_an_error_with_its_reason_and_way_out():
    found = one(ask(needs=frozenset({Clock()})), evidence=Evidence({Clock(): ABSENT}))
    assert found.outcome is Outcome.ERRORED
    assert found.verdicts[0].because == "the store is shut"
    assert found.verdicts[0].remedy == "open it"


def test_evidence_that_nobody_gathered_is_an_error():
    found = one(ask(needs=frozenset({Clock()})), evidence=Evidence())
    assert found.verdicts[0].fault is Fault.NOT_GATHERED
    assert found.verdicts[0].because == "nothing answered Clock"


GONE = replace(ABSENT, fault=Fault.ARTIFACT_UNREACHABLE)


@pytest.mark.parametrize("fault", [Fault.ARTIFACT_UNREACHABLE, Fault.ARTIFACT_DIGEST])
def test_a_champion_whose_bytes_are_gone_is_named(fault):
    about = case()
    need = Weighed(about.champion.entry.artifact, about.artifacts)
    facts = Evidence({need: replace(ABSENT, fault=fault)})
    (found,) = one(ask(needs=frozenset({need})), evidence=facts, about=about).verdicts
    assert found.fault is Fault.CHAMPION_GONE
    assert found.because == "the champion 3 cannot be judged: the store is shut"


def test_a_challenger_whose_bytes_are_gone_is_no_fault_of_the_champion():
    for about in (case(), case(champion=None)):
        need = Weighed(about.challenger.entry.artifact, about.artifacts)
        facts = Evidence({need: GONE})
        (found,) = one(ask(needs=frozenset({need})), evidence=facts, about=about).verdicts
        assert found.fault is Fault.ARTIFACT_UNREACHABLE


def test_a_trial_that_asks_nothing_is_an_error_and_never_a_pass():
    found = one()
    assert found.outcome is Outcome.ERRORED
    assert found.verdicts[0].fault is Fault.NO_GATES
    assert "nothing asked is not a pass" in found.verdicts[0].because


def test_a_trial_without_a_case_is_an_error_unless_it_is_settled():
    (open_,) = judge([trial(HOLD, asked=(ask(),))], TOLD)
    (closed,) = judge([trial(HOLD, settled="a hold only restricts")], TOLD)
    assert open_.outcome is Outcome.ERRORED
    assert closed.outcome is Outcome.PASSED
    assert closed.verdicts == ()


def test_the_worst_verdict_decides():
    order = (Outcome.PASSED, Outcome.INCONCLUSIVE, Outcome.ERRORED, Outcome.FAILED)
    for rank, outcome in enumerate(order):
        assert judged(*order[: rank + 1]).outcome is outcome
    assert worst(()) is Outcome.ERRORED


@pytest.mark.parametrize("how", [{"observe": True}, {"waived": WAIVER}])
def test_an_observed_or_waived_failure_stays_visible_and_does_not_block(how):
    found = one(ask(verdict(Outcome.FAILED), **how))
    assert found.verdicts[0].outcome is Outcome.FAILED
    assert found.outcome is Outcome.PASSED


def test_a_waiver_of_a_gate_that_passed_is_not_shown():
    assert one(ask(waived=WAIVER)).verdicts[0].waived is None
    assert one(ask(verdict(Outcome.FAILED), waived=WAIVER)).verdicts[0].waived == WAIVER


def test_a_verdict_must_say_why():
    with pytest.raises(ValueError, match="a verdict says why"):
        Verdict(gate="g", title="g", outcome=Outcome.PASSED, because=" ", required="x")


def test_a_seed_belongs_to_the_evidence_and_the_gate():
    seeds = {case(key=key).seed(gate) for key in ("a", "b") for gate in ("x", "y")}
    assert len(seeds) == 4
    assert case(key="a").seed("x") == case(key="a").seed("x")
