"""A request is held, released, overridden and merged by comments alone."""

from __future__ import annotations

import json

import pytest

from bot.core.decision import Ruling
from bot.core.verdict import Outcome
from bot.core.waiting import Wait
from bot.world.repository import Repository
from tests.commands.town import CODE, NOW, Town


def kinds(conclusion) -> list[Wait]:
    return [wait.kind for wait in conclusion.decision.waiting]


def test_a_request_is_held_released_overridden_and_merged(tmp_path):
    town = Town(tmp_path, merge="manual")
    number = town.promote("2")
    assert town.judge(number).decision.ruling is Ruling.REFUSE

    assert town.says("ben", "/lockstep hold the audit is not over").evaluate
    assert town.status().startswith("failure: FAIL")

    order = '/lockstep override --gate lineage --reason "the code is in another house"'
    assert town.says("ben", order).evaluate
    assert town.status() == "pending: HELD by ben: the audit is not over."
    assert "### ⚠️ Passed with an override" in town.report()
    assert "Overridden by ben until" in town.report()

    assert town.says("cleo", "/lockstep release").evaluate
    assert town.status().startswith("success: PASS with an override")
    assert town.landed() is None

    assert town.says("ben", f"/lockstep merge {town.head()[:10]}").evaluate
    landed = town.landed()
    assert landed is not None
    assert "Override: lineage by ben" in town.message(landed)
    assert [order.kind.value for order in town.orders()] == [
        "hold",
        "override",
        "release",
        "merge",
    ]


def test_what_was_overridden_is_recorded_as_overridden_and_never_as_passed(tmp_path):
    town = Town(tmp_path)
    town.promote("2")
    town.judge(1)
    town.says("ben", '/lockstep override --gate lineage --reason "known"')
    bare = Repository(tmp_path / "forge/repository.git")
    tip = bare.resolve("lockstep/audit")
    records = [
        json.loads(bare.run("cat-file", "blob", oid))
        for _, oid, _, _ in bare.tree(tip, "records/1/")
    ]
    outcomes = {record["decision"]["outcome"]: record for record in records}
    assert set(outcomes) == {"failed", "overridden"}
    (override,) = outcomes["overridden"]["decision"]["overrides"]
    assert (override["gate"], override["by"], override["reason"]) == ("lineage", "ben", "known")
    assert town.landed() is not None


def test_an_override_lapses_when_the_evidence_changes(tmp_path):
    town = Town(tmp_path, merge="manual")
    town.promote("2")
    town.judge(1)
    town.says("ben", '/lockstep override --gate lineage --reason "known"')
    assert town.status().startswith("success")
    town.push_to_main("policies/credit.yaml", town.policy() + "# another policy\n")
    assert town.judge(1).decision.ruling is Ruling.REFUSE


def test_an_override_lapses_when_its_days_are_over(tmp_path):
    town = Town(tmp_path, merge="manual", more="overrides: {expire: 2d}")
    town.promote("2")
    town.judge(1)
    event = town.comment("ben", '/lockstep override --gate lineage --reason "known"')
    assert town.carry(event, NOW.replace(year=2020)).evaluate
    assert town.judge(1).decision.ruling is Ruling.REFUSE


def test_an_override_needs_a_report_of_this_evidence(tmp_path):
    town = Town(tmp_path, merge="manual")
    town.promote("2")
    order = '/lockstep override --gate lineage --reason "unseen"'
    assert not town.says("ben", order).evaluate
    assert "have it judged, read the report" in town.replies()[0]
    town.judge(1)
    town.push_to_main("policies/credit.yaml", town.policy() + "# another policy\n")
    assert not town.says("ben", order).evaluate
    assert town.orders() == []


@pytest.mark.parametrize("who", ["ana", "ANA"])
def test_nobody_overrides_for_their_own_request(tmp_path, who):
    town = Town(tmp_path)
    town.promote("2")
    town.judge(1)
    assert not town.says(who, '/lockstep override --gate lineage --reason "mine"').evaluate
    assert "for their own request" in town.replies()[0]
    assert town.landed() is None


def test_a_hard_gate_and_the_gates_of_integrity_are_overridden_by_nobody(tmp_path):
    town = Town(tmp_path, hard=True)
    town.promote("2")
    town.judge(1)
    for gate in ("lineage", "artifact"):
        assert not town.says("ben", f'/lockstep override --gate {gate} --reason "x"').evaluate
        assert f"the gate {gate} is hard" in town.replies()[-1]
    assert "override" not in town.report()


def test_an_order_to_merge_is_of_one_head_and_of_one_evidence(tmp_path):
    town = Town(tmp_path, merge="manual")
    town.promote("1", code=CODE)
    town.judge(1)
    assert not town.says("ben", "/lockstep merge 0123456").evaluate
    assert f"`/lockstep merge {town.head()[:12]}`" in town.replies()[0]
    event = town.comment("ben", f"/lockstep merge {town.head()}")
    assert town.carry(event).evaluate
    town.push_to_main("policies/credit.yaml", town.policy() + "# another policy\n")
    conclusion = town.judge(1)
    assert kinds(conclusion) == [Wait.MANUAL]
    assert "the order of ben was for other evidence" in conclusion.decision.waiting[0].because


def test_a_hold_takes_back_an_earlier_order_to_merge(tmp_path):
    town = Town(tmp_path, merge="manual")
    town.promote("1", code=CODE)
    merge = town.comment("ben", f"/lockstep merge {town.head()}")
    assert town.carry(merge).evaluate
    town.says("cleo", "/lockstep hold wait")
    town.says("cleo", "/lockstep release")
    assert town.landed() is None
    assert kinds(town.judge(1)) == [Wait.MANUAL]


def test_a_hold_stays_when_its_comment_and_the_head_go(tmp_path):
    town = Town(tmp_path)
    town.promote("1", code=CODE)
    event = town.comment("ben", "/lockstep hold wait")
    town.carry(event)
    dossier = town.forge._folder.dossier(1)
    town.forge._folder.write_dossier(type(dossier)(**{**vars_of(dossier), "remarks": ()}))
    assert kinds(town.judge(1)) == [Wait.HELD]


def vars_of(dossier) -> dict[str, object]:
    return {name: getattr(dossier, name) for name in dossier.__dataclass_fields__}


def test_an_approval_lapses_with_the_evidence_and_says_what_changed(tmp_path):
    town = Town(tmp_path, merge="approved")
    town.promote("1", code=CODE)
    assert kinds(town.judge(1)) == [Wait.REVIEW]
    town.forge.approve(1, "ben")
    town.push_to_main("policies/credit.yaml", town.policy() + "# another policy\n")
    conclusion = town.judge(1)
    assert kinds(conclusion) == [Wait.STALE_REVIEW]
    assert "policy policies/credit.yaml changed since" in town.report()
    assert town.status().startswith("pending: WAITING: the approval of ben")
    town.forge.approve(1, "ben")
    assert town.judge(1).decision.ruling is Ruling.MERGE
    assert town.landed() is not None


def test_an_approval_of_what_could_not_be_judged_lapses_when_it_can_be(tmp_path):
    town = Town(tmp_path, merge="approved")
    floor = "{metric: roc_auc, at_least: 0.9, because: floor, review_by: 2999-01-01}"
    gone = f"{{uri: data/gone.parquet, digest: 'sha256:{'0' * 64}', task: binary, target: y}}"
    strict = town.policy().replace("opening: [artifact]", f"opening: [artifact, metric: {floor}]")
    strict = strict.replace("gates:", f"data:\n  holdout: {gone}\ngates:", 1)
    town.push_to_main("policies/credit.yaml", strict)
    town.promote("1", code=CODE)
    assert town.judge(1).decision.outcome is Outcome.ERRORED
    bare = Repository(town.folder / "forge/repository.git")
    records = bare.resolve("lockstep/audit")
    assert town.judge(1).decision.ruling is Ruling.HOLD
    assert bare.resolve("lockstep/audit") == records is not None
    town.forge.approve(1, "ben")
    town.push_to_main("policies/credit.yaml", town.policy())
    assert kinds(town.judge(1)) == [Wait.STALE_REVIEW]
    assert town.landed() is None


def test_an_approval_before_the_first_evaluation_counts(tmp_path):
    town = Town(tmp_path, merge="approved")
    town.promote("1", code=CODE)
    town.forge.approve(1, "ben")
    assert town.judge(1).decision.ruling is Ruling.MERGE


def test_a_code_owner_of_the_lock_must_be_among_those_who_approve(tmp_path):
    town = Town(tmp_path, merge="approved", owners="* @ana\nmodels.lock @acme/risk @cleo\n")
    town.promote("1", code=CODE)
    town.forge.approve(1, "ben")
    conclusion = town.judge(1)
    assert kinds(conclusion) == [Wait.OWNERS]
    assert "CODEOWNERS:2" in town.report()
    assert "a code owner approves it: cleo or acme/risk" in town.report()
    assert town.status().endswith("Merges when cleo or acme/risk approves.")
    town.forge.approve(1, "cleo")
    assert town.judge(1).decision.ruling is Ruling.MERGE


def test_an_approval_on_behalf_of_an_owning_team_counts(tmp_path):
    town = Town(tmp_path, merge="approved", owners="models.lock @acme/risk\n")
    town.promote("1", code=CODE)
    town.forge.grant("dan", "write", teams=("acme/Risk",))
    town.forge.approve(1, "dan")
    assert town.judge(1).decision.ruling is Ruling.MERGE


def test_a_sole_owner_who_proposes_is_told_that_nobody_can_approve(tmp_path):
    town = Town(tmp_path, merge="approved", owners="models.lock @ana\n")
    town.promote("1", code=CODE)
    town.judge(1)
    assert "nobody else owns it" in town.report()
    town.forge.approve(1, "ben")
    assert kinds(town.judge(1)) == [Wait.OWNERS]
    assert "name a further owner in CODEOWNERS" in town.report()
    assert town.status().endswith("Nobody can approve as a code owner.")
