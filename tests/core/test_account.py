from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from bot.core.account import account, identity, subject, trailers
from bot.core.decision import Rules, decide
from bot.core.lock import Hold as Held
from bot.core.proposal import Request, Standing
from bot.core.record import BRANCH, Record, digest_of, record_path, seal_path
from bot.core.transition import Exposure, Hold, Registration
from bot.core.verdict import Bounds, Measure, Outcome
from tests.builders import case
from tests.core.verdicts import WAIVER, judged, proposal, settled, verdict
from tests.landed import MODEL, entry, promotion, rollback

REGISTERED = judged(
    Outcome.PASSED, transition=Registration(model=MODEL, version="4", entry=entry("4"))
)
PROMOTED = judged(Outcome.PASSED)
BACK = judged(Outcome.PASSED, transition=rollback("4", "3"), fast_lane=True)
HELD = settled(Hold(model=MODEL, stage="production", hold=Held(reason="audit", by="@ana")))


def decided(*judgements):
    return decide(judgements, Standing(), Rules(merge="auto"))


def told(*judgements, **changes):
    record = account(decided(*judgements), judgements, proposal(**changes), "0.1.0")
    return json.loads(record.bytes)


def test_a_record_says_what_was_judged_from_what_and_what_followed():
    found = told(PROMOTED, standing=Standing(approved_by=("bo",)))
    assert found["at"] == "2026-11-23T09:41:00+00:00"
    assert found["lockstep"] == "0.1.0"
    assert found["request"] == {
        "number": 7,
        "author": "ana",
        "approved_by": ["bo"],
        "merge_ordered_by": None,
    }
    assert found["base"] == {"commit": "b" * 40, "lock": "0" * 40}
    assert found["head"] == {"commit": "a" * 40, "lock": "1" * 40}
    assert found["policies"] == {"policies/p.yaml": "sha256:" + "9" * 64}
    assert found["decision"]["ruling"] == "merge"
    (judgement,) = found["judgements"]
    assert judgement["transition"]["kind"] == "Promotion"
    assert judgement["challenger"] == "sha256:" + "7" * 64
    assert judgement["champion"] == "sha256:" + "9" * 64
    assert judgement["data"] == {"holdout": "sha256:" + "d" * 64}
    assert judgement["key"] == "4be1" * 16


def test_a_record_holds_every_figure_as_it_was_measured():
    measure = Measure(
        name="roc_auc",
        challenger=Bounds(value=0.1 + 0.2, lower=-math.inf, upper=math.inf),
        champion=0.9,
        n=12,
        outcome=Outcome.FAILED,
    )
    found = told(judged(verdict(Outcome.FAILED, measured=(measure,), waived=WAIVER)))
    (said,) = found["judgements"][0]["verdicts"]
    assert said["outcome"] == "failed"
    assert said["waived_by"] == "@ana"
    assert said["measured"] == [
        {
            "name": "roc_auc",
            "challenger": {
                "value": 0.30000000000000004,
                "lower": "-unbounded",
                "upper": "unbounded",
            },
            "champion": 0.9,
            "direction": "higher",
            "unit": "",
            "n": 12,
            "method": "",
            "outcome": "failed",
            "note": "",
        }
    ]


def test_a_figure_that_is_not_a_number_can_be_written():
    measure = Measure(name="f1", challenger=math.nan)
    found = told(judged(verdict(measured=(measure,))))
    assert found["judgements"][0]["verdicts"][0]["measured"][0]["challenger"] == "not a number"


def test_the_fault_of_an_error_is_named():
    from bot.core.errors import Fault

    found = told(judged(verdict(Outcome.ERRORED, fault=Fault.CHAMPION_GONE)))
    assert found["judgements"][0]["verdicts"][0]["fault"] == "champion_gone"


def test_a_transition_that_asks_nothing_is_recorded_with_its_reason():
    (judgement,) = told(HELD)["judgements"]
    assert judgement["settled"] == "it restricts"
    assert (judgement["key"], judgement["challenger"], judgement["data"]) == (None, None, {})


def test_a_lock_that_is_not_there_has_no_object():
    assert told(PROMOTED, base=None)["base"]["lock"] is None


def test_a_first_champion_has_no_champion_before_it():
    first = judged(Outcome.PASSED, transition=promotion(None, "4"), about=case(champion=None))
    assert told(first)["judgements"][0]["champion"] is None
    assert "Champion: none" in trailers(decided(first), [first], proposal())


def test_the_same_decision_later_is_the_same_record():
    decision = decided(PROMOTED)
    later = proposal(now=proposal().now.replace(hour=23))
    assert identity(decision, [PROMOTED], proposal()) == identity(decision, [PROMOTED], later)


@pytest.mark.parametrize(
    "changed",
    [
        {"repository": "acme/others"},
        {"author": "anastasia"},
        {"branch": "trunk"},
        {"request": Request(number=8)},
        {"head_sha": "c" * 40},
        {"base_sha": "c" * 40},
        {"head": None},
    ],
)
def test_a_decision_about_something_else_is_another_record(changed):
    decision = decided(PROMOTED)
    here = identity(decision, [PROMOTED, HELD], proposal())
    assert here != identity(decision, [PROMOTED, HELD], proposal(**changed))


def test_another_ruling_or_other_evidence_is_another_record():
    here = identity(decided(PROMOTED), [PROMOTED], proposal())
    failed = decided(judged(Outcome.FAILED))
    other = replace(PROMOTED, trial=replace(PROMOTED.trial, case=case(key="ff" * 32)))
    assert len({here, identity(failed, [PROMOTED], proposal()),
                identity(decided(other), [other], proposal())}) == 3  # fmt: skip


def test_who_approved_and_who_ordered_the_merge_make_another_record():
    standings = (
        Standing(),
        Standing(approved_by=("ben",)),
        Standing(approved_by=("carol",)),
        Standing(approved_by=("ben", "carol")),
        Standing(merge_ordered_by="ben"),
    )
    named = [identity(decided(PROMOTED), [PROMOTED], proposal(standing=one)) for one in standings]
    assert len(set(named)) == len(standings)


def test_the_same_people_in_another_order_are_the_same_record():
    one, other = Standing(approved_by=("ben", "carol")), Standing(approved_by=("carol", "ben"))
    decision = decided(PROMOTED)
    assert identity(decision, [PROMOTED], proposal(standing=one)) == identity(
        decision, [PROMOTED], proposal(standing=other)
    )


def test_what_a_decision_waits_for_makes_another_record():
    rules = Rules(merge="manual")
    standings = (Standing(), Standing(draft=True))
    decisions = [decide([PROMOTED], one, rules) for one in standings]
    assert {one.ruling.value for one in decisions} == {"hold"}
    assert len({identity(one, [PROMOTED], proposal()) for one in decisions}) == 2


@pytest.mark.parametrize(
    ("judgements", "line"),
    [
        ([REGISTERED], "Register credit-risk 4"),
        ([REGISTERED, PROMOTED], "Promote credit-risk 4 to production"),
        ([PROMOTED, BACK], "Promote credit-risk 4 to production and 1 more"),
        ([BACK], "Roll credit-risk back to 3 in production"),
        ([BACK, HELD], "Roll credit-risk back to 3 in production"),
        ([HELD], "Hold of credit-risk"),
    ],
)
def test_what_lands_is_said_in_one_line(judgements, line):
    assert subject(judgements) == line


def test_the_trailers_name_every_transition_and_the_policy_once():
    assert trailers(decided(REGISTERED, PROMOTED), [REGISTERED, PROMOTED], proposal()) == (
        "Model: credit-risk",
        "Transition: Registration",
        "Challenger: 4",
        "Model: credit-risk",
        "Transition: Promotion",
        "Stage: production",
        "Champion: 3",
        "Challenger: 4",
        "Decision: merge",
        "Policy: sha256:" + "9" * 64,
        "Triggered-by: acme/models#7",
    )


def test_a_rollback_names_what_it_takes_back():
    lines = trailers(decided(BACK), [BACK], proposal(request=Request()))
    assert lines[2:6] == (
        "Stage: production",
        "Champion: 4",
        "Challenger: 3",
        "Rollback-of: credit-risk@4",
    )
    assert not any(line.startswith("Triggered-by") for line in lines)


def test_a_transition_without_versions_has_only_its_kind():
    moved = settled(Exposure(model=MODEL, stage="canary", before=10, after=5))
    assert trailers(decided(moved), [moved], proposal())[:2] == (
        "Model: credit-risk",
        "Transition: Exposure",
    )


def test_a_record_is_named_by_its_bytes_and_lies_under_its_identity():
    record = Record(content={"b": 1, "a": [2.0, None]})
    assert record.bytes == b'{"a":[2,null],"b":1}'
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest_of(b"") == f"sha256:{empty}"
    assert record_path(7, "abcd") == "records/7/abcd.json"
    assert seal_path(7, "abcd") == "seals/7/abcd.json"
    assert BRANCH == "lockstep/audit"


def test_half_a_surrogate_pair_is_recorded_as_a_question_mark():
    written = Record(content={"title": "a\ud800b", "\udfff": 1}).bytes

    assert json.loads(written) == {"title": "a?b", "?": 1}
