"""`lockstep serve` starts with everything it needs or says what is missing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serve.stage import ROOT, SECRET, Play, changed, commented

SERVE = [sys.executable, "-m", "bot", "serve", "--repo", "acme/models"]


def refused(*more: str, secret: str = SECRET, program: str = "") -> tuple[int, str]:
    """Start a server that does not start."""
    environment = {**os.environ, "LOCKSTEP_WEBHOOK_SECRET": secret}
    command = [sys.executable, "-c", program, *SERVE[3:]] if program else SERVE
    done = subprocess.run(
        [*command, *more], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize("secret", ["", "short"])
def test_without_a_good_secret_nothing_is_served(tmp_path: Path, secret: str) -> None:
    code, said = refused("--state", str(tmp_path), secret=secret)

    assert code == 10
    assert "openssl rand -hex 32" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "value"),
    [("--repo", "acme"), ("--repo", "-x/y"), ("--repo", "a/b;c"), ("--listen", "8080"),
     ("--listen", "127.0.0.1:99999"), ("--workers", "0"), ("--workers", "33"),
     ("--sweep", "soon"), ("--secret-file", "no/such/file")],
)  # fmt: skip
def test_an_option_that_cannot_be_right_is_a_wrong_command_line(
    tmp_path: Path, option: str, value: str
) -> None:
    code, said = refused("--state", str(tmp_path), option, value)

    assert code == 2
    assert "Error:" in said


def test_a_repository_has_to_be_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "serve", "--state", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "--repo" in done.stderr


def test_without_the_extra_the_line_that_installs_it_is_named(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['starlette'] = None\n"
        "from bot.cli import main\nsys.argv[0] = 'lockstep'\nmain()"
    )
    code, said = refused("--state", str(tmp_path), program=program)

    assert code == 2
    assert "pip install 'lockstep-bot[serve]'" in said


def test_a_folder_and_an_address_serve_one_server(play: Play) -> None:
    with play.open() as served:
        state = str(play.folder / "state")
        folder_code, folder = refused("--state", state, "--listen", "127.0.0.1:0")
        address = served.address.removeprefix("http://")
        taken_code, taken = refused("--state", str(play.folder / "other"), "--listen", address)
        assert served.client.get("/healthz").text == "alive\n"

    assert (folder_code, taken_code) == (10, 10)
    assert "another server uses" in folder
    assert "--state" in folder
    assert "cannot be listened at" in taken


def test_every_option_of_the_help_is_in_the_documentation() -> None:
    done = subprocess.run(
        [*SERVE[:4], "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    options = set(re.findall(r"^  (--[a-z-]+)", done.stdout, re.MULTILINE)) - {"--help"}
    page = (ROOT / "docs/serve.md").read_text()

    assert options
    assert [option for option in sorted(options) if f"`{option}" not in page] == []


def test_other_payloads_are_queued_as_the_verbs_they_ask_for(play: Play) -> None:
    with play.open() as served:
        assert served.deliver("pull_request", changed(7)).json()["says"] == "evaluate pull/7"
        said = served.deliver("issue_comment", commented(8, "/lockstep status")).json()["says"]

    assert said == "command pull/8"
