"""What the documents tell a reader to type or to write works as it stands."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent.parent.parent


def blocks(name: str, language: str = "") -> list[str]:
    text = (HERE / name).read_text(encoding="utf-8")
    every = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [body for named, body in every if named == language]


def type_in(clone, block: str) -> dict[str, str]:
    """Type a block line by line; return what each verb printed."""
    said = {}
    for line in block.splitlines():
        typed = line.split("  #")[0].strip()
        if typed.startswith("lockstep "):
            said[typed] = clone.lockstep(*shlex.split(typed)[1:]).out
        elif typed.startswith("git "):
            subprocess.run(["sh", "-ec", typed], cwd=clone.root, check=True, capture_output=True)
    return said


@pytest.fixture
def newcomer(clone, tmp_path):
    """An empty git repository with a model and the rows to judge it on."""
    onnx = pytest.importorskip("skl2onnx")
    pandas = pytest.importorskip("pandas")
    from sklearn.linear_model import LogisticRegression

    root = tmp_path / "models"
    (root / "data").mkdir(parents=True)
    (root / "models").mkdir()
    clone.root = root
    clone.git("init", "--quiet", "--initial-branch=main")
    chance = np.random.default_rng(7)
    rows = chance.normal(size=(2_000, 2)).astype(np.float32)
    target = (rows[:, 0] + chance.normal(size=len(rows)) > 0).astype(int)
    frame = pandas.DataFrame({"usage": rows[:, 0], "age": rows[:, 1], "churned": target})
    frame.to_parquet(root / "data" / "holdout.parquet")
    model = onnx.to_onnx(
        LogisticRegression().fit(rows, target), rows[:1], options={"zipmap": False}
    )
    (root / "models" / "1.onnx").write_bytes(model.SerializeToString())
    return clone


def test_the_readmes_first_commands_work_in_an_empty_repository(newcomer):
    said = type_in(newcomer, next(one for one in blocks("README.md") if "pip install" in one))
    assert "PASSED" in said["lockstep check"].upper()


@pytest.mark.slow
def test_the_commands_for_a_forge_in_a_folder_work(newcomer, tmp_path):
    (tmp_path / "forge").rename(tmp_path / "other")
    said = type_in(newcomer, blocks("docs/local-forge.md")[0])
    log = said["lockstep log churn"]
    assert ("staging" in log, "production" in log, "#2" in log) == (True, True, True), log
