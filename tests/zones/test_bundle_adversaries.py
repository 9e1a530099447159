"""Whoever broke out of the sandbox writes the bundle: nothing but honest numbers is evidence."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.core.bundle import MOST_RUN, RUN
from bot.core.errors import Fault, Moved
from bot.core.evidence import Absent
from bot.core.questions import Rehearsal, Timings
from bot.world.bundle_files import from_zip
from bot.world.bundle_source import in_folder
from bot.world.testimony import NoBundle
from tests.zones.forging import (
    ROWS,
    Judge,
    array,
    header,
    packed,
    retold,
    right,
    spoiled,
    told,
    within,
)

Spoil = Callable[[Path], object]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    return Judge.sits(tmp_path)


@pytest.fixture
def bundle(judge: Judge) -> Path:
    return judge.honest()


def test_an_honest_bundle_is_believed_as_far_as_it_can_be_checked(
    judge: Judge, bundle: Path
) -> None:
    answers = judge.asks(in_folder(bundle))
    assert right(answers)
    assert answers.inconsistent == 0
    assert answers.off_simplex == 0.0
    assert answers.compared > 200
    assert answers.rehearsal.reported
    assert answers.rehearsal.missing == ("namespaces: not given where models ran",)
    assert right(judge.asks(lambda: from_zip(packed(within(bundle)))))
    assert isinstance(judge.times(in_folder(bundle)), Timings)
    assert isinstance(judge.loads(in_folder(bundle)), Rehearsal)


def save(name: str, change: Callable[[Any], Any], **options: bool) -> Spoil:
    def spoil(folder: Path) -> None:
        np.save(folder / f"{name}.npy", change(array(folder, name)), **options)

    return spoil


def put(name: str, text: bytes) -> Spoil:
    return lambda folder: (folder / name).write_bytes(text)


def told_as(place: int = 0, **changes: Any) -> Spoil:
    return lambda folder: spoiled(folder, place, **changes)


def first(value: Any) -> Callable[[Any], Any]:
    def change(values: Any) -> Any:
        values = values.copy()
        values.reshape(-1)[0] = value
        return values

    return change


def gone(name: str) -> Spoil:
    return lambda folder: (folder / name).unlink()


class Payload:
    def __reduce__(self) -> Any:
        return (Path("pwned").write_text, ("x",))


ARRAYS: dict[str, Spoil] = {
    "object dtype": save("0.predicted", lambda a: a.astype(object), allow_pickle=True),
    "pickle in npy": save(
        "0.predicted", lambda a: np.array([Payload()] * len(a), dtype=object), allow_pickle=True
    ),
    "a bare pickle": put("0.predicted.npy", pickle.dumps(Payload())),
    "text in npy": save("0.predicted", lambda a: a.astype("U8")),
    "other dtype": save("0.predicted", lambda a: a.astype(np.float32)),
    "other byte order": save("0.scores", lambda a: a.astype(">f8")),
    "a record dtype": save("0.predicted", lambda a: a.astype([("x", "<f8")])),
    "one row more": save("0.predicted", lambda a: np.append(a, 0.0)),
    "one row less": save("0.predicted", lambda a: a[:-1]),
    "two dimensions": save("0.predicted", lambda a: a.reshape(1, -1)),
    "a column less": save("0.scores", lambda a: a[:, :-1]),
    "column order": save("0.scores", np.asfortranarray),
    "a class of no one": save("0.predicted", first(2.0)),
    "half a class": save("0.predicted", first(0.5)),
    "no number for a class": save("0.predicted", first(np.nan)),
    "endless class": save("0.predicted", first(np.inf)),
    "a huge shape": put("0.predicted.npy", header("(1000000000000,)")),
    "a negative shape": put("0.predicted.npy", header("(-1,)")),
    "a shape that is code": put("0.predicted.npy", header("(__import__('os').getpid(),)")),
    "a huge header": put("0.predicted.npy", b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65_535),
    "a header of version 3": put("0.predicted.npy", b"\x93NUMPY\x03\x00" + bytes(100)),
    "bytes after the end": lambda folder: put(
        "0.predicted.npy", (folder / "0.predicted.npy").read_bytes() + bytes(8)
    )(folder),
    "an empty file": put("0.scores.npy", b""),
    "no answers": gone("0.predicted.npy"),
    "no names of rows": gone("0.asked.npy"),
    "a foreign id": save("0.asked", first(7)),
    "an id twice for another": save("0.asked", lambda a: np.full_like(a, a[0])),
    "ids of another salt": lambda folder: retold(folder, salt="0" * 64),
    "ids of another type": save("0.asked", lambda a: a.astype(np.int64)),
    "ids missing": save("0.asked", lambda a: a[:ROWS]),
    "a file of no one": put("verdict.json", b"{}"),
    "a name with a slash in it": put("0.verdict.npy", b""),
}  # fmt: skip


@pytest.mark.parametrize("trick", ARRAYS)
def test_a_spoiled_array_is_no_evidence(judge: Judge, bundle: Path, trick: str) -> None:
    ARRAYS[trick](bundle)

    found = judge.asks(in_folder(bundle))

    assert isinstance(found, Absent)
    assert found.fault in (Fault.BUNDLE_FORGED, Fault.FORGED_OUTPUT)
    assert not Path("pwned").exists()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_scores_that_are_no_numbers_are_the_models_fault(
    judge: Judge, bundle: Path, value: float
) -> None:
    save("0.scores", first(value))(bundle)

    found = judge.asks(in_folder(bundle))

    assert isinstance(found, Absent)
    assert found.fault is Fault.SCORES_NOT_FINITE


ACCOUNTS: dict[str, Spoil] = {
    "other bytes of the artifact": told_as(artifact="sha256:" + "0" * 64),
    "another question": told_as(question="0" * 64),
    "the same question twice": lambda f: retold(f, found=[told(f)["found"][0]] * 2),
    "nothing said": lambda f: retold(f, found=[]),
    "neither run nor fault": told_as(run=None),
    "a layer of no one": told_as(run__layers=["everything"]),
    "a layer that is text": told_as(run__layers=["seccomp <img src=x>"]),
    "a missing layer of no one": told_as(run__missing=["luck"]),
    "text for a number": told_as(run__warnings="many"),
    "truth for a number": told_as(run__warnings=True),
    "a negative number": told_as(run__peak_bytes=-1),
    "a stage of no one": told_as(run__stage=9),
    "an error of no one": told_as(run__exception=700),
    "a fault of no one": told_as(fault="EVERYTHING_FINE"),
    "a fault in words": told_as(fault="see https://example.org"),
    "a verdict": told_as(outcome="passed"),
    "a verdict over all": lambda f: retold(f, outcome="passed"),
    "another version": lambda f: retold(f, lockstep="9.9.9"),
    "another format": lambda f: retold(f, format=2),
    "a commit that is none": lambda f: retold(f, head="main"),
    "no salt": lambda f: retold(f, salt=""),
    "a key twice": lambda f: (f / RUN).write_text('{"format": 2, ' + (f / RUN).read_text()[1:]),
    "no number": lambda f: (f / RUN).write_text(
        (f / RUN).read_text().replace('"load_seconds":0.5', '"load_seconds":NaN')
    ),
    "endless number": lambda f: (f / RUN).write_text(
        (f / RUN).read_text().replace('"load_seconds":0.5', '"load_seconds":1e999')
    ),
    "too deep": put(RUN, b'{"found":' + b"[" * 5_000 + b"]" * 5_000 + b"}"),
    "too large": lambda f: (f / RUN).write_bytes((f / RUN).read_bytes() + b" " * MOST_RUN),
    "too many facts": lambda f: retold(f, found=told(f)["found"][:1] * 100),
    "a list": put(RUN, b"[]"),
    "no JSON": put(RUN, b"{'format': 1}"),
    "no text": put(RUN, b"\xff\xfe\x00"),
    "a very long number": put(RUN, b'{"format": ' + b"9" * 20_000 + b"}"),
}


@pytest.mark.parametrize("trick", ACCOUNTS)
def test_a_spoiled_account_is_no_evidence_and_none_of_its_words_are_repeated(
    judge: Judge, bundle: Path, trick: str
) -> None:
    ACCOUNTS[trick](bundle)

    found = judge.asks(in_folder(bundle))

    assert isinstance(found, Absent)
    assert found.fault is Fault.BUNDLE_FORGED
    assert not any(word in found.reason for word in ("img", "example.org", "EVERYTHING", "9.9.9"))


def test_more_time_than_passed_is_a_forgery(judge: Judge, bundle: Path) -> None:
    spoiled(bundle, 0, run__load_seconds=3.9)

    found = judge.asks(in_folder(bundle))

    assert isinstance(found, Absent)
    assert found.fault is Fault.FORGED_OUTPUT


def test_a_layer_that_the_policy_requires_may_not_be_missing(judge: Judge, bundle: Path) -> None:
    spoiled(bundle, 0, run__missing=["net"])

    found = judge.asks(in_folder(bundle))

    assert isinstance(found, Absent)
    assert found.fault is Fault.SANDBOX_TOO_WEAK


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, -1.0, 1e12])
def test_impossible_times_are_no_evidence(judge: Judge, bundle: Path, value: float) -> None:
    save("2.challenger", first(value))(bundle)

    found = judge.times(in_folder(bundle))

    assert isinstance(found, Absent)
    assert found.fault is Fault.BUNDLE_FORGED


def test_a_champion_that_nobody_asked_for_is_not_timed(judge: Judge, bundle: Path) -> None:
    spoiled(bundle, 2, champion="sha256:" + "0" * 64)

    assert isinstance(judge.times(in_folder(bundle)), Absent)


def test_scores_that_are_no_probabilities_are_seen(judge: Judge, bundle: Path) -> None:
    save("0.scores", lambda scores: scores * 2)(bundle)

    assert judge.asks(in_folder(bundle)).off_simplex == pytest.approx(1.0)


def test_another_answer_to_a_copy_is_seen(judge: Judge, bundle: Path) -> None:
    asked, predicted = array(bundle, "0.asked"), array(bundle, "0.predicted")
    seen: set[int] = set()
    for place, name in enumerate(asked.tolist()):
        if name in seen:
            predicted[place] = 1 - predicted[place]
        seen.add(name)
    np.save(bundle / "0.predicted.npy", predicted)

    found = judge.asks(in_folder(bundle))

    assert found.inconsistent == found.compared > 200


def test_a_bundle_of_another_head_ends_without_a_word(judge: Judge, bundle: Path) -> None:
    with pytest.raises(Moved, match="another head"):
        judge.asks(in_folder(bundle), head="c" * 40)


def test_a_bundle_of_another_base_answers_the_same_questions_only(
    judge: Judge, bundle: Path
) -> None:
    assert right(judge.asks(in_folder(bundle), base="c" * 40))
    spoiled(bundle, 0, question="0" * 64)
    with pytest.raises(Moved, match="the base moved"):
        judge.asks(in_folder(bundle), base="c" * 40)


def test_a_bundle_that_is_not_there_is_missing(judge: Judge, tmp_path: Path) -> None:
    found = judge.asks(in_folder(tmp_path / "nowhere"))

    assert isinstance(found, Absent)
    assert found.fault is Fault.BUNDLE_MISSING


def test_nothing_is_missing_twice(judge: Judge) -> None:
    calls = []

    def fetch() -> dict[str, bytes]:
        calls.append(1)
        raise NoBundle("run 7 has no artifact of that name")

    found = judge.asks(fetch)

    assert isinstance(found, Absent)
    assert calls == [1]
