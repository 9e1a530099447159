"""The same stories on GitHub: PyGithub, git over HTTP, and every exchange checked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli.evaluate import carry
from bot.core.decision import Ruling
from bot.core.lock import Model
from bot.core.lockfile import dump, parse
from bot.flow import Conclusion
from bot.world.here import Hosted
from bot.world.repository import Repository
from tests.forges.description import description
from tests.forges.server.web import Server
from tests.forges.stand import Stand, github_stand
from tests.forges.wire import Wire
from tests.stories.workshop import Workshop, described

MARKER = "<!-- lockstep:report:v1 "


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    """Put the workshop's repository on the test server, and watch what is said to it."""
    workshop = Workshop(tmp_path / "workshop")
    try:
        wire: Wire | None = Wire(description())
    except pytest.skip.Exception:
        wire = None
    with Server(tmp_path / "server") as server:
        here = github_stand(tmp_path, server)
        for name in ("data", "models", "policies"):
            shutil.copytree(workshop.ana.clone / name, here.clone / name)
        (here.clone / "models.lock").write_bytes(dump({}))
        here.git("checkout", "--quiet", "-B", "main", "origin/main")
        here.git("add", "--all")
        here.git("commit", "--quiet", "-m", "Begin")
        here.git("push", "--quiet", "origin", "main")
        if wire is None:
            yield here
            return
        with wire.watched() as watching:
            yield here
        assert watching.complaints == []


def propose(stand: Stand, version: str) -> int:
    """Register a version and let it serve production, as a person would."""
    stand.git("fetch", "--quiet", "origin")
    stand.git("checkout", "--quiet", "-B", f"v{version}", "origin/main")
    lock = stand.clone / "models.lock"
    models = parse(lock.read_bytes(), "models.lock")
    before = models["churn"].versions if "churn" in models else {}
    model = Model(
        versions={**before, version: described(stand.clone, version)},
        stages={"production": version},
    )
    lock.write_bytes(dump({**models, "churn": model}))
    stand.git("commit", "--quiet", "--all", "-m", f"Promote {version}")
    stand.git("push", "--quiet", "origin", f"v{version}")
    return stand.people.proposal("ana", f"v{version}")


def judge(stand: Stand, tmp_path: Path, number: int) -> Conclusion:
    clone = Repository.create(tmp_path / "bot", stand.forge.git_environment())
    return carry(number, Hosted(forge=stand.forge, repository=clone, cache=tmp_path / "cache"))


def test_a_promotion_a_refusal_and_a_revert_on_github(stand: Stand, tmp_path: Path) -> None:
    first = propose(stand, "1")
    assert judge(stand, tmp_path, first).decision.ruling is Ruling.MERGE

    better = propose(stand, "2")
    assert judge(stand, tmp_path, better).decision.ruling is Ruling.MERGE
    landed = stand.forge.pull_request(better).merged_as
    assert landed == stand.tip("main")

    worse = propose(stand, "3")
    assert judge(stand, tmp_path, worse).decision.ruling is Ruling.REFUSE
    assert stand.forge.pull_request(worse).merged_as is None

    stand.git("fetch", "--quiet", "origin")
    stand.git("checkout", "--quiet", "-B", "undo", "origin/main")
    stand.git("revert", "--no-edit", landed)
    stand.git("push", "--quiet", "origin", "undo")
    undo = stand.people.proposal("ana", "undo")
    conclusion = judge(stand, tmp_path, undo)
    assert conclusion.decision.ruling is Ruling.MERGE
    assert conclusion.judgements[0].trial.fast_lane

    for number, state in ((first, "success"), (worse, "failure"), (undo, "success")):
        pull = stand.forge.pull_request(number)
        status = stand.forge.status(pull.head_sha, "lockstep/gate: main")
        assert len(stand.forge.reports(number, MARKER)) == 1
        assert status is not None
        assert status.state == state


def test_the_landed_commit_carries_the_trailers_and_the_audit_branch_the_record(
    stand: Stand, tmp_path: Path
) -> None:
    number = propose(stand, "1")
    judge(stand, tmp_path, number)
    judge(stand, tmp_path, number)

    stand.git("fetch", "--quiet", "origin")
    message = stand.git("log", "-1", "--format=%B", "origin/main")
    paths = stand.git("ls-tree", "-r", "--name-only", "origin/lockstep/audit").splitlines()

    assert "Model: churn" in message
    assert "Record: sha256:" in message
    assert [path.split("/")[:2] for path in paths] == [
        ["records", str(number)],
        ["seals", str(number)],
    ]
