from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.core.lock import Artifact
from bot.core.policy import ArtifactRules, Dataset, SandboxRules
from bot.core.questions import Answered, Answers, Rehearsal
from bot.world.answers_cache import keep, kept

DIGEST = "sha256:" + "a" * 64
DATA = Dataset(uri="x.parquet", digest=DIGEST, task="binary", target="late")


def need(digest: str = DIGEST, dataset: Dataset = DATA) -> Answered:
    artifact = Artifact(uri="m.skops", digest=digest, flavor="skops")
    return Answered(artifact, ArtifactRules(), SandboxRules(), dataset)


def answers(*, scores: bool = True) -> Answers:
    return Answers(
        predicted=np.array([0.0, 1.0]),
        scores=np.array([[0.75, 0.25], [0.125, 0.875]]) if scores else None,
        off_simplex=0.0,
        inconsistent=0,
        compared=2,
        rehearsal=Rehearsal(
            load_seconds=0.5,
            predict_seconds=0.25,
            peak_bytes=1000,
            warnings=1,
            layers=("seccomp",),
            missing=("namespaces: no",),
            used=(True, False),
            classes=(True, True),
        ),
    )


@pytest.mark.parametrize("scores", [True, False])
def test_what_was_kept_comes_back_whole(tmp_path: Path, *, scores: bool) -> None:
    keep(tmp_path, need(), "1", answers(scores=scores))

    found = kept(tmp_path, need(), "1")

    assert found is not None
    assert found.rehearsal == answers().rehearsal
    assert (found.predicted == answers().predicted).all()
    assert (found.scores is None) is not scores
    assert (found.off_simplex, found.inconsistent, found.compared) == (0.0, 0, 2)


def test_another_model_hold_out_or_version_is_another_question(tmp_path: Path) -> None:
    keep(tmp_path, need(), "1", answers())

    assert kept(tmp_path, need("sha256:" + "b" * 64), "1") is None
    assert kept(tmp_path, need(dataset=DATA.model_copy(update={"target": "other"})), "1") is None
    assert kept(tmp_path, need(), "2") is None


@pytest.mark.parametrize("text", [b"", b"PK\x03\x04 not a zip", b"x" * 1000])
def test_a_damaged_file_is_asked_again(tmp_path: Path, text: bytes) -> None:
    keep(tmp_path, need(), "1", answers())
    (place,) = (tmp_path / "answers").glob("*.npz")
    place.write_bytes(text)

    assert kept(tmp_path, need(), "1") is None


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "answers").write_text("a file where the folder should be")

    keep(tmp_path, need(), "1", answers())

    assert kept(tmp_path, need(), "1") is None
