"""Laws of waiting and overriding, and which approvals count."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.account import account, identity, trailers
from bot.core.approvals import UNNAMED, Approval, Recorded, lapsed, recorded, standing_approvals
from bot.core.decision import STRICTNESS, Rules, Ruling, decide
from bot.core.evidence import Evidence
from bot.core.order import Kind, Order
from bot.core.owners import owners_of
from bot.core.planning import plan
from bot.core.proposal import Standing
from bot.core.trial import INTEGRITY, judge
from bot.core.verdict import Outcome, Override
from bot.core.waiting import FOR_PERSON, Wait, waiting
from tests.builders import case
from tests.core.test_planning import court
from tests.core.verdicts import FREEZE, ask, judged, proposal, trial, verdict
from tests.landed import promotion, rollback

NOW = datetime(2026, 11, 23, 9, 41, tzinfo=UTC)
KEY = "4be1" * 16
OVER = Override(
    gate="compare", by="ben", reason="known", until=NOW + timedelta(days=7), keys=(KEY,), comment=9
)
HELD = Order(
    kind=Kind.HOLD, by="ben", at=NOW, number=7, head="a" * 40, comment=1, url="", reason="wait"
)
OWNERS = owners_of({"CODEOWNERS": b"* @cleo"}, "models.lock")
PASSING = judged(Outcome.PASSED, about=case(key=KEY))


def evidence_of(key: str, at: datetime = NOW, **rests: str) -> Recorded:
    return Recorded(at=at, head="a" * 40, keys=frozenset({key}), rests=rests)


standings = st.builds(
    Standing,
    draft=st.booleans(),
    approved_by=st.sampled_from([(), ("ben",), ("ben", "cleo")]),
    owners=st.sampled_from([None, OWNERS]),
    holds=st.sampled_from([(), (HELD,)]),
    merge_ordered_by=st.sampled_from(["", "ben"]),
    merge_ordered_for=st.sampled_from([(), (KEY,)]),
    recorded=st.sampled_from([(), (evidence_of(KEY),), (evidence_of("0"),)]),
)
judgements = st.sampled_from(
    [
        PASSING,
        judged(Outcome.PASSED, about=case(key=KEY), needs_person="somebody looks"),
        judged(Outcome.PASSED, about=case(key=KEY), transition=rollback("4", "3"), fast_lane=True),
        judged(verdict(Outcome.FAILED, overridden=OVER), about=case(key=KEY)),
    ]
)
freezes = st.sampled_from([None, FREEZE])


@given(judgements, standings, st.sampled_from(STRICTNESS), freezes)
def test_a_hold_always_holds(judgement, standing, merge, freeze):
    held = replace(standing, holds=(HELD,))
    found = decide((judgement,), held, Rules(merge=merge, freeze=freeze))
    assert found.ruling is Ruling.HOLD
    assert found.waiting[0].kind is Wait.HELD


@given(judgements, standings, st.sampled_from(STRICTNESS), st.sampled_from(STRICTNESS), freezes)
def test_what_several_policies_let_through_each_of_them_lets_through(
    judgement, standing, one, other, freeze
):
    both = Rules(
        merge=max(one, other, key=STRICTNESS.index),
        reviewed="approved" in (one, other),
        freeze=freeze,
    )
    if decide((judgement,), standing, both).ruling is Ruling.MERGE:
        for merge in (one, other):
            alone = decide((judgement,), standing, Rules(merge=merge))
            assert alone.ruling is Ruling.MERGE


@given(judgements, standings, st.sampled_from(STRICTNESS), freezes)
def test_every_wait_says_why_and_what_ends_it(judgement, standing, merge, freeze):
    rules = Rules(merge=merge, freeze=freeze, frozen_at="policies/p.yaml:9:5")
    found = decide((judgement,), standing, rules)
    assert (found.ruling is Ruling.HOLD) is bool(found.waiting)
    assert all(wait.because and wait.unblock for wait in found.waiting)
    assert len({wait.kind for wait in found.waiting}) == len(found.waiting)


@given(st.sampled_from(Outcome), st.booleans(), st.booleans(), st.sampled_from((*INTEGRITY, "x")))
def test_an_override_never_makes_a_hard_gate_pass(outcome, hard, observe, name):
    asked = replace(ask(verdict(outcome), observe=observe, hard=hard, overridden=OVER), name=name)
    (found,) = judge((trial(about=case(), asked=(asked,)),), Evidence())
    (answer,) = found.verdicts
    if hard or name in INTEGRITY:
        assert answer.overridden is None
        assert answer.hard
        assert found.outcome is (Outcome.PASSED if observe else outcome)
    else:
        assert found.outcome is Outcome.PASSED
        assert (answer.overridden is not None) is (outcome is not Outcome.PASSED and not observe)


def test_a_hard_verdict_cannot_be_made_an_overridden_one():
    with pytest.raises(ValueError, match="hard"):
        verdict(Outcome.FAILED, hard=True, overridden=OVER)


def test_what_was_overridden_is_never_a_plain_pass():
    judgement = judged(verdict(Outcome.FAILED, overridden=OVER), about=case(key=KEY))
    found = decide((judgement,), Standing(), Rules(merge="auto"))
    assert (found.ruling, found.state, found.overridden) == (Ruling.MERGE, "overridden", (OVER,))
    plain = decide((PASSING,), Standing(), Rules(merge="auto"))
    assert plain.state == "passed"
    asked = (found, (judgement,), proposal())
    assert "Override: compare by ben" in trailers(*asked)
    content = account(*asked, "0.1.0").content
    assert content["decision"]["outcome"] == "overridden"
    assert content["decision"]["overrides"][0]["reason"] == "known"
    assert content["judgements"][0]["verdicts"][0]["overridden_by"] == "ben"
    other = replace(found, overridden=(replace(OVER, comment=10),))
    assert identity(*asked) != identity(other, (judgement,), proposal())


@pytest.mark.parametrize(
    ("gate", "keys", "reaches"),
    [
        ("compare", None, True),
        ("compare roc_auc", None, True),
        ("compare f1", None, False),
        ("loads", None, False),
        ("compare", ("0" * 64,), False),
        ("compare", (), False),
    ],
)
def test_an_override_reaches_the_gate_it_names_on_its_evidence(gate, keys, reaches):
    change = promotion("1", "2")
    (planned,) = plan((change,), court())
    own = (planned.case.key,) if keys is None else keys
    (found,) = plan((change,), court(overrides=(replace(OVER, gate=gate, keys=own),)))
    asked = next(one for one in found.asked if one.name == "compare")
    assert (asked.overridden is not None) is reaches
    assert found.case.key == planned.case.key


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("given_at", "history", "counts"),
    [
        (at(5), [], True),
        (None, [], True),
        (at(5), [evidence_of(KEY, at(1))], True),
        (at(5), [evidence_of("0", at(1))], False),
        (at(5), [evidence_of("0", at(1)), evidence_of(KEY, at(3))], True),
        (at(5), [evidence_of(KEY, at(3)), evidence_of("0", at(1))], True),
        (at(2), [evidence_of("0", at(1)), evidence_of(KEY, at(3))], False),
        (at(0), [evidence_of(KEY, at(1))], True),
        (at(0), [evidence_of("0", at(1)), evidence_of(KEY, at(3))], False),
        (None, [evidence_of("0", at(1)), evidence_of(KEY, at(3))], False),
        (at(1), [evidence_of(KEY, at(1) + timedelta(milliseconds=800))], True),
    ],
)
def test_an_approval_counts_while_its_evidence_is_todays(given_at, history, counts):
    standing = Standing(
        approved_by=("ben",),
        reviews=(Approval(by="ben", at=given_at),),
        recorded=tuple(history),
    )
    trials = (PASSING.trial,)
    assert bool(standing_approvals(trials, standing)) is counts
    assert bool(lapsed(trials, standing)) is not counts
    waits = waiting(trials, standing, Rules(merge="approved"))
    assert [wait.kind for wait in waits] == ([] if counts else [Wait.STALE_REVIEW])


@pytest.mark.parametrize("approved", [(), ("cleo",)])
def test_an_objection_is_waited_for_wherever_a_review_is(approved):
    standing = Standing(objected_by=("ben",), approved_by=approved)
    first, *_ = waiting((PASSING.trial,), standing, Rules(merge="approved"))
    assert first.kind is Wait.OBJECTION
    assert first.because == "ben asked for changes"
    assert first.kind not in FOR_PERSON
    assert waiting((PASSING.trial,), standing, Rules(merge="auto")) == ()


def test_one_fresh_approval_beside_a_stale_one_is_enough():
    standing = Standing(
        approved_by=("ben", "cleo"),
        reviews=(Approval(by="ben", at=at(2)), Approval(by="cleo", at=at(5))),
        recorded=(evidence_of("0", at(1)), evidence_of(KEY, at(3))),
    )
    assert waiting((PASSING.trial,), standing, Rules(merge="approved")) == ()
    assert [one.by for one in lapsed((PASSING.trial,), standing)] == ["ben"]


def test_what_changed_since_an_approval_is_read_from_the_record():
    decision = decide((PASSING,), Standing(), Rules(merge="auto"))
    stored = account(decision, (PASSING,), proposal(), "0.1.0").content
    then = recorded(stored)
    assert then is not None
    assert then.keys == {KEY}
    standing = Standing(approved_by=("ben",), recorded=(replace(then, keys=frozenset("0")),))
    assert lapsed((PASSING.trial,), standing)[0].changed == UNNAMED
    moved = replace(PASSING.trial, policy_digest="sha256:0")
    assert lapsed((moved,), standing)[0].changed == "policy policies/p.yaml changed since"
    first = judged(Outcome.PASSED, about=case(key=KEY, champion=None)).trial
    changed = lapsed((first,), standing)[0].changed
    assert changed == "the champion of credit-risk in production changed since"


@pytest.mark.parametrize("content", [None, [], {}, {"judgements": [1]}, {"judgements": [{}]}, "x"])
def test_what_is_no_record_is_none(content):
    assert recorded(content) is None


def test_a_record_keeps_what_is_awaited_with_what_ends_it():
    decision = decide((PASSING,), Standing(holds=(HELD,)), Rules(merge="auto"))
    content = account(decision, (PASSING,), proposal(), "0.1.0").content
    (wait,) = content["decision"]["waiting"]
    assert wait["kind"] == "held"
    assert wait["because"] == "held by ben: wait"
    assert "/lockstep release" in wait["unblock"]


def test_what_asks_for_no_evidence_makes_no_approval_stale():
    settled = trial(PASSING.trial.transition, settled="it restricts", needs_person="somebody looks")
    standing = Standing(approved_by=("ben",), recorded=())
    assert waiting((settled,), standing, Rules(merge="auto")) == ()
    kept = account(
        decide((PASSING,), Standing(), Rules(merge="auto")), (PASSING,), proposal(), "0.1.0"
    )
    assert recorded({**kept.content, "judgements": []}).keys == frozenset()
