"""A small hold-out, hostile folders, and the targets that they attack."""

from __future__ import annotations

import json
import os
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from bot.core.lock import Artifact
from bot.core.policy import ArtifactRules, SandboxRules
from bot.world import predict, sandbox
from bot.world.sandbox_features import prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.core.evidence import Absent
    from bot.core.questions import Answers
    from bot.world.sandbox import Sandbox
    from bot.world.sandbox_features import Features

HOSTILE = Path(__file__).parents[1] / "hostile"
ROWS = 60
EVERYTHING = ArtifactRules(
    flavors=("onnx", "skops", "xgboost", "lightgbm", "joblib", "pickle", "mlflow", "runner")
)
LIMITS = SandboxRules(seconds=20.0, memory=1_500_000_000)


def entry(flavor: str, module: str | None = None) -> Artifact:
    return Artifact(uri="here", digest="sha256:" + "0" * 64, flavor=flavor, module=module)


@dataclass(frozen=True)
class Prey:
    """What a hostile model is after, outside of its sandbox."""

    folder: Path
    facts: dict[str, Any]


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    random = np.random.default_rng(7)
    return pd.DataFrame(random.normal(size=(ROWS, 3)), columns=["a", "b", "c"])


@pytest.fixture(scope="session")
def features(frame: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Features:
    return prepare(frame, tmp_path_factory.mktemp("features"), seed=1)


@pytest.fixture
def prey(tmp_path: Path, features: Features) -> Iterator[Prey]:
    folder = tmp_path / "prey"
    folder.mkdir()
    for name in ("secret", "labels"):
        (folder / name).write_text("secret")
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as unix,
    ):
        # A long temporary path would not fit into a socket's address.
        here = os.open(folder, os.O_RDONLY)
        unix.bind(f"/proc/self/fd/{here}/line")
        os.close(here)
        unix.listen()
        yield Prey(
            folder,
            {
                "parent": os.getpid(), "secret": str(folder / "secret"),
                "labels": str(folder / "labels"), "outside": str(folder / "outside"),
                "tcp": tcp.getsockname()[1], "unix": str(folder / "line"),
                "rows": len(features.questions.row_at),
            },
        )  # fmt: skip


@pytest.fixture
def hostile(tmp_path: Path, prey: Prey) -> Callable[..., Path]:
    """Build a folder artifact from a file of tests/hostile."""

    def build(name: str, **target: object) -> Path:
        folder = tmp_path / "artifact"
        folder.mkdir()
        shutil.copy(HOSTILE / f"{name}.py", folder / "model.py")
        (folder / "target.json").write_text(json.dumps({**prey.facts, **target}))
        return folder

    return build


@pytest.fixture
def ask(features: Features) -> Callable[..., Answers | Absent]:
    """Ask an artifact about the small hold-out."""

    def answer(
        path: Path,
        flavor: str = "runner",
        classes: tuple[str, ...] = (),
        *,
        rules: ArtifactRules = EVERYTHING,
        limits: SandboxRules = LIMITS,
        within: Sandbox | None = None,
        module: str | None = None,
    ) -> Answers | Absent:
        room = within or sandbox.probed()
        return predict.answer(path, entry(flavor, module), rules, limits, room, features, classes)

    return answer


@pytest.fixture(scope="session")
def room() -> Callable[..., Sandbox]:
    """Give a sandbox with these namespaces and layers, or skip where the machine has none."""

    def build(walls: tuple[Any, ...], without: tuple[str, ...] = ()) -> Sandbox:
        found = sandbox.probed(walls=walls, without=without)
        if walls and found.walls != walls[0]:
            pytest.skip(f"no namespaces here: {found.missing.get('namespaces')}")
        return found

    return build
