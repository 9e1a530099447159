"""Requests are timed by the parent, in turn."""

from __future__ import annotations

import time

import numpy as np
import pytest

from bot.core.errors import Fault
from bot.core.evidence import Absent
from bot.core.policy import ArtifactRules, SandboxRules
from bot.core.questions import Timings
from bot.world import sandbox
from bot.world.timing import Runner, timings
from tests.sandbox.conftest import EVERYTHING, LIMITS, entry

WORK = "import numpy as np\ndef predict(frame):\n    return np.linalg.svd(np.ones((60, 60)))[1]\n"
SLOW = "import time\ndef predict(frame):\n    time.sleep(0.004)\n    return frame['a']\n"


@pytest.fixture
def model(tmp_path):
    def build(name: str, source: str) -> Runner:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "model.py").write_text(source)
        return Runner(folder, entry("runner"))

    return build


def timed(features, challenger, champion=None, *, limits=LIMITS, rules=EVERYTHING, **options):
    asked = {"requests": 60, **options}
    room = sandbox.probed()
    return timings(challenger, champion, rules, limits, room, features=features, **asked)


def test_a_model_against_itself_looks_equal(model, features):
    one = model("one", WORK)
    found = timed(features, one, one, requests=400)
    assert isinstance(found, Timings), found
    assert found.challenger.shape == found.champion.shape == (400,)
    ratio = np.median(found.challenger) / np.median(found.champion)
    assert 0.8 < ratio < 1.25


def test_a_slower_challenger_is_seen_to_be_slower(model, features):
    found = timed(features, model("slow", SLOW), model("quick", WORK))
    assert isinstance(found, Timings), found
    assert np.median(found.challenger) > 4.0
    assert np.median(found.challenger) > np.median(found.champion)


def test_without_a_champion_the_challenger_is_timed_alone(model, features):
    found = timed(features, model("one", WORK), rows_per_request=8)
    assert isinstance(found, Timings), found
    assert found.champion is None
    assert (found.rows_per_request, found.warmup) == (8, 20)
    assert (found.challenger > 0).all()


def test_a_model_cannot_say_how_fast_it_is(model, features):
    # It answers before it is asked, with the very byte the parent waits for.
    liar = """
import os
def predict(frame):
    for line in range(1, 30):
        try:
            os.write(line, b"+++")
        except OSError:
            pass
"""
    found = timed(features, model("liar", liar))
    assert isinstance(found, Absent)
    assert found.fault is Fault.MODEL_DOES_NOT_PREDICT


def test_a_model_that_fails_says_which_one_and_why(model, features):
    broken = "def predict(frame):\n    raise ZeroDivisionError\n"
    found = timed(features, model("one", WORK), model("broken", broken))
    assert isinstance(found, Absent)
    assert (
        found.reason
        == "the champion stopped answering single requests: it raised ZeroDivisionError"
    )


def test_a_model_that_never_answers_is_ended(model, features):
    asleep = "import time\ndef predict(frame):\n    time.sleep(3600)\n"
    began = time.monotonic()
    limits = SandboxRules(seconds=2.0, memory=1_200_000_000)
    found = timed(features, model("asleep", asleep), limits=limits)
    assert isinstance(found, Absent)
    assert found.fault is Fault.LIMIT_EXCEEDED
    assert time.monotonic() - began < 6


def test_code_needs_the_policys_word_here_too(model, features):
    found = timed(features, model("one", WORK), rules=ArtifactRules())
    assert isinstance(found, Absent)
    assert found.fault is Fault.CODE_NOT_ALLOWED
