from __future__ import annotations

import pytest

from bot.core.evidence import EvidenceMissing
from bot.core.questions import Weight
from bot.core.verdict import Outcome
from bot.gates.lineage import Lineage
from tests.builders import ABSENT, case, contender, evidence


def verdict(gate=None, found=None, **lineage):
    gate, about = gate or Lineage(), case(challenger=contender(**lineage))
    return gate.judge(about, evidence(gate, about, **(found or {})))


def test_a_whole_lineage_passes():
    found = verdict()
    assert found.outcome is Outcome.PASSED
    assert found.because == "it states code, data, environment; 2 files named by digest found"


def test_a_lineage_that_names_no_file_asks_for_none():
    gate = Lineage(require=("code", "data"))
    found = verdict(gate, manifest=None, environment=None)
    assert found.because == "it states code, data"
    assert gate.needs(case(challenger=contender(manifest=None, environment=None))) == frozenset()


@pytest.mark.parametrize("part", ["code", "data", "environment"])
def test_a_required_part_that_is_not_stated_fails(part):
    found = verdict(**{part: None})
    assert found.outcome is Outcome.FAILED
    assert f"{part} is not stated" in found.because
    assert "register a new version" in found.unblock


@pytest.mark.parametrize("code", ["https://x.org/a@main", "https://x.org/a", "https://x@1f3c1f3c"])
def test_a_code_that_can_move_fails(code):
    assert "40 hex digits of a commit" in verdict(code=code).because


def test_an_environment_digest_of_no_file_fails():
    found = verdict(requirements=None)
    assert found.because == (
        "environment has a digest but `requirements` does not say of which file"
    )


def test_a_file_with_other_bytes_fails():
    found = verdict(found={"held": Weight(digest="sha256:" + "0" * 64, size=1, files=1)})
    assert found.outcome is Outcome.FAILED
    assert "requirements-4.txt hashes to sha256:0000000000…" in found.because


def test_a_file_out_of_reach_is_no_verdict():
    with pytest.raises(EvidenceMissing, match="the store is shut"):
        verdict(found={"held": ABSENT})


def test_what_is_wrong_anyway_is_said_although_a_file_is_out_of_reach():
    found = verdict(found={"held": ABSENT}, data=None)
    assert found.outcome is Outcome.FAILED
    assert found.because == "data is not stated"
