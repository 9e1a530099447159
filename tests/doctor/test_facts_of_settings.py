"""Checks of GitHub's settings on plain facts, where the test server shows other ones."""

from __future__ import annotations

from typing import Any

import pytest

from bot.world.doctor_actions import ActionsSettings, diagnose_actions, diagnose_key_scope
from bot.world.doctor_app import Speaker
from bot.world.doctor_auditrules import diagnose_names
from bot.world.doctor_branch import diagnose_branch
from bot.world.doctor_diagnosis import Level
from bot.world.doctor_files import diagnose_owners
from bot.world.doctor_identity import IdentityFacts, diagnose_identity, diagnose_role
from bot.world.doctor_rules import BranchRules, added_up
from bot.world.doctor_ruleset import Wanted
from bot.world.github_settings import Unseen
from tests.doctor.healthy import troubles

HIDDEN = Unseen("Resource not accessible (403)")


def found(diagnoses: Any) -> list[tuple[str, str]]:
    return troubles(tuple(diagnoses))


def words(diagnoses: Any) -> str:
    return "\n".join(f"{one.what}; {one.remedy}" for one in diagnoses)


# Who the bot is.


def test_a_bot_without_an_app_can_be_imitated() -> None:
    nobody = IdentityFacts(speaker=Speaker(identity="token"), installed=None)
    assert found(diagnose_identity(nobody)) == [("app", "warning")]
    assert "can be imitated" in words(diagnose_identity(nobody))


def test_an_app_whose_key_is_elsewhere_is_not_looked_at() -> None:
    elsewhere = IdentityFacts(speaker=Speaker(identity="app", app=7), installed=None)
    assert found(diagnose_identity(elsewhere)) == [("app", "unknown")]


@pytest.mark.parametrize(
    ("permissions", "level"),
    [
        (None, Level.FINE),
        ({"admin": True}, Level.FINE),
        ({"admin": False, "push": True, "pull": True}, Level.UNKNOWN),
        ({}, Level.UNKNOWN),
    ],
)
def test_a_token_without_administration_is_said_to_see_less(
    permissions: dict[str, bool] | None, level: Level
) -> None:
    assert diagnose_role(permissions).level is level


# The rules, where they are not as the test server shows them.

CLASSIC = {
    "required_pull_request_reviews": {
        "dismiss_stale_reviews": True,
        "require_code_owner_reviews": True,
        "require_last_push_approval": True,
        "required_approving_review_count": 2,
    },
    "required_status_checks": {
        "strict": True,
        "contexts": ["lockstep/gate: main"],
        "checks": [{"context": "lockstep/gate: main", "app_id": 7}],
    },
    "enforce_admins": {"enabled": True},
    "required_linear_history": {"enabled": True},
    "allow_force_pushes": {"enabled": False},
    "allow_deletions": {"enabled": False},
}
WANTED = Wanted(branch="main", app=7, source=7)


def test_classic_protection_counts_as_rulesets_do() -> None:
    assert found(diagnose_branch(added_up([], CLASSIC), WANTED, ())) == []
    lax = {**CLASSIC, "enforce_admins": {"enabled": False}}
    assert found(diagnose_branch(added_up([], lax), WANTED, ())) == [("bypass", "warning")]
    anybody = {"strict": True, "checks": [{"context": "lockstep/gate: main", "app_id": -1}]}
    open_to_all = {**CLASSIC, "required_status_checks": anybody}
    rules = added_up([], open_to_all)
    assert found(diagnose_branch(rules, WANTED, ())) == [("status-source", "wrong")]


def test_what_is_hidden_is_unknown_and_never_fine() -> None:
    assert found(diagnose_branch(HIDDEN, WANTED, ())) == [("pull-request", "unknown")]
    rules = added_up([], HIDDEN, [HIDDEN, {"name": "house"}])
    levels = dict(found(diagnose_branch(rules, WANTED, ())))
    assert levels["bypass"] == "unknown"
    settings = ActionsSettings(actions=HIDDEN, token=HIDDEN, forks=HIDDEN)
    assert {level for _, level in found(diagnose_actions(settings, app=True))} == {"unknown"}
    assert diagnose_key_scope(HIDDEN).level is Level.UNKNOWN
    owned = {"CODEOWNERS": b"* @ana\n"}
    assert found(diagnose_owners(owned, (), HIDDEN, None)) == [("owners-file", "unknown")]


def test_without_an_app_the_source_of_the_status_is_a_warning() -> None:
    mine = Wanted(branch="main", app=None, source=15368)
    for app, expected in ((None, "warning"), (15368, "warning"), (7, None)):
        rules = BranchRules(
            pull_request=True,
            approvals=1,
            code_owners=True,
            dismiss_stale=True,
            last_push=True,
            checks=(("lockstep/gate: main", app),),
            strict=True,
            no_force=True,
            no_deletion=True,
            linear=True,
        )
        wanted = [("status-source", expected)] if expected else []
        assert found(diagnose_branch(rules, mine, ())) == wanted


def test_without_an_app_proposing_reverts_needs_what_is_otherwise_wrong() -> None:
    token = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": True}
    actions = {"enabled": True, "sha_pinning_required": True}
    forks = {"approval_policy": "all_external_contributors"}
    facts = ActionsSettings(actions=actions, token=token, forks=forks)
    assert found(diagnose_actions(facts, app=False)) == [("actions-approve", "warning")]
    assert found(diagnose_actions(facts, app=True)) == [("actions-approve", "wrong")]


@pytest.mark.parametrize("name", ["lockstep", "lockstep/audit/x"])
def test_a_branch_in_the_way_of_the_audit_branch_is_named(name: str) -> None:
    assert diagnose_names(["main", name]).level is Level.WRONG
    assert diagnose_names(["main", "lockstep/audit", "lockstep/revert-1"]).level is Level.FINE
