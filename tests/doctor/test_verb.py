"""`lockstep doctor` as users call it: in a clone, at a folder, on GitHub."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from bot.cli import main
from bot.core.errors import UNHEALTHY
from bot.world.doctor_checks import CHECKS
from tests.doctor.defects import DEFECTS
from tests.doctor.healthy import Ward, ward
from tests.forges.keys import APP, pair_of_keys
from tests.stories.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.forges.stand import Stand

    Doctor = Callable[..., tuple[int, str, str]]

NAMES = ("GITHUB_TOKEN", "GH_TOKEN", "LOCKSTEP_APP_ID", "LOCKSTEP_APP_PRIVATE_KEY")


@pytest.fixture
def doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Doctor:
    """Call the verb in a folder, with nothing of this machine's environment."""

    def call(folder: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
        for name in NAMES:
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("LOCKSTEP_CACHE", str(tmp_path / "cache"))
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["lockstep", "doctor", *arguments])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def clinic(github: Stand, tmp_path: Path) -> Ward:
    return ward(github, tmp_path)


def on_github(clinic: Ward, **more: str) -> dict[str, str]:
    """Make the environment of a run with the app's key."""
    assert clinic.stand.server
    return {
        "GITHUB_API_URL": clinic.stand.server.api_url,
        "LOCKSTEP_APP_ID": str(APP),
        "LOCKSTEP_APP_PRIVATE_KEY": pair_of_keys()[0],
        "COLUMNS": "80",
        **more,
    }


def administrator(clinic: Ward) -> str:
    assert clinic.stand.server
    return clinic.stand.server.state.accounts["acme"].token


def levels(out: str) -> dict[str, str]:
    said: dict[str, Any] = json.loads(out)
    return {one["check"]: one["level"] for one in said["findings"] if one["level"] != "ok"}


def test_a_healthy_repository_leaves_with_zero_and_without_a_key_in_the_output(
    clinic: Ward, doctor: Doctor
) -> None:
    environment = on_github(clinic, GH_TOKEN=administrator(clinic))
    code, out, err = doctor(clinic.folder, "--repo", "acme/models", "--json", **environment)
    # The runs of the ward are of the past; only the clock of the machine is newer.
    assert levels(out).keys() <= {"sweep-run"}
    assert code == 0
    shown = out + err
    assert environment["GH_TOKEN"] not in shown
    assert not any(line in shown for line in environment["LOCKSTEP_APP_PRIVATE_KEY"].splitlines())


def test_something_wrong_leaves_with_a_code_of_its_own_and_fits_a_screen(
    clinic: Ward, doctor: Doctor
) -> None:
    for defect in ("anybody sets the status", "the key for every workflow"):
        DEFECTS[defect][0](clinic)
    environment = on_github(clinic, GH_TOKEN=administrator(clinic))
    code, out, _ = doctor(clinic.folder, "--repo", "acme/models", **environment)
    assert code == UNHEALTHY
    assert "✗ wrong   anybody who may write can set the status" in out
    assert "→ choose the bot's app (7) as the source" in out
    assert "`lockstep doctor --fix` does 1 thing about it." in out
    assert max(map(len, out.splitlines())) <= 80
    assert "\x1b" not in out


def test_a_fix_says_what_it_did_and_a_second_one_does_nothing(clinic: Ward, doctor: Doctor) -> None:
    DEFECTS["anybody sets the status"][0](clinic)
    assert clinic.stand.server
    environment = on_github(clinic, GH_TOKEN=administrator(clinic))
    code, out, _ = doctor(clinic.stand.clone, "--repo", "acme/models", "--fix", **environment)
    assert code == 0
    assert "Mended\n  make the ruleset 'Lockstep'\n" in out
    clinic.stand.server.log.clear()
    _, out, _ = doctor(clinic.stand.clone, "--repo", "acme/models", "--fix", **environment)
    assert "Mended" not in out
    writes = [one for one in clinic.stand.server.log if one[0] != "GET"]
    assert writes == [("POST", "/app/installations/1/access_tokens")]


def test_a_fix_without_the_right_leaves_a_line_for_a_shell(clinic: Ward, doctor: Doctor) -> None:
    DEFECTS["the audit branch is not protected"][0](clinic)
    code, out, _ = doctor(clinic.folder, "--repo", "acme/models", "--fix", **on_github(clinic))
    assert code == UNHEALTHY
    assert "Left for a person" in out
    assert "gh api --method POST repos/acme/models/rulesets" in " ".join(out.split())


def test_an_app_alone_says_what_it_may_not_see_and_whose_token_may(
    clinic: Ward, doctor: Doctor
) -> None:
    code, out, _ = doctor(clinic.folder, "--repo", "acme/models", **on_github(clinic))
    assert code == 0
    assert "? unknown the settings of Actions are hidden" in out
    assert "An administrator's token sees more: set GH_TOKEN to one." in out


def test_without_a_token_the_clone_is_looked_at_and_the_rest_left_out(
    clinic: Ward, doctor: Doctor
) -> None:
    server = {"COLUMNS": "200", "GITHUB_SERVER_URL": "https://git.example.org"}
    clinic.stand.git("remote", "set-url", "origin", "https://git.example.org/acme/models.git")
    code, out, _ = doctor(clinic.stand.clone, **server)
    assert code == 0
    assert "Left out: identity, branch rules, code owners" in out
    said = " ".join(out.split())
    assert "there is no token for acme/models; set GH_TOKEN to an administrator's" in said
    code, _, err = doctor(clinic.stand.clone, "--fix", **server)
    assert code == 18
    assert "there is no token for acme/models; set GH_TOKEN" in err


def test_a_repository_that_is_named_is_not_passed_over_for_want_of_a_token(
    clinic: Ward, doctor: Doctor
) -> None:
    code, out, err = doctor(clinic.stand.clone, "--repo", "acme/models")
    assert (code, out) == (18, "")
    assert "there is no token for acme/models; set GH_TOKEN" in err


def test_outside_of_a_clone_and_without_a_forge_there_is_nothing_to_look_at(
    tmp_path: Path, doctor: Doctor
) -> None:
    code, _, err = doctor(tmp_path)
    assert code == 17
    assert "run inside a clone" in err


def test_a_repository_that_is_not_there_is_refused(clinic: Ward, doctor: Doctor) -> None:
    environment = on_github(clinic, GH_TOKEN=administrator(clinic))
    code, _, err = doctor(clinic.folder, "--repo", "acme/nothing", **environment)
    assert code in {17, 18}
    assert "Traceback" not in err


# A forge in a folder, with real models.


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A workshop in which version 2 serves production, after version 1."""
    made = Workshop(tmp_path_factory.mktemp("workshop"))
    for version in ("1", "2"):
        made.judge(made.promote(version))
        made.ana.pulls()
    return made


def test_a_local_forge_is_looked_at_but_for_what_only_github_has(
    workshop: Workshop, doctor: Doctor
) -> None:
    code, out, _ = doctor(workshop.ana.clone, "--drill", "--json")
    said = json.loads(out)
    assert levels(out) in ({}, {"sandbox": "warning"})
    assert code == said["exit_code"] == 0
    assert "which has no such settings" in said["left_out"]["Branch rules"]
    ways = [one["what"] for one in said["findings"] if one["check"] == "way-back"]
    assert len(ways) == 1
    assert ways[0].startswith("churn production: back from 2 to 1: it is there, hashes and loads")


def test_a_way_back_whose_bytes_are_gone_is_found_before_it_is_needed(
    workshop: Workshop, doctor: Doctor
) -> None:
    model = workshop.ana.clone / "models/1.skops"
    bytes_of_model = model.read_bytes()
    workshop.push_to_main("models/1.skops", None)
    try:
        code, out, _ = doctor(workshop.ana.clone, "--json")
    finally:
        workshop.push_to_main("models/1.skops", bytes_of_model)
    assert (code, levels(out)["way-back"]) == (UNHEALTHY, "wrong")
    assert "it is not in the base commit" in out


def test_every_finding_names_a_check_that_is_documented(workshop: Workshop, doctor: Doctor) -> None:
    _, out, _ = doctor(workshop.ana.clone, "--json")
    assert {one["check"] for one in json.loads(out)["findings"]} <= CHECKS.keys()
