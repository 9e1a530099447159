"""`--fix` mends what may be mended, once; a second one sends nothing and writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.core.canonical import EMPTY
from bot.world.doctor import examine
from bot.world.doctor_diagnosis import Call, Write, mends_of
from bot.world.doctor_mending import mend_all
from bot.world.github_zones import Zone
from tests.doctor.defects import BY_HAND, DEFECTS
from tests.doctor.healthy import OWNERS, Ward, troubles, ward
from tests.forges.keys import registered
from tests.forges.server.settings import Settings as Clicked

if TYPE_CHECKING:
    from pathlib import Path

    from bot.world.doctor_mending import Mended
    from tests.forges.stand import Stand


@pytest.fixture
def clinic(github: Stand, tmp_path: Path) -> Ward:
    return ward(github, tmp_path)


def fixed(clinic: Ward) -> tuple[Mended, ...]:
    """Fix once, as an administrator in a clone; commit and push what was written."""
    scene = clinic.scene()
    mended = mend_all(mends_of(examine(scene)), scene.settings, clinic.stand.clone)
    if any(one.done and isinstance(one.mend, Write) for one in mended):
        clinic.stand.git("add", "--all")
        clinic.stand.git("commit", "--quiet", "-m", "Take what the doctor wrote")
        clinic.stand.git("push", "--quiet", "origin", "HEAD:main")
    return mended


@pytest.mark.parametrize("defect", sorted(DEFECTS.keys() - BY_HAND))
def test_a_defect_that_may_be_mended_is_mended_once(clinic: Ward, defect: str) -> None:
    breaks, expected = DEFECTS[defect]
    breaks(clinic)
    mended = fixed(clinic)
    assert mended
    assert all(one.done for one in mended), mended
    again = examine(clinic.scene())
    assert troubles(again) == [], expected
    assert mends_of(again) == ()


@pytest.mark.parametrize("defect", sorted(BY_HAND))
def test_what_a_person_must_decide_is_left_alone(clinic: Ward, defect: str) -> None:
    breaks, expected = DEFECTS[defect]
    breaks(clinic)
    found = examine(clinic.scene())
    assert troubles(found) == expected
    assert mends_of(found) == ()


def test_a_new_repository_is_healthy_after_one_fix_but_for_app_and_key_and_first_runs(
    clinic: Ward,
) -> None:
    assert clinic.stand.server
    fresh = Clicked()
    clinic.stand.server.state.settings["acme/models"] = clinic.clicked = fresh
    workflows = {
        f".github/workflows/{path.name}": None
        for path in (clinic.stand.clone / ".github/workflows").iterdir()
    }
    clinic.commit({".github/CODEOWNERS": None, **workflows})
    assert all(one.done for one in fixed(clinic))
    assert clinic.findings() == [
        ("environment-app", "wrong"),
        ("environment-app", "wrong"),
        ("environment-key", "wrong"),
        ("environment-key", "wrong"),
        ("sweep-run", "warning"),
        ("guard-run", "warning"),
    ]
    assert fixed(clinic) == ()


def test_what_protects_an_environment_besides_is_kept(clinic: Ward) -> None:
    assert clinic.stand.server
    ana = clinic.stand.server.state.accounts["ana"]
    here = clinic.clicked.environments["lockstep"]
    waiting = {"id": 1, "node_id": "R", "type": "wait_timer", "wait_timer": 5}
    asked = {
        "id": 2,
        "node_id": "R",
        "type": "required_reviewers",
        "prevent_self_review": True,
        "reviewers": [{"type": "User", "reviewer": {"id": ana.id}}],
    }
    here |= {"protection_rules": [waiting, asked], "deployment_branch_policy": None}
    clinic.clicked.branches["lockstep"] = []
    rules = mends_of(examine(clinic.scene(settings=clinic.settings())))
    body = next(one.body for one in rules if isinstance(one, Call) and one.method == "PUT")
    assert body["wait_timer"] == 5
    assert body["prevent_self_review"]
    assert body["reviewers"] == [{"type": "User", "id": ana.id}]


def test_owners_are_added_to_the_file_and_its_lines_are_kept(clinic: Ward) -> None:
    clinic.commit({".github/CODEOWNERS": "*.py @ana"})
    fixed(clinic)
    text = (clinic.stand.clone / ".github/CODEOWNERS").read_text()
    assert text == "*.py @ana\n/models.lock @acme\n/policies/ @acme\n/.github/ @acme\n"


def test_files_that_were_written_and_not_committed_are_not_written_again(clinic: Ward) -> None:
    clinic.commit({".github/CODEOWNERS": None})
    scene = clinic.scene()
    mends = mends_of(examine(scene))
    first, second = (mend_all(mends, scene.settings, clinic.stand.clone) for _ in range(2))
    assert [(one.done, one.why) for one in first] == [(True, "commit and push it")]
    assert [one.done for one in second] == [False]
    assert second[0].why == "it is written already; commit and push it"


def test_a_file_with_changes_of_one_s_own_is_left_alone(clinic: Ward) -> None:
    clinic.commit({".github/CODEOWNERS": "*.py @ana\n"})
    mine = clinic.stand.clone / ".github/CODEOWNERS"
    mine.write_text("*.py @ana\n*.md @ana\n")
    scene = clinic.scene()
    left = mend_all(mends_of(examine(scene)), scene.settings, clinic.stand.clone)
    assert [one.done for one in left] == [False]
    assert "has changes that are not on the default branch" in left[0].why
    assert mine.read_text() == "*.py @ana\n*.md @ana\n"


def test_nothing_is_written_through_a_symlink(clinic: Ward, tmp_path: Path) -> None:
    clinic.commit({".github/CODEOWNERS": None})
    mine = clinic.stand.clone / ".github/CODEOWNERS"
    mine.symlink_to(tmp_path / "elsewhere")
    scene = clinic.scene()
    left = mend_all(mends_of(examine(scene)), scene.settings, clinic.stand.clone)
    assert left[0].why == ".github/CODEOWNERS is reached by a symlink"
    assert not (tmp_path / "elsewhere").exists()


def test_without_a_clone_files_are_left_to_a_person(clinic: Ward) -> None:
    clinic.commit({".github/CODEOWNERS": None})
    scene = clinic.scene()
    left = mend_all(mends_of(examine(scene)), scene.settings, None)
    assert [one.why for one in left] == ["run it inside a clone of the repository"]


def test_a_token_that_may_not_change_settings_leaves_them_with_the_reason(clinic: Ward) -> None:
    assert clinic.stand.server
    registered(clinic.stand.server, administration="read", environments="read")
    clinic.clicked.rulesets.pop(2)
    app = clinic.app(Zone.DOCTOR)
    scene = clinic.scene()
    mends = mends_of(examine(scene))
    from bot.world.github_settings import Settings

    narrow = Settings("acme/models", app, api_url=clinic.stand.server.api_url)
    left = mend_all(mends, narrow, None)
    assert [one.done for one in left] == [False]
    assert "it asks for administration=write" in left[0].why


def test_a_call_is_a_line_for_a_shell_that_quotes_whatever_a_branch_is_called() -> None:
    call = Call(method="PUT", path="/x y/$(id)", body={"name": "it's `id`"}, does="try")
    assert call.shown("acme/models") == (
        "gh api --method PUT 'repos/acme/models/x y/$(id)' --input - "
        """<<< '{"name": "it'"'"'s `id`"}'"""
    )


def test_the_examples_of_the_ward_are_what_it_says() -> None:
    assert EMPTY.decode().startswith("#")
    assert OWNERS.splitlines()[1] == "/models.lock @ana"
