"""`--fix` raises what is weak in a setting and keeps whatever else people chose there."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.world.doctor import examine
from bot.world.doctor_diagnosis import Write, mends_of
from bot.world.doctor_files import diagnose_owners
from bot.world.doctor_mending import mend_all
from bot.world.github_files import workflow_files
from tests.doctor.defects import queue
from tests.doctor.healthy import ACTION, Ward, troubles, ward
from tests.forges.keys import APP

if TYPE_CHECKING:
    from pathlib import Path

    from tests.forges.stand import Stand


@pytest.fixture
def clinic(github: Stand, tmp_path: Path) -> Ward:
    found = ward(github, tmp_path)
    found.clicked.rulesets[1]["name"] = "Lockstep"
    return found


def weakened(clinic: Ward) -> None:
    found = clinic.clicked.rulesets[1]
    found["rules"] = [one for one in found["rules"] if one["type"] != "required_linear_history"]


@pytest.mark.parametrize("named", [True, False])
def test_what_is_stronger_than_wanted_is_kept(clinic: Ward, named: bool) -> None:  # noqa: FBT001 -- a parameter of pytest
    ruleset = clinic.clicked.rulesets[1]
    ruleset["conditions"]["ref_name"]["include"].append("refs/heads/release/*")
    clinic.rule("pull_request").update(
        required_approving_review_count=2, required_review_thread_resolution=True
    )
    checks = clinic.rule("required_status_checks")["required_status_checks"]
    checks.append({"context": "security/scan", "integration_id": 99})
    ruleset["rules"].append({"type": "required_signatures"})
    weakened(clinic)
    before = deepcopy(ruleset)
    scene = clinic.scene()
    if not named:
        scene = replace(scene, app=None, installation=None)
    mend_all(mends_of(examine(scene)), scene.settings, None)
    after = clinic.clicked.rulesets[1]
    assert after["rules"] == [*before["rules"], {"type": "required_linear_history"}]
    for name in ("conditions", "bypass_actors", "enforcement"):
        assert after[name] == before[name]


def test_a_merge_queue_stays_and_counts_as_up_to_date(clinic: Ward) -> None:
    queue()(clinic)
    clinic.rule("required_status_checks")["strict_required_status_checks_policy"] = False
    weakened(clinic)
    scene = clinic.scene()
    mend_all(mends_of(examine(scene)), scene.settings, None)
    assert "merge_queue" in {one["type"] for one in clinic.rules}
    strict = clinic.rule("required_status_checks")["strict_required_status_checks_policy"]
    assert strict is False
    assert troubles(examine(clinic.scene())) == []


def test_actions_are_switched_on_with_what_was_allowed_before(clinic: Ward) -> None:
    clinic.clicked.actions.update(enabled=False, allowed_actions="selected")
    scene = clinic.scene()
    mend_all(mends_of(examine(scene)), scene.settings, None)
    kept = {"enabled": True, "allowed_actions": "selected", "sha_pinning_required": True}
    assert clinic.clicked.actions == kept


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("* @t\n/models.lock\n", "/models.lock @ana\n"),
        ("/policies/ @a/risk\n/.github/ @a/ops\n", "/models.lock @ana\n"),
        ("* @t\n/models.lock @t\n/policies/\n", "/policies/ @ana\n"),
        (
            "/models.lock @t\n/policies/a.yaml @a/risk\n/.github/ @t\n",
            "/policies/b.yaml @ana\n",
        ),
    ],
)
def test_only_what_has_no_owner_is_given_one(text: str, added: str) -> None:
    files = {".github/CODEOWNERS": text.encode()}
    found = diagnose_owners(files, ["policies/a.yaml", "policies/b.yaml"], (), "@ana")
    (write,) = mends_of(found)
    assert isinstance(write, Write)
    assert write.text == text + added


def test_the_bot_is_let_past_the_restriction_of_the_audit_branch(clinic: Ward) -> None:
    house = clinic.clicked.rulesets[4]
    house.update(name="Lockstep audit writer", bypass_actors=[])
    assert clinic.findings() == [("audit-open", "wrong")]
    scene = clinic.scene()
    mend_all(mends_of(examine(scene)), scene.settings, None)
    bot = {"actor_id": APP, "actor_type": "Integration", "bypass_mode": "always"}
    assert clinic.clicked.rulesets[4]["bypass_actors"] == [bot]
    assert clinic.findings() == []


def test_without_an_app_the_audit_branch_is_said_to_be_open(clinic: Ward) -> None:
    clinic.clicked.rulesets.pop(4)
    clinic.commit(dict(workflow_files(ACTION, identity="token")))
    found = examine(replace(clinic.scene(), app=None, installation=None))
    (said,) = [one for one in found if one.check == "audit-writers"]
    assert (said.level.value, said.mends) == ("warning", ())
    assert "cannot tell Lockstep from them" in said.what


def test_somebody_else_who_writes_to_the_audit_branch_is_named(clinic: Ward) -> None:
    other = {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}
    clinic.clicked.rulesets[4]["bypass_actors"].append(other)
    assert clinic.findings() == [("audit-writers", "warning")]
