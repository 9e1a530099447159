from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.decision import Rules, decide, refuse
from bot.core.errors import Fault, Malformed, Problem
from bot.core.owners import owners_of
from bot.core.proposal import Standing
from bot.core.verdict import Outcome
from bot.core.waiting import Wait
from bot.report.headline import headline
from bot.report.status import base_in, context, status
from bot.report.steps import steps
from tests.report.builders import decided, gate, promoted, proposal
from tests.report.standings import HELD, OVER, STALE
from tests.report.stories import FREEZE, passed


def test_the_context_names_the_base_branch():
    assert context("main") == "lockstep/gate: main"


@pytest.mark.parametrize(
    ("standing", "rules", "kind", "state", "first"),
    [
        (Standing(), Rules(merge="approved"), Wait.REVIEW, "success", "PASS"),
        (Standing(), Rules(merge="manual"), Wait.MANUAL, "success", "PASS"),
        (Standing(), Rules(merge="auto", freeze=FREEZE), Wait.FROZEN, "failure", "FROZEN"),
        (Standing(draft=True), Rules(merge="auto"), Wait.DRAFT, "pending", "WAITING"),
        (Standing(holds=(HELD,)), Rules(merge="auto"), Wait.HELD, "pending", "HELD"),
        (STALE, Rules(merge="approved"), Wait.STALE_REVIEW, "pending", "WAITING"),
    ],
)
def test_only_what_a_person_ends_by_merging_is_green(standing, rules, kind, state, first):
    judgements = passed()
    decision = decide(judgements, standing, rules)
    assert [wait.kind for wait in decision.waiting] == [kind]
    said, words = status(decision, judgements, proposal(standing=standing))
    assert (said, words.split()[0].strip(":")) == (state, first)


def test_the_description_ends_with_the_base_it_was_judged_against():
    judgements = passed()
    decision = decided(*judgements, merge="auto")
    _, words = status(decision, judgements, proposal(base_sha="0123456789ab" + "c" * 28))
    assert words.endswith(" @0123456789ab")
    assert base_in(words) == "0123456789ab"
    assert base_in("PASS @0123456789a") is None
    assert base_in("PASS @0123456789ab and more") is None


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.ERRORED])
def test_a_long_reason_is_cut_to_what_a_status_holds(outcome):
    judged = (promoted(gate("g", "g", outcome, because="long " * 100)),)
    _, description = status(decided(*judged), judged, proposal())
    assert len(description) <= 140
    assert description.split()[0].strip(":") in {"FAIL", "INCONCLUSIVE", "ERROR"}


def test_a_status_is_one_line_without_markup_or_control_characters():
    decision = refuse(Malformed(Problem(what="bad\n\x1b[31m`value`\u202e", remedy="")))
    assert status(decision, (), proposal()) == ("error", "ERROR bad value @def567800000")


def test_an_undecided_gate_without_advice_is_still_a_sentence():
    judged = (promoted(gate("g", "g", Outcome.INCONCLUSIVE, because="too few rows")),)
    assert status(decided(*judged), judged, proposal()) == (
        "failure",
        "INCONCLUSIVE: too few rows. @def567800000",
    )


def test_a_queue_is_told_no_instead_of_later():
    judgements, standing = passed(), Standing(draft=True, queued=True)
    decision = decide(judgements, standing, Rules(merge="auto"))
    state, words = status(decision, judgements, proposal(standing=standing))
    assert state == "failure"
    assert words.startswith("WAITING")


def test_what_passes_in_a_queue_is_merged_by_it():
    judgements, standing = passed(), Standing(queued=True)
    decision = decide(judgements, standing, Rules(merge="auto"))
    state, words = status(decision, judgements, proposal(standing=standing))
    assert state == "success"
    assert "The queue merges." in words


def test_what_merges_at_once_is_said_in_words_that_stay_true_afterwards():
    judgements = passed()
    _, words = status(decided(*judgements), judgements, proposal())
    assert "Cleared to merge." in words
    assert "now" not in words


def test_what_was_overridden_counts_its_gates_once():
    spared = replace(gate("latency", "latency", Outcome.FAILED), overridden=OVER)
    judged = (promoted(spared, gate("loads", "loads")),)
    first = headline(decided(*judged), judged, proposal())
    assert "1 of 2 gates passed" in first.deciding
    assert first.counts == ""


@pytest.mark.parametrize(
    ("owners", "words"),
    [
        (b"* @ben @acme/risk", "Merges when ben or acme/risk approves."),
        (b"* @ana", "Nobody can approve as a code owner."),
        (b"* @ben @cleo @dan @eve", "Merges when ben, cleo or 2 more approves."),
    ],
)
@pytest.mark.parametrize("approved", [(), ("gus",)])
def test_a_missing_owner_is_named(owners, words, approved):
    found = owners_of({"CODEOWNERS": owners}, "models.lock", frozenset({"ana"}))
    standing = Standing(owners=found, approved_by=approved)
    judgements = passed()
    decision = decide(judgements, standing, Rules(merge="approved"))
    assert words in status(decision, judgements, proposal(standing=standing))[1]


def test_every_overridable_gate_that_says_no_is_in_the_lines_to_paste():
    judged = (promoted(*(gate(n, n, Outcome.FAILED) for n in ("latency", "slices", "compare"))),)
    (step,) = [s for s in steps(decided(*judged), judged, proposal()) if "override" in s.text]
    assert '`/lockstep override --gate latency --reason "REASON"` and `/lockstep' in step.text
    assert step.text.endswith("and 1 gate more")


def test_what_no_gate_asks_is_not_to_be_overridden():
    unguarded = gate("policy", "policy", Outcome.ERRORED, fault=Fault.NO_GATES)
    judged = (promoted(unguarded),)
    assert not [s for s in steps(decided(*judged), judged, proposal()) if "override" in s.text]
