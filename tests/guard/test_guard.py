"""The guard: what landed without a decision is told once, turns red, and its revert is proposed."""

from __future__ import annotations

import json

from bot.core.decision import Ruling
from bot.core.finding import Kind
from bot.core.lock import Model
from tests.guard.yard import POLICY, Yard


def kinds(guarded: object) -> list[Kind]:
    return [finding.kind for finding in guarded.findings]


def test_what_was_there_before_lockstep_is_taken_as_it_was(yard: Yard) -> None:
    first = yard.tip()

    guarded = yard.guard()

    assert kinds(guarded) == [Kind.FOUNDING]
    assert guarded.red == ()
    assert yard.light(first) == "success"
    assert yard.guard().findings == ()


def test_a_branch_that_was_guarded_late_begins_before_its_first_decision(yard: Yard) -> None:
    first = yard.tip()
    yard.land("churn", "1")
    by_hand = yard.push(yard.serving("churn", "2"))

    guarded = yard.guard()

    assert [(one.kind, one.commit) for one in guarded.findings] == [
        (Kind.FOUNDING, first),
        (Kind.BY_HAND, by_hand),
    ]


def test_what_the_bot_landed_is_accounted_for(yard: Yard) -> None:
    yard.guard()
    yard.land("churn", "1")
    yard.land("churn", "2")

    guarded = yard.guard()

    assert guarded.commits == 2
    assert (guarded.findings, guarded.red, guarded.sealed) == ((), (), ())


def test_a_push_by_hand_turns_red_opens_one_issue_and_proposes_the_revert(yard: Yard) -> None:
    yard.guard()
    yard.land("churn", "1")
    by_hand = yard.push(yard.serving("churn", "2"), "quick fix, see #1 @everybody")

    guarded = yard.guard()

    assert kinds(guarded) == [Kind.BY_HAND]
    assert yard.light(by_hand) == "failure"
    (issue,) = yard.forge.issues()
    assert by_hand in issue.body
    assert "promote 2 to production, champion was 1" in issue.body
    assert "@everybody" not in issue.body
    (pull,) = yard.forge.open_pull_requests()
    assert pull.head == f"lockstep/revert-{by_hand[:12]}"
    yard.forge.approve(pull.number, "ben")
    assert yard.judge(pull.number).decision.ruling is Ruling.MERGE
    assert yard.lock()["churn"].stages == {"production": "1"}
    assert yard.guard().findings == ()
    assert len(yard.forge.issues()) == 1


def test_the_revert_keeps_what_others_changed_since(yard: Yard) -> None:
    yard.guard()
    yard.land("churn", "1")
    yard.push(yard.serving("churn", "2"))
    yard.land("spam", "3")

    yard.guard()

    (pull,) = yard.forge.open_pull_requests()
    yard.forge.approve(pull.number, "ben")
    conclusion = yard.judge(pull.number)
    assert conclusion.judgements[0].trial.fast_lane
    assert yard.lock()["churn"].stages == {"production": "1"}
    assert yard.lock()["spam"].stages == {"production": "3"}


def test_pushes_in_a_row_are_one_issue_and_one_revert(yard: Yard) -> None:
    yard.guard()
    yard.land("churn", "1")
    pushed = [yard.push(yard.serving("churn", version)) for version in "234"]

    guarded = yard.guard()

    (finding,) = guarded.findings
    assert (finding.commit, finding.before) == (pushed[2], tuple(pushed[:2]))
    assert guarded.red == tuple(pushed)
    assert [yard.light(commit) for commit in pushed] == ["failure"] * 3
    assert len(yard.forge.issues()) == 1
    (pull,) = yard.forge.open_pull_requests()
    # Versions that never were judged are retired, which a person confirms.
    yard.forge.approve(pull.number, "ben")
    yard.judge(pull.number)
    assert yard.lock()["churn"].stages == {"production": "1"}
    assert sorted(yard.lock()["churn"].retired) == ["2", "3"]
    assert yard.guard().red == tuple(pushed)


def test_a_second_push_that_comes_later_is_reverted_to_the_last_record(yard: Yard) -> None:
    yard.guard()
    yard.land("churn", "1")
    yard.push(yard.serving("churn", "2"))
    yard.guard()
    later = yard.push(yard.serving("churn", "3"))

    yard.guard()

    newest = yard.forge.open_pull_requests()[-1]
    assert newest.head == f"lockstep/revert-{later[:12]}"
    yard.forge.approve(newest.number, "ben")
    yard.judge(newest.number)
    assert yard.lock()["churn"].stages == {"production": "1"}


def test_a_model_that_was_pushed_is_taken_out_of_service_and_not_forgotten(yard: Yard) -> None:
    yard.guard()
    by_hand = yard.push(yard.serving("churn", "2"))

    yard.guard()

    (pull,) = yard.forge.open_pull_requests()
    yard.forge.approve(pull.number, "ben")
    assert yard.judge(pull.number).decision.ruling is Ruling.MERGE
    assert yard.lock()["churn"].stages == {}
    assert by_hand[:12] in yard.lock()["churn"].retired["2"]


def test_giving_back_by_hand_what_was_recorded_last_is_allowed(yard: Yard) -> None:
    yard.guard()
    yard.land("churn", "1")
    recorded = yard.lock()
    yard.push(yard.serving("churn", "2"))
    yard.guard()

    back = yard.push(lambda _: recorded)
    guarded = yard.guard()

    assert kinds(guarded) == [Kind.RESTORED]
    assert yard.light(back) == "success"


def test_a_copied_message_is_no_record(yard: Yard) -> None:
    """The lock of a promotion that was rolled back comes again, with its trailers."""
    yard.guard()
    yard.land("churn", "1")
    landed = yard.land("churn", "2")
    message = yard.bare.run("log", "-1", "--format=%B", landed).decode()
    second = yard.lock()
    undo = yard.ana.reverts(landed, "undo", "Revert 2").number
    yard.judge(undo)

    again = yard.push(lambda _: second, message)
    guarded = yard.guard()

    assert [(one.kind, one.commit) for one in guarded.findings] == [(Kind.BY_HAND, again)]


def test_a_message_that_names_a_refusal_is_no_record(yard: Yard) -> None:
    yard.guard()
    yard.land("churn", "1")
    (yard.ana.clone / "models/9.skops").write_bytes(b"other bytes than main has")
    number = yard.propose("churn", "9")
    assert yard.judge(number).decision.ruling is not Ruling.MERGE

    by_hand = yard.push(yard.serving("churn", "9"), f"Promote (#{number})")
    guarded = yard.guard()

    assert [(one.kind, one.commit) for one in guarded.findings] == [(Kind.BY_HAND, by_hand)]


def test_what_a_person_merged_after_a_pass_is_sealed(tmp_path) -> None:
    yard = Yard(tmp_path, POLICY.replace("merge: auto", "merge: manual"))
    yard.guard()
    number = yard.propose("churn", "1")
    yard.judge(number)
    head = yard.forge.pull_request(number).head_sha
    landed = yard.forge.acting_as("ana").merge(number, sha=head, title="mine", message="no words")

    guarded = yard.guard()

    assert guarded.sealed == (landed,)
    assert guarded.findings == ()
    assert [path.split("/")[1] for path in yard.audit("seals")] == [str(number)]


def test_a_landing_that_a_forced_push_dropped_is_told(yard: Yard) -> None:
    yard.guard()
    first = yard.land("churn", "1")
    second = yard.land("churn", "2")
    yard.ana.pulls()
    yard.ana._git("push", "--quiet", "--force", "origin", f"{first}:refs/heads/main")

    guarded = yard.guard()

    assert [(one.kind, one.commit) for one in guarded.findings] == [(Kind.DROPPED, second)]
    assert yard.light(first) == "failure"
    assert yard.guard().findings == ()
    assert len(yard.forge.issues()) == 1


def test_a_lost_audit_branch_is_told_and_is_no_founding(yard: Yard) -> None:
    landed = yard.land("churn", "1")
    yard.ana._git("push", "--quiet", "origin", "--delete", "lockstep/audit")

    guarded = yard.guard()

    assert [(one.kind, one.commit) for one in guarded.findings] == [(Kind.NO_AUDIT, landed)]
    assert yard.light(landed) == "failure"
    assert yard.guard().findings == ()


def test_a_lock_that_nobody_can_read_is_given_back(yard: Yard) -> None:
    yard.guard()
    yard.land("churn", "1")
    recorded = yard.lock()
    yard.push_text(b"models: {{ broken\n")

    guarded = yard.guard()

    assert kinds(guarded) == [Kind.BY_HAND]
    (pull,) = yard.forge.open_pull_requests()
    blob = yard.bare.blob(pull.head_sha, "models.lock", most=10**6)
    assert blob is not None
    assert yard.lock(pull.head_sha) == recorded


def test_a_dry_run_tells_nobody(yard: Yard) -> None:
    yard.guard()
    by_hand = yard.push(yard.serving("churn", "2"))

    guarded = yard.guard(dry_run=True)

    assert guarded.red == (by_hand,)
    assert yard.light(by_hand) is None
    assert yard.forge.issues() == ()
    assert yard.forge.open_pull_requests() == ()


def test_only_what_came_after_a_commit_is_told_and_the_rest_waits(yard: Yard) -> None:
    yard.guard()
    before = yard.push(yard.serving("churn", "2"))
    landed = yard.land("spam", "3")

    guarded = yard.guard(since=before)

    assert guarded.findings == ()
    assert yard.light(landed) == "success"
    assert [one.commit for one in yard.guard().findings] == [before]


def test_a_finding_is_stored_with_everything_it_says(yard: Yard) -> None:
    yard.guard()
    by_hand = yard.push(yard.serving("churn", "2"), "quick fix")
    yard.guard()

    (path,) = [path for path in yard.audit("findings") if by_hand in path]
    blob = yard.bare.blob(yard.bare.commit("lockstep/audit"), path, most=10**6)
    assert blob is not None
    content = json.loads(blob.text)
    assert content["finding"] == "by hand"
    assert content["by"] == "ana"
    assert content["subject"] == "quick fix"
    assert content["moves"] == ["`churn`: register 2", "`churn`: promote 2 to production"]


def test_a_removed_lock_is_given_back(yard: Yard) -> None:
    yard.guard()
    yard.land("churn", "1")
    yard.ana.pulls()
    (yard.ana.clone / "models.lock").unlink()
    yard.ana._git("commit", "--quiet", "--all", "-m", "gone")
    yard.ana._git("push", "--quiet", "origin", "main")

    guarded = yard.guard()

    assert kinds(guarded) == [Kind.BY_HAND]
    (pull,) = yard.forge.open_pull_requests()
    assert set(yard.lock(pull.head_sha)) == {"churn"}
    assert isinstance(yard.lock(pull.head_sha)["churn"], Model)
