from __future__ import annotations

import pytest

from bot.core.action import (
    ConfirmLanding,
    MergePullRequest,
    PublishReport,
    SetStatus,
    StoreRecord,
)
from bot.core.actions import MARKER, actions
from bot.core.decision import Rules, decide, refuse
from bot.core.errors import Malformed, Problem
from bot.core.proposal import Request, Standing
from bot.core.verdict import Outcome
from tests.core.verdicts import judged, proposal

STATUS = SetStatus(sha="a" * 40, context="lockstep/gate: main", state="success", description="ok")


def follow(*outcomes, read=None, merge="auto"):
    read = read or proposal()
    judgements = [judged(outcome) for outcome in outcomes]
    decision = decide(judgements, read.standing, Rules(merge=merge))
    return actions(decision, judgements, read, "the report", STATUS, "0.1.0")


def kinds(done):
    return [type(action) for action in done]


def test_a_merge_comes_last_after_report_record_and_status():
    report, record, status, merge = follow(Outcome.PASSED)
    assert report == PublishReport(number=7, marker=MARKER, body="the report")
    assert status is STATUS
    assert isinstance(record, StoreRecord)
    assert isinstance(merge, MergePullRequest)
    assert merge.title == "Promote credit-risk 4 to production (#7)"
    assert (merge.head_sha, merge.base_sha, merge.lock_oid) == ("a" * 40, "b" * 40, "1" * 40)
    assert merge.identity == record.identity
    assert "Decision: merge" in merge.trailers


def test_a_refusal_is_reported_and_recorded_and_never_merged():
    assert kinds(follow(Outcome.FAILED)) == [PublishReport, StoreRecord, SetStatus]


@pytest.mark.parametrize("outcome", [Outcome.INCONCLUSIVE, Outcome.ERRORED])
def test_what_could_not_be_decided_is_recorded_and_never_merged(outcome):
    assert kinds(follow(outcome)) == [PublishReport, StoreRecord, SetStatus]


def test_what_passes_after_an_error_on_the_same_evidence_has_a_record_of_its_own():
    _, erred, *_ = follow(Outcome.ERRORED, merge="approved")
    _, passed, *_ = follow(Outcome.PASSED, merge="approved")
    assert erred.identity != passed.identity
    assert follow(Outcome.ERRORED, merge="approved")[1].identity == erred.identity


def test_what_passed_and_waits_for_a_person_is_recorded_before_it_is_green():
    done = follow(Outcome.PASSED, merge="approved")
    assert kinds(done) == [PublishReport, StoreRecord, SetStatus]


def test_input_that_cannot_be_judged_leaves_no_record():
    decision = refuse(Malformed(Problem(what="no", remedy="yes")))
    done = actions(decision, [], proposal(), "the report", STATUS, "0.1.0")
    assert kinds(done) == [PublishReport, SetStatus]


def test_a_change_without_a_promotion_gets_a_status_and_no_comment():
    assert follow() == (STATUS,)


def test_a_working_tree_has_nobody_to_tell():
    assert follow(Outcome.PASSED, read=proposal(request=Request())) == ()


def test_a_request_that_has_landed_is_only_sealed():
    landed = proposal(standing=Standing(open=False, merged_as="c" * 40))
    assert follow(Outcome.PASSED, read=landed) == (
        ConfirmLanding(number=7, landed="c" * 40, branch="main"),
    )


def test_a_closed_request_is_left_alone():
    assert follow(Outcome.PASSED, read=proposal(standing=Standing(open=False))) == ()


def test_what_the_queue_asks_for_is_recorded_and_green_and_merged_by_the_queue():
    asked = proposal(standing=Standing(queued=True))
    assert kinds(follow(Outcome.PASSED, read=asked)) == [StoreRecord, SetStatus]


def test_what_the_queue_may_not_land_is_reported():
    asked = proposal(standing=Standing(queued=True))
    assert kinds(follow(Outcome.FAILED, read=asked)) == [PublishReport, StoreRecord, SetStatus]
