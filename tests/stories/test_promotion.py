"""Stories of promotion: a pull request from its event to what is left behind."""

from __future__ import annotations

import json
import subprocess

from bot.core.decision import Ruling
from bot.core.verdict import Outcome
from bot.world.repository import Repository
from tests.stories.workshop import Workshop


def message_of(workshop: Workshop, commit: str) -> str:
    bare = Repository(workshop.folder / "forge/repository.git")
    return bare.run("cat-file", "commit", commit).decode()


def test_a_first_champion_is_asked_the_opening_gates(workshop: Workshop) -> None:
    conclusion = workshop.judge(workshop.promote("1"))

    asked = [v.title for j in conclusion.judgements for v in j.verdicts]
    assert conclusion.decision.ruling is Ruling.MERGE
    assert asked == ["artifact", "unsafe_code", "outputs", "metric roc_auc"]
    assert conclusion.judgements[1].trial.cold_start


def test_a_better_challenger_merges_with_trailers_and_a_sealed_record(champion: Workshop) -> None:
    number = champion.promote("2")

    conclusion = champion.judge(number)

    landed = champion.landed(number)
    assert conclusion.decision.ruling is Ruling.MERGE
    assert landed is not None
    message = message_of(champion, landed)
    for trailer in (
        "Model: churn",
        "Transition: Promotion",
        "Champion: 1",
        "Challenger: 2",
        "Decision: merge",
        "Record: sha256:",
        "Policy: sha256:",
        f"Triggered-by: local/churn#{number}",
    ):
        assert f"\n{trailer}" in message
    assert sum(path.startswith("seals/") for path in champion.audit()) == 2


def test_the_record_on_the_audit_branch_is_the_one_the_commit_names(champion: Workshop) -> None:
    import hashlib

    number = champion.promote("2")
    champion.judge(number)
    bare = Repository(champion.folder / "forge/repository.git")
    named = message_of(champion, champion.landed(number) or "").split("Record: ")[1].strip()

    stored = [
        bare.blob(bare.commit("lockstep/audit"), path, most=10**6)
        for path in champion.audit()
        if path.startswith("records/")
    ]
    digests = {
        f"sha256:{hashlib.sha256(blob.text).hexdigest()}": json.loads(blob.text)
        for blob in stored
        if blob
    }

    assert digests[named]["decision"]["ruling"] == "merge"
    assert digests[named]["request"]["number"] == number


def test_a_worse_challenger_is_refused_and_nothing_merges(champion: Workshop) -> None:
    number = champion.promote("3")

    conclusion = champion.judge(number)

    assert conclusion.decision.ruling is Ruling.REFUSE
    assert conclusion.decision.outcome is Outcome.FAILED
    assert champion.landed(number) is None
    status = champion.forge.status(
        champion.forge.pull_request(number).head_sha, "lockstep/gate: main"
    )
    assert status is not None
    assert status.state == "failure"


def test_git_revert_of_a_promotion_is_a_rollback_on_the_fast_lane(champion: Workshop) -> None:
    champion.judge(champion.promote("2"))
    commit = champion.ana.pulls()

    number = champion.ana.reverts(commit, "undo", "Revert 2").number
    conclusion = champion.judge(number)

    gates = [v.gate for j in conclusion.judgements for v in j.verdicts]
    assert conclusion.decision.ruling is Ruling.MERGE
    assert set(gates) == {"artifact", "unsafe_code", "loads", "schema"}
    assert "Rollback-of: churn@2" in message_of(champion, champion.landed(number) or "")


def test_a_version_that_was_rolled_back_is_refused_until_it_is_released(
    champion: Workshop,
) -> None:
    champion.judge(champion.promote("2"))
    champion.judge(champion.ana.reverts(champion.ana.pulls(), "undo", "Revert 2").number)
    champion.ana.pulls()

    described = champion.entry("2")
    number = champion.ana.proposes(
        "again",
        "Promote 2 again",
        lambda models: {
            "churn": models["churn"].model_copy(
                update={
                    "versions": {**models["churn"].versions, "2": described},
                    "stages": {"production": "2"},
                }
            )
        },
    ).number
    conclusion = champion.judge(number)

    assert conclusion.decision.ruling is Ruling.REFUSE
    assert conclusion.decision.refusal is not None
    assert "rolled back" in str(conclusion.decision.refusal)
    assert champion.landed(number) is None


def test_two_promotions_of_one_model_judge_the_second_against_the_new_champion(
    champion: Workshop,
) -> None:
    better, worse = champion.promote("2"), champion.promote("3")
    champion.judge(better)

    conclusion = champion.judge(worse)

    assert champion.landed(worse) is None
    assert conclusion.decision.ruling is Ruling.REFUSE


def test_a_request_that_does_not_touch_the_lock_gets_a_status_and_no_comment(
    champion: Workshop,
) -> None:
    subprocess.run(["git", "-C", str(champion.ana.clone), "checkout", "-qb", "readme"], check=True)
    (champion.ana.clone / "README").write_text("words\n")
    champion.ana._git("add", "README")
    champion.ana._git("commit", "-qm", "words")
    pull = champion.ana._opens("readme", "words")

    conclusion = champion.judge(pull.number)

    status = champion.forge.status(pull.head_sha, "lockstep/gate: main")
    assert conclusion.decision.ruling is Ruling.NOTHING
    assert status is not None
    assert status.state == "success"
    assert champion.forge.reports(pull.number, "<!--") == ()


def test_approved_merges_wait_for_a_review_of_exactly_this_head(tmp_path) -> None:
    workshop = Workshop(tmp_path, {"merge": "approved"})
    number = workshop.promote("1")

    waiting = workshop.judge(number)
    workshop.forge.approve(number, "ben")
    merged = workshop.judge(number)

    assert waiting.decision.ruling is Ruling.HOLD
    assert merged.decision.ruling is Ruling.MERGE
    assert workshop.landed(number) is not None


def test_a_rung_cannot_be_skipped(tmp_path) -> None:
    workshop = Workshop(tmp_path, {"ladder": "staging, production"})

    conclusion = workshop.judge(workshop.promote("1", "production"))

    assert conclusion.decision.refusal is not None
    assert "would skip staging" in str(conclusion.decision.refusal)


def test_a_clear_gain_takes_the_fast_track(tmp_path) -> None:
    workshop = Workshop(
        tmp_path,
        {
            "ladder": "staging, production",
            "more": "",
            "merge": "auto, fast_track: {when: {metric: roc_auc, lower_bound_gain: 0.05}, "
            "skip: [staging]}",
        },
    )
    workshop.judge(workshop.promote("1", "staging"))
    workshop.judge(workshop.promote("1", "production"))

    conclusion = workshop.judge(workshop.promote("2", "production"))

    assert conclusion.decision.ruling is Ruling.MERGE
