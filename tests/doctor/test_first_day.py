"""The doctor in a repository that has nothing of Lockstep yet: what is missing, what to type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.core.errors import UNHEALTHY
from bot.world.github_files import workflow_files
from tests.doctor.healthy import ACTION, Ward, ward
from tests.doctor.test_verb import administrator, doctor, on_github
from tests.forges.server.settings import Settings as Clicked
from tests.forges.stand import run_git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doctor.test_verb import Doctor
    from tests.forges.stand import Stand

__all__ = ["doctor"]
FOLDER = ".github/workflows"
KEYLESS = {"LOCKSTEP_APP_ID": "", "LOCKSTEP_APP_PRIVATE_KEY": ""}


@pytest.fixture
def bare(github: Stand, tmp_path: Path) -> Ward:
    """A repository in which nobody clicked anything, and that has no workflow."""
    found = ward(github, tmp_path)
    assert github.server
    github.server.state.settings["acme/models"] = found.clicked = Clicked()
    there = [path.name for path in (github.clone / FOLDER).iterdir()]
    found.commit({f"{FOLDER}/{name}": None for name in there})
    return found


def written(bare: Ward) -> dict[str, str]:
    folder = bare.stand.clone / FOLDER
    listed = folder.iterdir() if folder.exists() else ()
    return {f"{FOLDER}/{path.name}": path.read_text() for path in listed}


def test_before_an_app_is_named_nobody_guesses_which_workflows_are_meant(
    bare: Ward, doctor: Doctor
) -> None:
    told = on_github(bare, GH_TOKEN=administrator(bare), LOCKSTEP_ACTION=ACTION, **KEYLESS)
    code, out, err = doctor(bare.stand.clone, "--repo", "acme/models", "--fix", **told)
    assert (code, err) == (UNHEALTHY, "")
    said = " ".join(out.split())
    assert "there is no lockstep-ping.yml, lockstep.yml" in said
    assert "run `lockstep init --github` in a clone, commit and push" in said
    assert written(bare) == {}


def test_with_an_app_the_workflows_are_written_for_it(bare: Ward, doctor: Doctor) -> None:
    told = on_github(bare, GH_TOKEN=administrator(bare), LOCKSTEP_ACTION=ACTION, **KEYLESS)
    words = ("--repo", "acme/models", "--app", "7", "--fix")
    code, out, err = doctor(bare.stand.clone, *words, **told)
    assert (code, err) == (UNHEALTHY, "")
    assert written(bare) == workflow_files(ACTION)
    assert "write .github/workflows/lockstep.yml; commit and push it" in out


def test_where_this_lockstep_knows_no_commit_of_its_own_the_action_is_asked_for(
    bare: Ward, doctor: Doctor
) -> None:
    told = on_github(bare, GH_TOKEN=administrator(bare), LOCKSTEP_ACTION="x@main", **KEYLESS)
    words = ("--repo", "acme/models", "--app", "7", "--fix")
    code, out, err = doctor(bare.folder, *words, **told)
    assert (code, err) == (UNHEALTHY, "")
    said = " ".join(out.split())
    assert "run `lockstep init --github --action OWNER/REPO@COMMIT` in a clone" in said
    assert written(bare) == {}


def test_a_repository_without_a_commit_is_looked_at(bare: Ward, doctor: Doctor) -> None:
    assert bare.stand.hosted
    run_git(bare.stand.hosted.path, "update-ref", "-d", "refs/heads/main")
    told = on_github(bare, GH_TOKEN=administrator(bare), **KEYLESS)
    code, out, err = doctor(bare.stand.clone, "--repo", "acme/models", "--fix", **told)
    assert (code, err) == (UNHEALTHY, "")
    said = " ".join(out.split())
    assert "there is no models.lock on the default branch" in said
    assert "there is no lockstep-ping.yml" in said
