"""Which app speaks for the bot: where nobody named it the rules do, and the jobs are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.world.doctor import examine
from bot.world.doctor_app import Speaker, diagnose_variable, named_by, variables_in, written_for
from bot.world.doctor_diagnosis import Level, mends_of
from bot.world.doctor_identity import IdentityFacts, diagnose_identity
from bot.world.doctor_rules import BranchRules, Bypass
from bot.world.doctor_ruleset import ACTIONS_APP
from bot.world.github_files import workflow_files
from bot.world.github_settings import Unseen
from tests.doctor.defects import DEFECTS
from tests.doctor.healthy import ACTION, Ward, troubles, ward

if TYPE_CHECKING:
    from pathlib import Path

    from tests.forges.stand import Stand

VARIABLE = "LOCKSTEP_APP_ID"
HIDDEN = Unseen("Resource not accessible by integration (403)")
STATUS = "lockstep/gate: main"


@pytest.fixture
def clinic(github: Stand, tmp_path: Path) -> Ward:
    return ward(github, tmp_path)


def test_the_app_is_taken_from_the_rules_where_nobody_names_it(clinic: Ward) -> None:
    found = examine(clinic.scene(installation=None))
    assert troubles(found) == [("app", "unknown")]
    (app,) = (one for one in found if one.check == "app")
    assert app.what.startswith(f"the bot is taken to be app 7, as the source of `{STATUS}` says")
    assert "--app ID" in app.remedy
    assert "only the bot's app (7) may set it" in [one.what for one in found]


def test_an_app_that_nothing_names_is_asked_for_and_no_rule_is_made_for_another(
    clinic: Ward,
) -> None:
    DEFECTS["anybody sets the status"][0](clinic)
    found = examine(clinic.scene(installation=None))
    (app,) = (one for one in found if one.check == "app")
    assert app.level is Level.WARNING
    assert "the workflows speak as an app" in app.what
    assert "--app ID" in app.remedy
    assert mends_of(found) == ()


def test_where_a_workflows_own_token_speaks_no_app_is_taken_from_the_rules(clinic: Ward) -> None:
    clinic.commit(dict(workflow_files(ACTION, identity="token")))
    found = dict(troubles(examine(clinic.scene(installation=None))))
    assert found["app"] == "warning"
    assert "environment-app" not in found


def rules(app: int | None, *bypass: Bypass) -> BranchRules:
    return BranchRules(checks=(("other", 9), (STATUS, app)), bypass=bypass)


def let_past(ruleset: str, actor: str = "Integration") -> Bypass:
    return Bypass(actor=actor, id=8, always=False, ruleset=ruleset)


@pytest.mark.parametrize(
    ("found", "app"),
    [
        (rules(7), 7),
        (rules(7, let_past("Lockstep")), 7),
        (rules(None), None),
        (rules(ACTIONS_APP), None),
        (rules(None, let_past("Lockstep")), 8),
        (rules(None, let_past("Releases")), None),
        (rules(None, let_past("Lockstep", "Team")), None),
        (HIDDEN, None),
    ],
)
def test_only_the_source_of_the_status_and_our_own_rulesets_name_an_app(
    found: BranchRules | Unseen, app: int | None
) -> None:
    speaker = named_by(found, "main")
    assert (speaker and speaker.app) == app


@pytest.mark.parametrize("identity", ["app", "token"])
def test_the_workflows_tell_who_speaks(identity: str) -> None:
    assert written_for(workflow_files(ACTION, identity=identity)) == identity  # type: ignore[arg-type]
    assert written_for({".github/workflows/ci.yml": f"vars.{VARIABLE}"}) is None


def test_an_app_that_a_person_named_is_not_said_to_be_taken_from_elsewhere() -> None:
    named = IdentityFacts(speaker=Speaker(identity="app", app=7), installed=None)
    (one,) = diagnose_identity(named)
    assert "taken to be" not in one.what


@pytest.mark.parametrize(
    ("own", "repository", "level"),
    [
        ({VARIABLE: "7"}, {}, Level.FINE),
        ({VARIABLE: "Iv23liAbC"}, {}, Level.FINE),
        ({}, {VARIABLE: "7"}, Level.FINE),
        ({VARIABLE: "7"}, HIDDEN, Level.FINE),
        ({VARIABLE: "8"}, {VARIABLE: "7"}, Level.WRONG),
        ({VARIABLE: ""}, {}, Level.WRONG),
        ({}, {}, Level.WRONG),
        ({}, HIDDEN, Level.UNKNOWN),
        (HIDDEN, {VARIABLE: "7"}, Level.UNKNOWN),
    ],
)
def test_jobs_are_told_their_app_by_the_narrowest_variable_that_shows(
    own: dict[str, str] | Unseen, repository: dict[str, str] | Unseen, level: Level
) -> None:
    kept = {"/environments/lockstep/variables": own, "/actions/variables": repository}
    found = diagnose_variable(
        "lockstep", variables_in("lockstep", kept.__getitem__, organization=False), 7
    )
    assert found.level is level
    if level is Level.WRONG:
        assert found.remedy == f"gh variable set {VARIABLE} --env lockstep --body 7"
    if level is Level.UNKNOWN:
        assert "(403)" in found.what


def test_an_organization_may_tell_all_its_repositories() -> None:
    kept = {"/actions/organization-variables": {VARIABLE: "7"}}
    seen = variables_in("lockstep", lambda path: kept.get(path, {}), organization=True)
    assert diagnose_variable("lockstep", seen, 7).level is Level.FINE
    seen = variables_in("lockstep", lambda path: kept.get(path, {}), organization=False)
    assert diagnose_variable("lockstep", seen, 7).level is Level.WRONG


def test_the_last_pusher_may_not_approve_what_the_bot_then_merges(clinic: Ward) -> None:
    DEFECTS["the last pusher approves"][0](clinic)
    clinic.commit({"policies/other.yaml": "models: [other]\nladder: [production]\n"})
    assert troubles(examine(clinic.scene())) == [("last-push", "wrong")]
