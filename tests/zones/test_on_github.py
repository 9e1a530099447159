"""The jobs of a workflow on GitHub: each a fresh process, and every request to the API counted."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from bot.core.decision import Ruling
from tests.forges.server.storage import put
from tests.forges.stand import BOT
from tests.stories import test_on_github
from tests.stories.test_on_github import MARKER, judge, propose

if TYPE_CHECKING:
    from pathlib import Path

    from tests.forges.stand import Stand

stand = test_on_github.stand
REPO = "/repos/acme/models"
RUN = 7
LOOK = "POST /graphql Look"
FIND = "POST /graphql AskedWith"
SAY = "POST /graphql AddComment"


def zipped(folder: Path) -> bytes:
    """Pack a folder as the upload of a workflow does."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    return whole.getvalue()


@dataclass
class Workflow:
    """A run of the workflow: its jobs are verbs, and artifacts go between them."""

    stand: Stand
    folder: Path
    asked: list[str] = field(default_factory=list)
    """What the last job asked of the API; ids aside."""

    def job(self, *arguments: str) -> dict[str, str]:
        """Call a verb; return the outputs of its step."""
        assert self.stand.server
        assert self.stand.hosted
        self.stand.server.log.clear()
        outputs, page = self.folder / "outputs", self.folder / "page.md"
        outputs.write_text("")
        page.write_text("")
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder),
            "GITHUB_REPOSITORY": "acme/models",
            "GITHUB_API_URL": self.stand.server.api_url, "LOCKSTEP_LOGIN": BOT,
            "GITHUB_TOKEN": self.stand.server.state.accounts[BOT].token,
            "GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(page),
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            env=environment,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        assert b"Traceback" not in done.stderr
        asked = [(method, path.split("?")[0]) for method, path in self.stand.server.log]
        words = [f"{method} {path.replace(REPO, '')}" for method, path in asked]
        numbers = [*self.stand.hosted.comments, *self.stand.hosted.artifacts]
        for number in numbers:
            words = [word.replace(str(number), "N") for word in words]
        self.asked = words
        return dict(line.split("=", 1) for line in outputs.read_text().splitlines())

    def predict(self, head: str) -> None:
        """Run zone 1, and upload what it left."""
        out = self.folder / "bundle"
        self.job("predict", f"--head={head}", f"--out={out}")
        assert self.stand.server
        assert self.stand.hosted
        put(self.stand.server.state, self.stand.hosted, RUN, f"lockstep-bundle-{head}", zipped(out))

    def judge(self, head: str) -> dict[str, str]:
        """Run zone 2."""
        decision = f"--out={self.folder / 'decision'}"
        return self.job("judge", f"--head={head}", f"--run={RUN}", decision)

    def land(self, digest: str) -> None:
        """Run zone 3."""
        self.job("land", f"--decision={self.folder / 'decision'}", f"--digest={digest}")


@pytest.fixture
def run(stand: Stand, tmp_path: Path) -> Workflow:
    """Prepare a run for a stand whose first version is in production."""
    first = propose(stand, "1")
    assert judge(stand, tmp_path, first).decision.ruling is Ruling.MERGE
    (tmp_path / "run").mkdir()
    return Workflow(stand, tmp_path / "run")


def test_a_merge_with_its_record_costs_eight_requests_in_two_jobs(run: Workflow) -> None:
    number = propose(run.stand, "2")
    head = run.stand.forge.pull_request(number).head_sha
    run.predict(head)
    assert run.asked == [FIND]

    outputs = run.judge(head)

    assert run.asked == [
        FIND, f"GET /actions/runs/{RUN}/artifacts", "GET /actions/artifacts/N/zip", SAY,
    ]  # fmt: skip
    assert outputs["act"] == "true"
    assert outputs["number"] == str(number)
    assert run.stand.forge.pull_request(number).merged_as is None
    assert "churn" in (run.folder / "page.md").read_text()

    run.land(outputs["digest"])

    assert run.asked == [
        LOOK, f"POST /statuses/{head}", f"PUT /pulls/{number}/merge", "PATCH /issues/comments/N",
    ]  # fmt: skip
    assert run.stand.forge.pull_request(number).merged_as == run.stand.tip("main")
    assert len(run.stand.forge.reports(number, MARKER)) == 1


def test_a_report_costs_five_requests_and_a_refusal_is_recorded_with_one_more(
    run: Workflow,
) -> None:
    number = propose(run.stand, "3")
    head = run.stand.forge.pull_request(number).head_sha
    run.predict(head)

    outputs = run.judge(head)

    assert run.asked == [
        FIND, f"GET /actions/runs/{RUN}/artifacts", "GET /actions/artifacts/N/zip", SAY,
        f"POST /statuses/{head}",
    ]  # fmt: skip
    run.land(outputs["digest"])
    assert run.asked == [LOOK]
    assert run.stand.forge.pull_request(number).merged_as is None


def test_a_head_that_nobody_proposes_ends_without_a_word(run: Workflow) -> None:
    head = run.stand.push("nobody", {"notes.txt": "words"})
    run.predict(head)

    outputs = run.judge(head)

    assert outputs == {"act": "false"}
    assert run.asked == [FIND]
    assert run.stand.forge.status(head, "lockstep/gate: main") is None
