"""The repository's own lock and policy, and the demo, hold what they show."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.core.canonical import dump
from bot.core.lockfile import parse

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = "examples/flight-delay"


def lockstep(*arguments: str, at: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "LOCKSTEP_CACHE": str(cache),
        "NO_COLOR": "1",
        "COLUMNS": "120",
    }
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=at,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def git(at: Path, *arguments: str) -> None:
    who = ["-c", "user.name=ana", "-c", "user.email=ana@localhost"]
    subprocess.run(["git", *who, *arguments], cwd=at, check=True, capture_output=True)


def test_the_root_lock_is_canonical() -> None:
    text = (ROOT / "models.lock").read_bytes()

    assert dump(parse(text, "models.lock")) == text


def test_the_root_lock_passes_the_root_policy(tmp_path: Path) -> None:
    """Version 1 serves; the root lock promotes version 2, and its own gates let it."""
    shutil.copytree(ROOT / EXAMPLE, tmp_path / "repo" / EXAMPLE)
    shutil.copytree(ROOT / "policies", tmp_path / "repo/policies")
    repo = tmp_path / "repo"
    text = (ROOT / "models.lock").read_bytes()
    model = parse(text, "models.lock")["flight-delay"]
    first = {"versions": {"1": model.versions["1"]}, "stages": {"production": "1"}}
    (repo / "models.lock").write_bytes(dump({"flight-delay": model.model_copy(update=first)}))
    git(repo, "init", "-q", "-b", "main")
    git(repo, "add", "--all")
    git(repo, "commit", "-q", "-m", "Version 1 serves")
    (repo / "models.lock").write_bytes(text)

    done = lockstep("check", at=repo, cache=tmp_path / "cache")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "flight-delay 1 → 2 in production" in re.sub("[`']", "", done.stdout)


@pytest.mark.slow
def test_the_demo_tells_its_whole_story(tmp_path: Path) -> None:
    done = lockstep("demo", "--folder", "flights", at=tmp_path, cache=tmp_path / "cache")

    headings = re.findall(r"─ (\d)\. ", done.stdout)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert headings == ["1", "2", "3", "4", "5", "6"]
    assert done.stdout.count("✓ landed as") == 3
    assert done.stdout.count("nothing landed") == 3
    assert "'token': 'absent'" in done.stdout
    assert "rolled back" in done.stdout
    assert "Traceback" not in done.stderr
    assert len(list((tmp_path / "flights/reports").glob("*.html"))) == 6
