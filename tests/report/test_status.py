from __future__ import annotations

import pytest

from bot.core.decision import Rules, decide, refuse
from bot.core.errors import Malformed, Problem
from bot.core.proposal import Standing
from bot.core.verdict import Outcome
from bot.report.headline import FROZEN, PERSON
from bot.report.status import context, status
from tests.report.builders import decided, gate, promoted, proposal
from tests.report.stories import FREEZE, passed


def test_the_context_names_the_base_branch():
    assert context("main") == "lockstep/gate: main"


def test_the_sentences_of_a_decision_are_recognised():
    judgements = passed()
    frozen = decide(judgements, Standing(), Rules(merge="auto", freeze=FREEZE))
    approved = decide(judgements, Standing(), Rules(merge="approved"))
    manual = decide(judgements, Standing(), Rules(merge="manual"))
    assert frozen.waiting[0].startswith(FROZEN)
    assert approved.waiting[0].startswith(PERSON[0])
    assert manual.waiting[0].startswith(PERSON[1])


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.ERRORED])
def test_a_long_reason_is_cut_to_what_a_status_holds(outcome):
    judged = (promoted(gate("g", "g", outcome, because="long " * 100)),)
    _, description = status(decided(*judged), judged, proposal())
    assert len(description) <= 140
    assert description.split()[0].strip(":") in {"FAIL", "INCONCLUSIVE", "ERROR"}


def test_a_status_is_one_line_without_markup_or_control_characters():
    decision = refuse(Malformed(Problem(what="bad\n\x1b[31m`value`\u202e", remedy="")))
    assert status(decision, (), proposal()) == ("error", "ERROR bad value")


def test_an_undecided_gate_without_advice_is_still_a_sentence():
    judged = (promoted(gate("g", "g", Outcome.INCONCLUSIVE, because="too few rows")),)
    assert status(decided(*judged), judged, proposal()) == (
        "failure",
        "INCONCLUSIVE: too few rows.",
    )
