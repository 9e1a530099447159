from __future__ import annotations

from bot.core.policy import ArtifactRules
from bot.core.questions import Weight
from bot.core.verdict import Outcome
from bot.gates.artifact import Artifact
from tests.builders import case, contender, evidence

SAME = "sha256:" + "7" * 64


def verdict(gate=None, about=None, **found):
    gate, about = gate or Artifact(), about or case()
    return gate.judge(about, evidence(gate, about, **found))


def test_bytes_as_stated_pass_and_the_sentence_says_what_they_are():
    found = verdict()
    assert found.outcome is Outcome.PASSED
    assert found.because == "skops, 1.2 MB, 1 file, digest sha256:7777777777… as stated"


def test_other_bytes_fail():
    found = verdict(weight=Weight(digest="sha256:" + "0" * 64, size=10, files=1))
    assert found.outcome is Outcome.FAILED
    assert found.because == "the bytes hash to sha256:0000000000…"


def test_a_flavor_the_policy_does_not_allow_fails():
    found = verdict(about=case(challenger=contender(flavor="joblib")))
    assert found.outcome is Outcome.FAILED
    assert found.because == "flavor joblib is not allowed"
    assert found.measured == (), "its size decided nothing"


def test_the_policy_caps_size_and_files_where_the_gate_does_not():
    rules = ArtifactRules(max_bytes=1_000, max_files=2)
    found = verdict(about=case(artifacts=rules), weight=Weight(digest=SAME, size=1_001, files=3))
    assert found.because == "it has 3 files; it has 1.0 kB"
    assert found.outcome is Outcome.FAILED


def test_the_gate_caps_more_strictly_than_the_policy():
    gate = Artifact.model_validate({"max_bytes": "1MB", "max_files": 5})
    assert verdict(gate).outcome is Outcome.FAILED
    assert [measure.limit for measure in verdict(gate).measured] == [1e6]
    assert verdict(gate, weight=Weight(digest=SAME, size=10**6, files=5)).outcome is Outcome.PASSED
