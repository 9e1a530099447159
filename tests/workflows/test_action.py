"""The action's scripts: arguments cross by the environment, one a line, and meet no shell."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / ".github" / "actions"
TELLER = """\
#!{python}
import json, os, sys
seen = {{name: os.environ.get(name) for name in {names!r}}}
print(json.dumps([sys.argv[1:], seen]))
"""
NAMES = ("GITHUB_TOKEN", "LOCKSTEP_APP_ID", "LOCKSTEP_APP_PRIVATE_KEY", "ARGUMENTS")


def run(folder: Path, verb: str, arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    """Run the verb's script with an interpreter that tells what it was given."""
    teller = folder / "python"
    teller.write_text(TELLER.format(python=sys.executable, names=NAMES))
    teller.chmod(0o755)
    empty = dict.fromkeys(NAMES, "")
    return subprocess.run(
        [SCRIPTS / "verb.sh"],
        env=empty
        | {"PATH": os.environ["PATH"], "PYTHON": str(teller), "VERB": verb}
        | {"ARGUMENTS": arguments}
        | given,
        capture_output=True,
        text=True,
        check=False,
    )


def told(folder: Path, arguments: str, **given: str) -> tuple[list[str], dict[str, Any]]:
    done = run(folder, "predict", arguments, **given)
    assert done.returncode == 0, done.stderr
    words, seen = json.loads(done.stdout)
    assert words[:4] == ["-I", "-m", "bot", "predict"]
    return words[4:], seen


@pytest.mark.parametrize(
    "word",
    [
        "--head=$(touch ran)",
        "--group=refs/heads/a'b\"c;`id`|&&@{0}",
        "--reason=two  words and a tab\t",
        "*",
        "--out=-e",
        "\\n",
    ],
)
def test_an_argument_arrives_as_it_was_written(tmp_path: Path, word: str) -> None:
    words, _ = told(tmp_path, f"{word}\n--out=x\n")

    assert words == [word, "--out=x"]
    assert {path.name for path in tmp_path.iterdir()} == {"python"}


def test_an_empty_line_is_no_argument(tmp_path: Path) -> None:
    assert told(tmp_path, "\n\n--json\n\n")[0] == ["--json"]
    assert told(tmp_path, "")[0] == []


def test_what_is_empty_is_not_in_the_environment(tmp_path: Path) -> None:
    _, seen = told(tmp_path, "7", GITHUB_TOKEN="t")

    assert seen == {**dict.fromkeys(NAMES), "GITHUB_TOKEN": "t"}


@pytest.mark.parametrize("verb", ["", "-c", "fmt --check", "../x", "Predict", "a\nb", "a--b"])
def test_what_is_no_verb_is_not_run(tmp_path: Path, verb: str) -> None:
    done = run(tmp_path, verb, "")

    assert (done.returncode, done.stdout) == (2, "")


def test_an_unknown_extra_is_not_installed(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)

    done = subprocess.run(
        [SCRIPTS / "install.sh"],
        env={
            "PATH": os.environ["PATH"],
            "RUNNER_TEMP": str(tmp_path),
            "GITHUB_ACTION_PATH": str(ROOT),
            "SYSTEM_PYTHON": str(python),
            "EXTRAS": "onnx ../../evil",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "there is no extra '../../evil' here" in done.stderr


def test_a_runner_without_sudo_keeps_the_walls_it_has(tmp_path: Path) -> None:
    done = subprocess.run(
        ["/bin/bash", SCRIPTS / "walls.sh"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "no sudo" in done.stdout


@pytest.mark.parametrize("restricted", ["0", "1"])
def test_where_namespaces_are_restricted_bubblewrap_gets_a_profile(
    tmp_path: Path, restricted: str
) -> None:
    switch, said = tmp_path / "switch", tmp_path / "said"
    switch.write_text(f"{restricted}\n")
    sudo = tmp_path / "sudo"
    sudo.write_text(f'#!/bin/bash\necho "$@" >> {said}; [[ $2 = true ]] || cat >> {said}\n')
    sudo.chmod(0o755)
    (tmp_path / "bwrap").symlink_to("/bin/true")
    script = (SCRIPTS / "walls.sh").read_text()
    script = re.sub(r"^restricted=.*$", f"restricted={switch}", script, flags=re.MULTILINE)

    done = subprocess.run(
        ["/bin/bash", "-c", script],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    asked = said.read_text()
    assert ("apparmor_parser --replace" in asked) == (restricted == "1")
    assert ("/usr/bin/bwrap flags=(unconfined)" in asked) == (restricted == "1")


def test_the_action_declares_every_output_it_hands_on() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())

    for name, output in action["outputs"].items():
        assert output["value"] == f"${{{{ steps.verb.outputs.{name} }}}}"


def test_the_key_reaches_only_the_step_that_runs_the_verb() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())

    for step in action["runs"]["steps"]:
        holds = "inputs.private-key" in str(step) or "inputs.token" in str(step)
        assert holds == (step.get("id") == "verb"), step
