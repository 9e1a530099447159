from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core import lock
from bot.core.history import Snapshot, claimed, past, since, terms, trailers, turns, words
from bot.core.transition import (
    Exposure,
    Hold,
    Promotion,
    Registration,
    Release,
    Retirement,
    Rewiring,
    Rollback,
)

START = datetime(2026, 11, 1, tzinfo=UTC)
RECORD = "sha256:" + "a" * 64


def entry(version: str = "1") -> lock.Entry:
    digest = "sha256:" + version.zfill(64)
    return lock.Entry(artifact=lock.Artifact(uri="m.onnx", digest=digest, flavor="onnx"))


def model(*versions: str, **stages: str) -> lock.Model:
    return lock.Model(versions={version: entry(version) for version in versions}, stages=stages)


def snapshots(*models: lock.Model, message: str = "By hand\n") -> tuple[Snapshot, ...]:
    """Take models as they landed, oldest first, one a day."""
    return tuple(
        Snapshot(commit=f"{day:040d}", at=START + timedelta(days=day), message=message, model=one)
        for day, one in enumerate(models)
    )[::-1]


def test_trailers_are_the_last_paragraphs_of_keys_and_values():
    message = (
        "Promote credit 4 (#7)\n\nNote: this paragraph has\na line that is no trailer.\n\n"
        "Model: credit\nModel: other\nRecord: sha256:ab\n\nCo-authored-by: ana <ana@example.org>\n"
    )
    assert trailers(message) == {
        "Model": ("credit", "other"),
        "Record": ("sha256:ab",),
        "Co-authored-by": ("ana <ana@example.org>",),
    }


@pytest.mark.parametrize("message", ["", "Record: sha256:ab", "Subject\n\nwords only\n"])
def test_a_subject_or_a_text_is_no_trailer(message):
    assert trailers(message) == {}


def test_only_a_commit_with_a_record_claims_models():
    assert claimed("S\n\nModel: credit\n") is None
    assert claimed("S\n\nModel: credit\nRecord: x\n") == {"credit"}
    assert claimed("S\n\nRecord: x\n") == frozenset()


def test_each_landed_commit_is_told_by_what_it_did_newest_first():
    told = turns(
        "credit",
        snapshots(
            model("1", production="1"),
            model("1", "2", production="2"),
            model("1", "2", production="1"),
        ),
    )
    assert [[words(move) for move in turn.moves] for turn in told] == [
        ["roll production back from 2 to 1"],
        ["register 2", "promote 2 to production, champion was 1"],
        ["register 1", "promote 1 to production"],
    ]
    assert [turn.commit for turn in told] == [f"{day:040d}" for day in (2, 1, 0)]


def test_a_return_outside_the_window_is_a_promotion():
    rows = snapshots(
        *(model("1", "2", "3", production=version) for version in ("1", "2", "3", "1"))
    )
    assert isinstance(turns("credit", rows, window=1)[0].moves[0], Promotion)
    assert isinstance(turns("credit", rows, window=2)[0].moves[0], Rollback)


def test_a_commit_that_broke_a_rule_is_told_all_the_same():
    rows = snapshots(model("1", "2", production="1"), model("2", production="2"))
    assert [words(move) for move in turns("credit", rows)[0].moves] == [
        "promote 2 to production, champion was 1"
    ]


def test_a_commit_without_a_record_is_by_hand():
    recorded = f"S\n\nDecision: merge\nTriggered-by: acme/models#7\nRecord: {RECORD}\n"
    (told,) = turns("credit", snapshots(model("1"), message=recorded))
    assert (told.decision, told.request, told.record) == ("merge", "acme/models#7", RECORD)
    assert not told.by_hand
    (hand,) = turns("credit", snapshots(model("1"), message="S\n\nDecision: merge\n"))
    assert (hand.decision, hand.record, hand.by_hand) == ("merge", None, True)


def test_reigns_have_a_beginning_an_end_and_a_length():
    rows = snapshots(
        model("1", staging="1"),
        model("1", staging="1", production="1"),
        model("1", "2", production="2"),
        model("1", "2", production="1"),
    )
    found = [
        (term.stage, term.version, term.days(START + timedelta(days=9)), term.left_by_rollback)
        for term in terms("credit", rows)
    ]
    assert found == [
        ("production", "1", 6, False),
        ("production", "2", 1, True),
        ("production", "1", 1, False),
        ("staging", "1", 2, False),
    ]
    assert terms("credit", rows)[0].until is None


def test_since_is_the_commit_that_gave_the_stage_and_not_a_later_one():
    rows = snapshots(
        model("1", production="1"),
        model("1", "2", production="2"),
        model("1", "2", "3", production="2"),
    )
    giver = since(rows, "production")
    assert giver is not None
    assert giver.commit == f"{1:040d}"


def test_since_goes_back_to_the_first_commit_when_nothing_changed_and_is_nothing_without_one():
    rows = snapshots(model("1", production="1"), model("1", "2", production="1"))
    assert since(rows, "production") == rows[-1]
    assert since(rows, "staging") is None
    assert since((), "production") is None


def test_the_past_of_a_model_is_its_snapshots():
    rows = snapshots(model("1"), model("1", "2"))
    assert [one.commit for one in past("credit", rows).of("credit")] == [r.commit for r in rows]


@pytest.mark.parametrize(
    ("move", "said"),
    [
        (Registration(model="m", version="4", entry=entry()), "register 4"),
        (Promotion(model="m", stage="s", champion=None, challenger="4"), "promote 4 to s"),
        (
            Exposure(model="m", stage="canary", before=0, after=10),
            "send 10% of traffic to canary, was 0%",
        ),
        (Retirement(model="m", version="4", stage="s", reason=None), "retire 4 from s"),
        (Retirement(model="m", version="4", stage=None, reason="leaks"), "retire 4: leaks"),
        (
            Hold(model="m", stage="s", hold=lock.Hold(reason="audit", by="@ana")),
            "hold s: audit",
        ),
        (
            Hold(model="m", stage=None, hold=lock.Hold(reason="r", by="@ana", version="4")),
            "hold 4: r",
        ),
        (Release(model="m", version="4", stage=None), "release 4"),
        (Release(model="m", version="4", stage="s"), "release the hold on s"),
        (Rewiring(model="m", before={}, after={"b": "s", "a": "s"}), "feed by a at s, b at s"),
        (Rewiring(model="m", before={"a": "s"}, after={}), "feed by no other model"),
    ],
)
def test_a_transition_is_said_in_a_few_words(move, said):
    assert words(move) == said
