"""Answers are kept by what they depend on, so that the same question is never scored twice."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from bot.core.questions import Answers, Rehearsal

if TYPE_CHECKING:
    from pathlib import Path

    from bot.core.questions import Answered


def kept(cache: Path, need: Answered, version: str) -> Answers | None:
    """Read the answers of an earlier run, or None."""
    place = _place(cache, need, version)
    try:
        with place.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            about = json.loads(str(stored["about"]))
            scores = stored.get("scores")
            predicted = stored["predicted"]
    except (OSError, EOFError, ValueError, KeyError, BadZipFile):
        return None
    rehearsal = about.pop("rehearsal")
    for name in ("layers", "missing", "used", "classes"):
        rehearsal[name] = tuple(rehearsal[name])
    return Answers(predicted=predicted, scores=scores, rehearsal=Rehearsal(**rehearsal), **about)


def keep(cache: Path, need: Answered, version: str, answers: Answers) -> None:
    """Store answers whole, by one rename; a full disk only costs the next run its time."""
    place = _place(cache, need, version)
    about = {
        "off_simplex": answers.off_simplex,
        "inconsistent": answers.inconsistent,
        "compared": answers.compared,
        "rehearsal": asdict(answers.rehearsal),
    }
    arrays = {"about": np.array(json.dumps(about)), "predicted": answers.predicted}
    if answers.scores is not None:
        arrays["scores"] = answers.scores
    draft = place.with_name(f".{place.stem}.{os.getpid()}.npz")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # savez takes arrays by name
        draft.replace(place)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()


def _place(cache: Path, need: Answered, version: str) -> Path:
    parts = [
        version,
        need.artifact.model_dump_json(),
        need.artifacts.model_dump_json(),
        need.sandbox.model_dump_json(),
        need.dataset.model_dump_json(),
    ]
    name = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return cache / "answers" / f"{name}.npz"
