"""Time single requests of two models in turn, so that both see the same machine.

The parent holds the clock: a round trip through two pipes, which costs both the same
some tens of microseconds, so that a model cannot say how fast it is.
"""

from __future__ import annotations

import contextlib
import os
import select
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot.core.evidence import Absent
from bot.core.questions import Timings
from bot.world.answering import WARMUP, Straggler, why_untimed
from bot.world.predict import answer, opening, refused
from bot.world.sandbox import Job
from bot.world.sandbox_output import Forged, Shape, collect
from bot.world.timing_turns import Asked, Lost, drawn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from bot.core.lock import Artifact
    from bot.core.policy import ArtifactRules, SandboxRules
    from bot.core.questions import Answers
    from bot.world.sandbox import Sandbox
    from bot.world.sandbox_features import Features
    from bot.world.timing_turns import Course

_ROLES = ("challenger", "champion")
_ACCOUNT_SECONDS = 5.0
"""How long a model that stopped answering may take to say why."""


@dataclass(frozen=True, slots=True)
class Runner:
    """A model that takes part: its bytes and its entry in the lock."""

    path: Path
    artifact: Artifact


def timings(  # noqa: PLR0913 -- two models, their rules, and what to ask
    challenger: Runner,
    champion: Runner | None,
    rules: ArtifactRules,
    limits: SandboxRules,
    sandbox: Sandbox,
    *,
    features: Features,
    requests: int,
    rows_per_request: int = 1,
    classes: Sequence[str] | None = None,
    answers: Sequence[Answers | None] = (None, None),
) -> Timings | Absent:
    """Time requests of one or two models, and compare what they answer with what they said.

    Args:
        challenger: The version that asks for the stage.
        champion: The version that holds it, if there is one.
        rules: Which artifacts may be loaded.
        limits: What must hold around them.
        sandbox: What holds here.
        features: A prepared hold-out, without labels.
        requests: Requests of each that count.
        rows_per_request: Rows in each request.
        classes: Names of the classes in code order, empty for regression; None compares nothing.
        answers: What challenger and champion answered on all rows; None asks them again.
    """
    measured = timed_turns(
        challenger, champion, rules, limits, sandbox, features=features, requests=requests,
        rows_per_request=rows_per_request, classes=classes, answers=answers,
    )  # fmt: skip
    if isinstance(measured, Straggler):
        return why_untimed(measured, limits, requests + WARMUP)
    return measured


def timed_turns(  # noqa: PLR0913 -- as above
    challenger: Runner,
    champion: Runner | None,
    rules: ArtifactRules,
    limits: SandboxRules,
    sandbox: Sandbox,
    *,
    features: Features,
    requests: int,
    rows_per_request: int,
    classes: Sequence[str] | None,
    answers: Sequence[Answers | None],
) -> Timings | Straggler | Absent:
    """Do as `timings`, and say in numbers which model got lost."""
    taking_part = [runner for runner in (challenger, champion) if runner]
    for runner in taking_part:
        if refusal := refused(runner.artifact, rules, limits, sandbox):
            return refusal
    said = [
        found
        if found is not None or classes is None
        else answer(runner.path, runner.artifact, rules, limits, sandbox, features, classes)
        for runner, found in zip(taking_part, answers, strict=False)
    ]
    if absent := next((found for found in said if isinstance(found, Absent)), None):
        return absent
    course = drawn(features, requests + WARMUP, rows_per_request)
    deadline = time.perf_counter() + limits.seconds
    jobs = [_job(runner, rules, limits, features, course, classes) for runner in taking_part]
    with contextlib.ExitStack() as stack:
        started = [stack.enter_context(sandbox.start(job)) for job in jobs]
        asked = [
            Asked(child, course, classes, known)
            for (child, _), known in zip(started, said, strict=True)
            if not isinstance(known, Absent)
        ]
        try:
            measured = _take_turns(asked, requests + WARMUP, deadline)
        except Lost as lost:
            place = [one.child for one in asked].index(lost.child)
            return _lost(lost, started[place][1], len(features.names), role=_ROLES[place])
    for role, one in zip(_ROLES, asked, strict=False):
        if one.wrong:
            return Straggler(role=role, wrong=one.wrong)
    return Timings(
        challenger=measured[0][WARMUP:],
        champion=measured[1][WARMUP:] if champion else None,
        rows_per_request=rows_per_request,
        warmup=WARMUP,
        repeated=max(0, requests + WARMUP - course.distinct),
    )


def _job(
    runner: Runner,
    rules: ArtifactRules,
    limits: SandboxRules,
    features: Features,
    course: Course,
    classes: Sequence[str] | None,
) -> Job:
    fields = {
        **opening(runner.path, runner.artifact, rules),
        "features": str(features.folder), "batches": course.batches, "places": course.places,
    }  # fmt: skip
    if classes is not None:
        fields |= {
            "task": "classification" if classes else "regression", "classes": list(classes),
        }  # fmt: skip
    return Job(
        kind="turns",
        rules=limits,
        readable=(runner.path, features.folder),
        threads=1,
        fields=fields,
    )


def _take_turns(asked: list[Asked], requests: int, deadline: float) -> list[NDArray[np.float64]]:
    """Ask each in turn; who begins changes with every round.

    Returns:
        Milliseconds of each one's requests, shape (requests,) each.
    """
    measured = [np.empty(requests) for _ in asked]
    for turn in range(requests):
        order = range(len(asked)) if turn % 2 else reversed(range(len(asked)))
        for place in order:
            measured[place][turn] = asked[place].ask(turn, deadline)
    return measured


def _lost(lost: Lost, out: Path, features: int, *, role: str) -> Straggler:
    if lost.late:
        return Straggler(role=role, late=True)
    if lost.child.running.stdin:
        lost.child.running.stdin.close()
    _ended(lost.child.running.pid)
    return Straggler(role=role, exception=_why(out, features))


def _ended(pid: int) -> None:
    """Wait a little for a worker to write its account; its end is left to be collected."""
    handle = os.pidfd_open(pid)
    try:
        select.select([handle], [], [], _ACCOUNT_SECONDS)
    finally:
        os.close(handle)


def _why(out: Path, features: int) -> int:
    """Return what ended it, by its own account if that can be read."""
    with contextlib.suppress(Forged, OSError):
        return collect(out, Shape(0, features, 0)).numbers.exception
    return -1
