"""Requests are timed by the parent, in turn."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from bot.core.errors import Fault
from bot.core.evidence import Absent
from bot.core.policy import ArtifactRules, SandboxRules
from bot.core.questions import Timings
from bot.world import sandbox
from bot.world.sandbox_features import prepare
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


MEMO = """
import time
SEEN = {}
def predict(frame):
    key = frame.to_numpy().tobytes()
    if key not in SEEN:
        time.sleep(0.004)
        SEEN[key] = frame["a"]
    return SEEN[key]
"""
PEEK = """
import sys
def kind():
    frame = sys._getframe()
    while frame:
        if hasattr(frame.f_locals.get("request"), "kind"):
            return frame.f_locals["request"].kind
        frame = frame.f_back
def predict(frame):
    return frame["a"] * (0 if kind() == "turns" else 1)
"""
HONEST = "def predict(frame):\n    return frame['a'] * 2\n"


def test_a_model_that_remembers_its_answers_is_no_quicker(model, tmp_path):
    many = prepare(pd.DataFrame({"a": np.arange(200.0)}), tmp_path / "many", seed=1)
    found = timed(many, model("memo", MEMO), requests=150)
    assert isinstance(found, Timings), found
    assert np.quantile(found.challenger, 0.05) > 4.0
    assert found.repeated == 0


def test_a_hold_out_with_too_few_rows_is_said(model, features):
    found = timed(features, model("one", WORK), requests=60)
    assert found.repeated == 20, "60 rows, 60 requests and 20 before them"
    assert timed(features, model("two", WORK), rows_per_request=100).repeated == 79


def test_a_model_that_answers_otherwise_when_it_is_timed_is_refused(model, features):
    for pair in ((model("peek", PEEK), None), (model("honest", HONEST), model("p", PEEK))):
        found = timed(features, *pair, classes=())
        assert isinstance(found, Absent)
        assert found.fault is Fault.ORDER_DEPENDENT
        assert "of 80 timed requests otherwise" in found.reason
        assert ("champion" in found.reason) == (pair[1] is not None)


def test_honest_answers_are_the_same_when_they_are_timed(model, features):
    scored = """
import numpy as np
CLASSES = ["no", "yes"]
def predict(frame):
    p = 1 / (1 + np.exp(-frame["a"].to_numpy()))
    return np.where(p > 0.5, "yes", "no"), np.column_stack((1 - p, p))
"""
    found = timed(features, model("values", HONEST), classes=())
    assert isinstance(found, Timings), found
    found = timed(features, model("scores", scored), classes=("no", "yes"), rows_per_request=7)
    assert isinstance(found, Timings), found


def test_a_model_that_answers_one_row_for_many_is_ended(model, features):
    short = "def predict(frame):\n    return frame['a'] if len(frame) != 5 else frame['a'][:1]\n"
    found = timed(features, model("short", short), classes=(), rows_per_request=5)
    assert isinstance(found, Absent)
    assert found.reason.endswith("it raised WrongRows")


def test_code_needs_the_policys_word_here_too(model, features):
    found = timed(features, model("one", WORK), rules=ArtifactRules())
    assert isinstance(found, Absent)
    assert found.fault is Fault.CODE_NOT_ALLOWED
