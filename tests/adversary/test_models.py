"""A model that talks while everything is done in one run says nothing that anybody hears."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adversary.corpora import renderer
from tests.adversary.rendered import calls, read
from tests.stories.workshop import Workshop

HOSTILE = Path(__file__).resolve().parents[1] / "hostile"
SECRET = "ghs_0123456789abcdefSECRET"
HELD = ("GITHUB_TOKEN", "GH_TOKEN", "ACTIONS_RUNTIME_TOKEN", "LOCKSTEP_APP_PRIVATE_KEY")
CONTEXT = "lockstep/gate: main"


@pytest.fixture
def talking(tmp_path: Path) -> tuple[Workshop, int]:
    """A request to let a model serve that says everything it can."""
    policy = {
        "flavors": "skops, runner",
        "gates": "    - outputs\n    - compare: {metric: roc_auc, improve_by: 0}\n",
        "registration": "artifact",
    }
    workshop = Workshop(tmp_path, policy)
    folder = workshop.ana.clone / "models/9.runner"
    folder.mkdir()
    shutil.copy(HOSTILE / "talks.py", folder / "model.py")
    workshop.ana._git("add", "--all")
    workshop.ana._git("commit", "--quiet", "-m", "Add 9")
    workshop.ana._git("push", "--quiet", "origin", "main")
    return workshop, workshop.promote("9", flavor="runner")


def test_a_model_that_talks_reaches_no_log_no_report_and_no_output(
    talking: tuple[Workshop, int], tmp_path: Path
) -> None:
    workshop, number = talking
    told = {name: tmp_path / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for path in told.values():
        path.write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "bot", "evaluate", str(number),
         "--forge", f"local:{workshop.forge.folder}"],
        env={**os.environ, **dict.fromkeys(HELD, SECRET), "GITHUB_ACTIONS": "true",
             "LOCKSTEP_CACHE": str(tmp_path / "cache"),
             **{name: str(path) for name, path in told.items()}},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    log = done.stdout + done.stderr
    assert "Traceback" not in log
    assert not re.search(r"^\s*::|##\[|\x1b|set-output|Shouting|evil", log, re.MULTILINE)
    assert SECRET not in log
    assert told["GITHUB_OUTPUT"].read_text() == ""
    status = workshop.forge.status(workshop.forge.pull_request(number).head_sha, CONTEXT)
    assert status is not None
    assert status.state in ("failure", "error")
    assert workshop.landed(number) is None
    (report,) = workshop.forge.reports(number, "<!-- lockstep:report:v1 ")
    shown = read(renderer()(report.body))
    assert (shown.wrong, calls(shown)) == ([], [])
    assert "evil" not in report.body + status.description
    assert SECRET not in report.body
