"""A repository on the test server with the workflows in it, and Actions beside it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from bot.core.lock import Model
from bot.core.lockfile import dump, parse
from bot.world.github_files import workflow_files
from tests.forges.keys import APP, registered
from tests.forges.server.web import Server
from tests.forges.stand import Stand, github_stand
from tests.stories.workshop import Workshop, described

from .acting import LOCKSTEP, Actions, copy_action

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PIN = f"{LOCKSTEP}@{'a' * 40}"


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train the models of the workshop once."""
    return Workshop(tmp_path_factory.mktemp("source")).ana.clone


@pytest.fixture
def stand(tmp_path: Path, source: Path) -> Iterator[Stand]:
    """Put models, data and policy on the test server."""
    with Server(tmp_path / "server") as server:
        here = github_stand(tmp_path, server)
        for name in ("data", "models", "policies"):
            shutil.copytree(source / name, here.clone / name)
        (here.clone / "models.lock").write_bytes(dump({}))
        yield here


@pytest.fixture
def actions(tmp_path: Path, stand: Stand) -> Actions:
    """Return Actions with the workflows that a user has, who gave it no app."""
    _begin(stand, workflow_files(PIN, identity="token"))
    return Actions(stand=stand, folder=tmp_path / "actions")


@pytest.fixture
def our_actions(tmp_path: Path, stand: Stand) -> Actions:
    """Return Actions with the workflows of this very repository: its own action, and an app."""
    copy_action(stand.clone)
    _begin(stand, workflow_files("./"))
    assert stand.server is not None
    ours = Actions(stand=stand, folder=tmp_path / "actions")
    ours.secrets["LOCKSTEP_APP_PRIVATE_KEY"] = registered(stand.server)
    ours.variables["LOCKSTEP_APP_ID"] = str(APP)
    return ours


def _begin(stand: Stand, files: dict[str, str]) -> None:
    for path, text in files.items():
        place = stand.clone / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    stand.git("add", "--all")
    stand.git("commit", "--quiet", "-m", "Guard churn by policy")
    stand.git("push", "--quiet", "origin", "main")


def change(stand: Stand, version: str) -> str:
    """Register a version and let it serve production on a branch of its own; return the commit."""
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
    return stand.git("rev-parse", "HEAD")


def propose(stand: Stand, version: str) -> tuple[int, str]:
    """Ask for a version to serve, as a person would; return the pull request and its head."""
    head = change(stand, version)
    stand.git("push", "--quiet", "origin", f"v{version}")
    return stand.people.proposal("ana", f"v{version}"), head
