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

from bot.core.errors import Fault
from bot.core.evidence import Absent
from bot.core.questions import Timings
from bot.runner.numbers import EXCEPTIONS
from bot.world.predict import opening, refused
from bot.world.sandbox import Job
from bot.world.sandbox_output import Forged, Shape, collect

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from bot.core.lock import Artifact
    from bot.core.policy import ArtifactRules, SandboxRules
    from bot.world.sandbox import Sandbox
    from bot.world.sandbox_child import Child
    from bot.world.sandbox_features import Features

_DISTINCT = 64
"""Different requests that take turns, so that no cache answers."""
_WARMUP = 20
_ACCOUNT_SECONDS = 5.0
"""How long a model that stopped answering may take to say why."""


@dataclass(frozen=True, slots=True)
class Runner:
    """A model that takes part: its bytes and its entry in the lock."""

    path: Path
    artifact: Artifact


class _Lost(Exception):  # noqa: N818 -- named as the sentence reads
    """A model did not answer a request."""

    def __init__(self, child: Child, *, late: bool) -> None:
        self.child, self.late = child, late
        super().__init__()


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
) -> Timings | Absent:
    """Time requests of one or two models.

    Args:
        challenger: The version that asks for the stage.
        champion: The version that holds it, if there is one.
        rules: Which artifacts may be loaded.
        limits: What must hold around them.
        sandbox: What holds here.
        features: A prepared hold-out, without labels.
        requests: Requests of each that count.
        rows_per_request: Rows in each request.
    """
    taking_part = [runner for runner in (challenger, champion) if runner]
    for runner in taking_part:
        if refusal := refused(runner.artifact, rules, limits, sandbox):
            return refusal
    deadline = time.perf_counter() + limits.seconds
    with contextlib.ExitStack() as stack:
        children, outs = [], []
        for runner in taking_part:
            job = _job(runner, rules, limits, features, rows_per_request)
            child, out = stack.enter_context(sandbox.start(job))
            children.append(child)
            outs.append(out)
        try:
            measured = _take_turns(children, requests + _WARMUP, deadline)
        except _Lost as lost:
            place = children.index(lost.child)
            role = ("challenger", "champion")[place]
            return _absent(lost, outs[place], limits, len(features.names), role=role)
    return Timings(
        challenger=measured[0][_WARMUP:],
        champion=measured[1][_WARMUP:] if champion else None,
        rows_per_request=rows_per_request,
        warmup=_WARMUP,
    )


def _job(
    runner: Runner, rules: ArtifactRules, limits: SandboxRules, features: Features, rows: int
) -> Job:
    places = len(features.questions.row_at)
    size = min(rows, places)
    starts = [turn * size for turn in range(max(1, min(_DISTINCT, places // size)))]
    return Job(
        kind="turns",
        rules=limits,
        readable=(runner.path, features.folder),
        threads=1,
        fields={
            **opening(runner.path, runner.artifact, rules),
            "features": str(features.folder),
            "batches": [(start, start + size) for start in starts],
        },
    )


def _take_turns(children: list[Child], requests: int, deadline: float) -> list[NDArray[np.float64]]:
    """Ask each in turn; who begins changes with every round.

    Returns:
        Milliseconds of each child's requests, shape (requests,) each.
    """
    for child in children:
        _await(child, deadline)
    measured = [np.empty(requests) for _ in children]
    for turn in range(requests):
        order = range(len(children)) if turn % 2 else reversed(range(len(children)))
        for place in order:
            measured[place][turn] = _ask(children[place], deadline)
    return measured


def _ask(child: Child, deadline: float) -> float:
    assert child.running.stdin is not None  # noqa: S101 -- opened by the sandbox for turns
    began = time.perf_counter()
    try:
        os.write(child.running.stdin.fileno(), b"?")
    except BrokenPipeError:
        raise _Lost(child, late=False) from None
    _await(child, deadline)
    return (time.perf_counter() - began) * 1e3


def _await(child: Child, deadline: float) -> None:
    """Wait for one byte.

    Raises:
        _Lost: it did not come.
    """
    assert child.running.stdout is not None  # noqa: S101 -- opened by the sandbox for turns
    reply = child.running.stdout.fileno()
    left = deadline - time.perf_counter()
    if left <= 0 or not select.select([reply], [], [], left)[0]:
        raise _Lost(child, late=True)
    # More than one byte waiting means it answered before it was asked.
    if os.read(reply, 2) != b"+":
        raise _Lost(child, late=False)


def _absent(lost: _Lost, out: Path, limits: SandboxRules, features: int, *, role: str) -> Absent:
    if lost.late:
        return Absent(
            fault=Fault.LIMIT_EXCEEDED,
            reason=f"the {role} was not done with its requests after {limits.seconds:g} s",
            remedy="ask for fewer requests, or raise `seconds` in the policy's `sandbox`",
        )
    if lost.child.running.stdin:
        lost.child.running.stdin.close()
    _ended(lost.child.running.pid)
    return Absent(
        fault=Fault.MODEL_DOES_NOT_PREDICT,
        reason=f"the {role} stopped answering single requests{_why(out, features)}",
        remedy="see the `loads` and `outputs` gates; they run the same model on the whole hold-out",
    )


def _ended(pid: int) -> None:
    """Wait a little for a worker to write its account; its end is left to be collected."""
    handle = os.pidfd_open(pid)
    try:
        select.select([handle], [], [], _ACCOUNT_SECONDS)
    finally:
        os.close(handle)


def _why(out: Path, features: int) -> str:
    """Return what ended it, by its own account if that can be read."""
    with contextlib.suppress(Forged, OSError):
        place = collect(out, Shape(0, features, 0)).numbers.exception
        return f": it raised {EXCEPTIONS[place]}" if place >= 0 else ""
    return ""
