"""Builders of the values gates read, with literals a test may change one at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.core.case import Case, Contender
from bot.core.errors import Fault
from bot.core.evidence import Absent, Evidence, Fact
from bot.core.lock import Artifact, Entry, Lineage, Manifest
from bot.core.policy import ArtifactRules, Dataset, SandboxRules
from bot.core.questions import (
    Answered,
    Answers,
    Clock,
    Column,
    Feature,
    Held,
    Holdout,
    Judged,
    Loaded,
    Overlap,
    Overlapped,
    Rehearsal,
    Scan,
    Scanned,
    Timed,
    Timings,
    Weighed,
    Weight,
)
from bot.core.transition import Promotion

if TYPE_CHECKING:
    from bot.core.evidence import Need
    from bot.gates.gate import Gate

NOW = datetime(2026, 11, 23, 9, 41, tzinfo=UTC)
LINEAGE = {
    "code": "https://example.org/acme/train@" + "1f3c" * 10,
    "data": "sha256:" + "a" * 64,
    "environment": "sha256:" + "e" * 64,
    "requirements": "requirements-4.txt",
    "manifest": Manifest(uri="manifests/4.parquet", digest="sha256:" + "b" * 64),
}
ABSENT = Absent(fault=Fault.NOT_GATHERED, reason="the store is shut", remedy="open it")


def contender(version="4", digit="7", flavor="skops", **lineage) -> Contender:
    artifact = Artifact(uri=f"models/{version}.skops", digest="sha256:" + digit * 64, flavor=flavor)
    stated = Lineage(**{**LINEAGE, **lineage})
    return Contender(version=version, entry=Entry(artifact=artifact, lineage=stated))


def dataset(task="binary", **fields) -> Dataset:
    named = {"uri": "data/holdout.parquet", "digest": "sha256:" + "d" * 64, "target": "late"}
    return Dataset(**{**named, "task": task, **fields})


def case(**changes) -> Case:
    moved = Promotion(model="credit-risk", stage="production", champion="3", challenger="4")
    values = {
        "transition": moved,
        "model": "credit-risk",
        "challenger": contender("4", "7"),
        "champion": contender("3", "9"),
        "data": {"holdout": dataset()},
        "artifacts": ArtifactRules(),
        "sandbox": SandboxRules(),
        "key": "4be1" * 16,
    }
    return Case(**{**values, **changes})


def rehearsal(**changes) -> Rehearsal:
    values = {
        "load_seconds": 0.8,
        "predict_seconds": 1.5,
        "peak_bytes": 214_000_000,
        "warnings": 0,
        "layers": ("no_new_privs", "rlimits", "fs", "net"),
        "missing": (),
        "used": (True, True, False),
        "classes": (True, True),
    }
    return Rehearsal(**{**values, **changes})


def answers(predicted, scores=None, **changes) -> Answers:
    values = {
        "predicted": np.asarray(predicted, np.float64),
        "scores": scores,
        "off_simplex": 0.0,
        "inconsistent": 0,
        "compared": 64,
        "rehearsal": rehearsal(),
    }
    return Answers(**{**values, **changes})


def target(n=2_000, seed=1, share=0.3) -> np.ndarray[Any, Any]:
    return (np.random.default_rng(seed).random(n) < share).astype(np.float64)


def scored(truth, skill=1.0, seed=2, **changes) -> Answers:
    """Answer a binary target; a larger skill separates the classes better."""
    noise = np.random.default_rng(seed).normal(size=len(truth))
    positive = 1.0 / (1.0 + np.exp(-(skill * 2.0 * (truth - 0.5) + noise - 0.8)))
    scores = np.stack([1.0 - positive, positive], axis=1)
    return answers(positive > 0.5, scores, **changes)


def holdout(truth, groups=None, **changes) -> Holdout:
    values = {
        "rows": len(truth),
        "target": np.asarray(truth, np.float64),
        "classes": ("0", "1"),
        "groups": {name: column(of) for name, of in (groups or {}).items()},
        "entities": None,
        "features": (
            Feature(name="hour", kind="integer", missing=0, minimum=0.0, maximum=23.0),
            Feature(name="carrier", kind="text", missing=3, values=("9E", "AA", "DL")),
            Feature(name="distance", kind="number", missing=0, minimum=80.0, maximum=4_983.0),
        ),
        "earliest": datetime(2013, 9, 1, tzinfo=UTC),
        "latest": datetime(2013, 12, 31, tzinfo=UTC),
    }
    return Holdout(**{**values, **changes})


def column(values) -> Column:
    """Cut by text; an empty text is missing."""
    names = sorted({value for value in values if value})
    at = {name: code for code, name in enumerate(names)}
    return Column(names=tuple(names), codes=np.array([at.get(v, -1) for v in values], np.int64))


def overlap(**changes) -> Overlap:
    values = {
        "rows": 12_000,
        "shared_rows": 0,
        "shared_ids": 0,
        "natural_duplicates": 0,
        "trained_until": datetime(2013, 8, 31, tzinfo=UTC),
        "judged_from": datetime(2013, 9, 1, tzinfo=UTC),
        "same_bytes": False,
    }
    return Overlap(**{**values, **changes})


def times(n=400, median=18.0, seed=3) -> np.ndarray[Any, Any]:
    """Draw request times in milliseconds, skewed as they are."""
    return median * np.exp(0.2 * np.random.default_rng(seed).normal(size=n))


def timings(challenger, champion=None) -> Timings:
    return Timings(challenger=challenger, champion=champion, rows_per_request=1, warmup=20)


def evidence(gate: Gate, about: Case, **found) -> Evidence:
    """Answer every need of a gate with what a test found, else with what is all right.

    Keywords: weight, held, scan, rehearsal, before, holdout, challenger, champion, overlap,
    timings, now. An `Absent` stands for itself.
    """
    return Evidence({need: _fact(_answer(need, about, found)) for need in gate.needs(about)})


def _fact(answer: Any) -> Fact[Any] | Absent:
    return answer if isinstance(answer, Absent) else Fact(value=answer, source="a test")


def _answer(  # noqa: PLR0911 -- one arm for each question
    need: Need[Any], about: Case, found: dict[str, Any]
) -> Any:
    truth = target()
    match need:
        case Weighed(artifact):
            return found.get("weight", Weight(digest=artifact.digest, size=1_200_000, files=1))
        case Held(_, digest):
            return found.get("held", Weight(digest=digest, size=900, files=1))
        case Scanned():
            return found.get("scan", Scan(carries_code=False, findings=(), counted=12))
        case Loaded(artifact):
            ours = artifact == about.challenger.entry.artifact
            return found.get("rehearsal" if ours else "before", rehearsal())
        case Judged():
            return found.get("holdout", holdout(truth))
        case Answered(artifact):
            ours = artifact == about.challenger.entry.artifact
            skill = scored(truth, 2.0 if ours else 1.6)
            return found.get("challenger" if ours else "champion", skill)
        case Overlapped():
            return found.get("overlap", overlap())
        case Timed(_, champion):
            return found.get("timings", timings(times(), times(seed=4) if champion else None))
        case Clock():
            return found.get("now", NOW)
        case _:
            raise AssertionError(need)


def against_itself(about: Case) -> Case:
    """Let the champion ask for its own place."""
    return replace(about, champion=about.challenger)
