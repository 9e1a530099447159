"""A question is named by what it asks, and read again as it was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bot.core.bundle import MODELS, NotABundle, asked, key, need_of, read_run
from bot.core.lock import Artifact
from bot.core.policy import ArtifactRules, Blind, Dataset, SandboxRules
from bot.core.questions import Answered, Loaded, Scanned, Timed

if TYPE_CHECKING:
    from bot.core.evidence import Need

MODEL = Artifact(uri="m.onnx", digest="sha256:" + "1" * 64, flavor="onnx")
OTHER = Artifact(uri="n.onnx", digest="sha256:" + "2" * 64, flavor="onnx")
RULES, SANDBOX = ArtifactRules(trusted=("a.B",)), SandboxRules(seconds=12.5)
DATA = Dataset(
    uri="rows.parquet", digest="sha256:" + "3" * 64, task="binary", target="y", slices=("region",),
    blind=Blind(uri="blind.parquet", digest="sha256:" + "4" * 64, classes=("0", "1")),
)  # fmt: skip
NEEDS: tuple[Need[Any], ...] = (
    Answered(MODEL, RULES, SANDBOX, DATA),
    Loaded(MODEL, RULES, SANDBOX, DATA),
    Loaded(MODEL, RULES, SANDBOX, None),
    Timed(MODEL, OTHER, RULES, SANDBOX, DATA, 400, 1),
    Timed(MODEL, None, RULES, SANDBOX, DATA, 400, 1),
    Scanned(MODEL, RULES),
)


@pytest.mark.parametrize("need", NEEDS)
def test_a_question_is_read_as_it_was_written(need: Need[Any]) -> None:
    assert need_of(asked(need)) == need


def test_every_question_has_a_name_of_its_own() -> None:
    assert len({key(need) for need in NEEDS}) == len(NEEDS)
    assert key(Answered(OTHER, RULES, SANDBOX, DATA)) != key(NEEDS[0])
    looser = Answered(MODEL, RULES, SandboxRules(seconds=12.5, require=()), DATA)
    assert key(looser) != key(NEEDS[0])


def test_a_scan_needs_no_model() -> None:
    assert not isinstance(NEEDS[-1], MODELS)


def test_an_account_is_read_strictly() -> None:
    told = {"format": 1, "lockstep": "0.1.0", "head": None, "base": None, "salt": "a" * 64}
    assert read_run(json.dumps({**told, "found": []}).encode()).found == ()
    with pytest.raises(NotABundle, match="schema says: missing"):
        read_run(json.dumps(told).encode())
    with pytest.raises(NotABundle, match="cannot be read: it is not JSON"):
        read_run(b"{")
