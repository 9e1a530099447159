"""Where models run there is no token, no label and no way to speak of a verdict."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bot.core.bundle import RUN, read_run
from bot.world.room import PASSED_ON, clean
from tests.stories.workshop import Workshop
from tests.zones.conftest import planted

BURGLAR = Path(__file__).parents[1] / "hostile/burglar.py"
SECRET = "ghs_0123456789abcdefSECRET"
HELD = (
    "GITHUB_TOKEN", "GH_TOKEN", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "LOCKSTEP_APP_PRIVATE_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "NPM_CONFIG_X",
)  # fmt: skip


def started(workshop: Workshop, number: int, out: Path) -> subprocess.Popen[bytes]:
    """Call the verb as a workflow does, with every secret in its environment."""
    environment = {**os.environ, **dict.fromkeys(HELD, SECRET)}
    return subprocess.Popen(
        [sys.executable, "-m", "bot", "predict", str(number), "--out", str(out),
         "--forge", f"local:{workshop.forge.folder}"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def environments(root: int) -> list[tuple[bytes, bytes]]:
    """Read the command and the start-up environment of a process and all below it, from outside."""
    found, parents = [], {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            status = (process / "stat").read_text().rsplit(")", 1)[1].split()
            parents[int(process.name)] = int(status[1])
        except OSError:
            continue
    for pid in parents:
        line = [pid]
        while line[-1] in parents and line[-1] != root:
            line.append(parents[line[-1]])
        if line[-1] == root:
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
                found.append((command, Path(f"/proc/{pid}/environ").read_bytes()))
            except OSError:
                continue
    return found


def test_no_process_around_a_running_model_ever_held_a_secret(
    hostile: Workshop, tmp_path: Path
) -> None:
    number = planted(hostile, BURGLAR, secret=SECRET, seconds=0.5, places=[], forgeries=[])
    out = tmp_path / "bundle"
    running = started(hostile, number, out)
    seen, before = [], []
    while running.poll() is None:
        now = environments(running.pid)
        workers = [command for command, _ in now if b"request.json" in command]
        (seen if workers else before).append(now)
        time.sleep(0.02)

    said, _ = running.communicate()

    assert running.returncode == 0, said
    assert any(SECRET.encode() in held for now in before for _, held in now)
    assert len(seen) > 10
    assert [command for now in seen for command, held in now if SECRET.encode() in held] == []
    assert all(b"--inside" in now[0][0] or len(now) > 1 for now in seen)
    assert (out / RUN).is_file()


def test_a_burglar_finds_nothing_and_says_nothing(hostile: Workshop, tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    places = [hostile.ana.clone / "data/holdout.parquet", hostile.forge.folder / "forge.json"]
    number = planted(
        hostile, BURGLAR, secret=SECRET, seconds=0, places=[str(place) for place in places],
        forgeries=[str(out), str(tmp_path / "decision"), "/etc"],
    )  # fmt: skip
    running = started(hostile, number, out)
    said, complained = running.communicate()

    assert running.returncode == 0, complained
    assert b"PASSED" not in said + complained
    assert b"set-output" not in said + complained
    predicted = np.load(out / "0.predicted.npy")
    # It answers class 1 when it found anything.
    assert set(predicted) == {0.0}
    assert read_run((out / RUN).read_bytes()).found[0].fault is None
    assert not (tmp_path / "decision").exists()
    assert {path.name for path in out.iterdir()} == {
        RUN, "0.asked.npy", "0.predicted.npy",
    } | {path.name for path in out.glob("0.*.npy")}  # fmt: skip


def test_labels_are_gone_from_the_room_before_a_model_starts(
    workshop: Workshop, tmp_path: Path
) -> None:
    from bot.core.proposal import Request
    from bot.flow import rehearse
    from bot.world.zones import Predicting
    from tests.zones.conftest import Play

    room = tmp_path / "room"
    room.mkdir()
    world = Predicting(Play(workshop.forge, tmp_path / "jobs").world(), room)
    rehearse(Request(number=workshop.promote("1")), world)
    labels = (workshop.ana.clone / "data/holdout.parquet").read_bytes()

    left = [path for path in room.rglob("*") if path.is_file()]

    assert world.asked > 0
    assert any(path.suffix == ".arrow" for path in left)
    assert [path for path in left if labels in path.read_bytes()] == []
    assert [
        path for path in left if b"churned" in path.read_bytes() and path.suffix == ".arrow"
    ] == []


@pytest.mark.parametrize("name", HELD)
def test_nothing_that_is_not_known_to_be_harmless_is_passed_on(name: str) -> None:
    kept = clean({name: SECRET, "PATH": "/usr/bin", "LD_PRELOAD": "x", "PYTHONSTARTUP": "x"})

    assert set(kept) <= {*PASSED_ON, "PYTHONPATH"}
    assert SECRET not in kept.values()
