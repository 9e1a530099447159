"""A greedy model is stopped, and what it started ends with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.core.errors import Fault
from bot.core.evidence import Absent
from bot.core.policy import SandboxRules
from bot.world import sandbox

if TYPE_CHECKING:
    from bot.world.sandbox import Sandbox

TIGHT = SandboxRules(seconds=30.0, memory=1_200_000_000)
SHORT = SandboxRules(seconds=1.2, memory=1_200_000_000)


def takes(hostile, ask, what: str, **options: object) -> Absent:
    answer = ask(hostile("greedy", takes=what), **{"limits": TIGHT, **options})
    assert isinstance(answer, Absent)
    return answer


@pytest.mark.parametrize(
    ("what", "fault", "words"),
    [
        ("memory", Fault.LIMIT_EXCEEDED, "more memory than the 1,200 MB"),
        ("scratch", Fault.LIMIT_EXCEEDED, "more into its scratch folder"),
        ("many_files", Fault.LIMIT_EXCEEDED, "more into its scratch folder"),
        ("one_large_file", Fault.MODEL_DOES_NOT_PREDICT, "raised OSError"),
        ("shell", Fault.MODEL_DOES_NOT_PREDICT, "tried something the sandbox forbids"),
        ("exits", Fault.MODEL_DOES_NOT_PREDICT, "raised SystemExit"),
        ("crash", Fault.MODEL_DOES_NOT_PREDICT, "was ended by SIG"),
    ],
)
def test_a_greedy_model_is_stopped_with_a_plain_reason(what, fault, words, hostile, ask):
    answer = takes(hostile, ask, what)
    assert (answer.fault, words in answer.reason) == (fault, True), answer.reason
    assert answer.remedy


@pytest.mark.parametrize("what", ["time_asleep", "frozen", "processor", "forks"])
def test_a_model_without_end_is_ended(what, room, hostile, ask):
    # Without namespaces: as process 1 of one, a model could not even freeze itself.
    answer = takes(hostile, ask, what, limits=SHORT, within=room(()))
    assert answer.fault is Fault.LIMIT_EXCEEDED
    assert answer.reason == "the model was not done after 1.2 s and was stopped"


def test_what_a_model_prints_is_capped_and_stays_in_a_local_log(hostile, ask, tmp_path):
    from dataclasses import replace

    logs = tmp_path / "logs"
    answer = ask(
        hostile("greedy", takes="screen"), within=replace(sandbox.probed(), logs=logs), limits=TIGHT
    )
    assert not isinstance(answer, Absent)
    (log,) = logs.iterdir()
    assert 0 < log.stat().st_size <= 65_536
    assert "PASSED" not in repr(answer)


@pytest.mark.parametrize("walls", [("bubblewrap",), ("unshare",)])
def test_namespaces_end_even_a_child_that_left_the_session(walls, room, hostile, ask):
    loose: Sandbox = room(walls, without=("seccomp",))
    rules = SandboxRules(require=(), seconds=1.5, memory=1_200_000_000)
    answer = takes(hostile, ask, "orphan", within=loose, limits=rules)
    assert answer.fault is Fault.LIMIT_EXCEEDED
    deadline = time.monotonic() + 5
    while workers() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert workers() == []


@pytest.mark.parametrize("walls", [("bubblewrap",), ("unshare",), ()])
def test_a_worker_ends_when_the_bot_is_killed(walls, room, hostile):
    room(walls)
    bot = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(hostile("greedy", takes="time_asleep")), *walls],
        stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert bot.stdout is not None
    bot.stdout.readline()
    found = workers(bot.pid)
    bot.kill()
    bot.communicate()
    deadline = time.monotonic() + 5
    while workers(bot.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    for left in Path(tempfile.gettempdir()).glob(f"lockstep-{bot.pid}-*"):
        shutil.rmtree(left)
    assert found
    assert workers(bot.pid) == []


KILLED = """
import sys, time
from pathlib import Path
from bot.core.policy import SandboxRules
from bot.world import sandbox
folder = Path(sys.argv[1])
room = sandbox.probed(walls=tuple(sys.argv[2:]))
job = sandbox.Job(kind="load", rules=SandboxRules(), readable=(folder,), fields={
    "artifact": str(folder), "flavor": "runner", "module": "asleep"})
(folder / "asleep.py").write_text("import time; time.sleep(3600)")
with room.start(job) as (child, out):
    time.sleep(0.5)
    print("started", flush=True)
    time.sleep(3600)
"""


def workers(bot: int | None = None) -> list[str]:
    """Command lines of workers below this process's own sandbox runs."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            own = (entry / "status").read_text()
        except OSError:
            continue
        mine = f"Uid:\t{os.getuid()}" in own
        if (
            mine
            and b"-I" in words
            and f"lockstep-{bot or os.getpid()}-".encode() in b" ".join(words)
        ):
            found.append(entry.name)
    return found


def test_nothing_is_left_in_the_temporary_folder(hostile, ask, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    takes(hostile, ask, "many_files")
    assert list((tmp_path / "temporary").iterdir()) == []
