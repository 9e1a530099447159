from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.core.evidence import EvidenceMissing
from bot.core.verdict import Outcome
from bot.gates.leakage import Leakage
from tests.builders import case, contender, evidence, overlap


def verdict(gate=None, about=None, **measured):
    gate, about = gate or Leakage(), about or case()
    return gate.judge(about, evidence(gate, about, overlap=overlap(**measured)))


def test_a_holdout_nobody_has_seen_passes():
    found = verdict()
    assert found.outcome is Outcome.PASSED
    assert found.because == (
        "0 of 12,000 hold-out rows equal a training row, no more than chance makes "
        "(0 repeat within the hold-out)"
    )


def test_one_equal_row_fails_where_no_row_repeats_by_chance():
    found = verdict(shared_rows=1)
    assert found.outcome is Outcome.FAILED
    assert found.because == (
        "1 hold-out row of 12,000 (0.008 %) equal a training row in every column"
    )
    assert found.measured[0].challenger > found.measured[0].limit == 0
    assert found.unblock.startswith("train again without the hold-out")


def test_equal_rows_at_the_rate_of_chance_pass():
    assert verdict(shared_rows=310, natural_duplicates=300).outcome is Outcome.PASSED
    assert verdict(shared_rows=900, natural_duplicates=300).outcome is Outcome.FAILED


def test_a_tolerated_share_is_added_to_chance():
    assert verdict(Leakage(allow_share=0.01), shared_rows=100).outcome is Outcome.PASSED
    assert verdict(Leakage(allow_share=0.001), shared_rows=100).outcome is Outcome.FAILED


def test_a_shared_id_fails():
    assert verdict(shared_ids=1).because == "1 hold-out id was trained on"
    assert verdict(shared_ids=7).because == "7 hold-out ids were trained on"
    assert verdict(shared_ids=7).measured == (), "the share of rows decided nothing"


def test_the_same_file_fails():
    found = verdict(same_bytes=True)
    assert found.because == "the training manifest and the hold-out are the same file"


def test_training_that_runs_into_the_judged_time_fails_unless_the_policy_allows_it():
    late = {"trained_until": datetime(2013, 9, 1, tzinfo=UTC)}
    found = verdict(**late)
    assert found.outcome is Outcome.FAILED
    assert found.because == (
        "training runs until 2013-09-01 00:00, judging starts 2013-09-01 00:00"
    )
    allowed = verdict(Leakage(time_order=False), **late)
    assert allowed.outcome is Outcome.PASSED
    assert allowed.required == "no shared id, no more equal rows than chance makes"


def test_what_could_not_be_compared_is_said():
    found = verdict(shared_ids=None, trained_until=None)
    assert found.outcome is Outcome.PASSED
    assert [note.split(",")[0] for note in found.notes] == [
        "leakage: ids were not compared",
        "leakage: times were not compared",
    ]
    assert not verdict(Leakage(time_order=False), trained_until=None).notes


def test_no_rows_do_not_pass():
    found = verdict(rows=0)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.because == "the hold-out has 0 rows, so nothing was compared"


def test_a_version_without_a_manifest_cannot_be_judged():
    about = case(challenger=contender(manifest=None))
    assert Leakage().needs(about) == frozenset()
    with pytest.raises(EvidenceMissing, match="does not say which rows it was trained on"):
        verdict(about=about)


def test_hashes_of_columns_nobody_named_are_said_aloud():
    assert not any("which columns" in note for note in verdict().notes)
    assert any("which columns" in note for note in verdict(columns_known=False).notes)
