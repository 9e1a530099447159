from __future__ import annotations

import pytest
from hypothesis import given, settings

from bot.core.canonical import EMPTY
from bot.core.errors import Malformed
from bot.core.lock import Artifact, Entry, Model
from bot.core.lockfile import dump, parse
from bot.core.serving import serving
from tests.strategies import locks

ENTRY = Entry(artifact=Artifact(uri="a", digest=f"sha256:{'0' * 64}", flavor="onnx"))


@settings(max_examples=60, deadline=None)
@given(locks)
def test_what_serves_is_what_a_full_parse_says(models):
    found = serving(dump(models), "models.lock")
    assert {name: one.stages for name, one in found.items()} == {
        name: one.stages for name, one in models.items()
    }
    assert {name: one.holds for name, one in found.items()} == {
        name: one.holds for name, one in models.items()
    }
    assert {name: one.traffic for name, one in found.items()} == {
        name: one.traffic for name, one in models.items()
    }


@pytest.mark.parametrize("text", [b"", EMPTY])
def test_nothing_serves_in_an_empty_lock(text):
    assert serving(text, "models.lock") == {}


def test_a_lock_that_is_not_canonical_is_read_whole():
    digest = f'"sha256:{"0" * 64}"'
    text = (
        "format: 1\nmodels:\n  m:\n    stages: {s: '1'}\n    versions:\n      '1':\n"
        f"        artifact: {{uri: a, digest: {digest}, flavor: onnx}}\n"
    ).encode()
    assert serving(text, "models.lock")["m"].stages == parse(text, "models.lock")["m"].stages


def test_stages_that_cannot_be_read_are_refused_where_they_stand():
    text = dump({"m": Model(versions={"1": ENTRY}, stages={"s": "1"})})
    broken = text.replace(b'stages: {s: "1"}', b'stages: {S!: "1"}')
    assert broken != text
    with pytest.raises(Malformed) as refusal:
        serving(broken, "models.lock")
    line = broken[: broken.index(b"stages:")].count(b"\n") + 1
    assert {problem.line for problem in refusal.value.problems} == {line}
