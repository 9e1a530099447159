"""Let an untrusted model answer a hold-out in the sandbox, and check what it says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from bot.core.errors import Fault
from bot.core.evidence import Absent
from bot.core.questions import Answers, Rehearsal
from bot.world.sandbox import Job
from bot.world.sandbox_ending import failed, forged, not_started, stopped
from bot.world.sandbox_output import Forged, Output, Shape, collect

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from bot.core.lock import Artifact
    from bot.core.policy import ArtifactRules, SandboxRules
    from bot.world.sandbox import Sandbox
    from bot.world.sandbox_features import Features, Questions

    Said = tuple[NDArray[np.float64], NDArray[np.float64] | None]

# Batches of another size round differently: float32 kernels by some 1e-7 of a score's scale.
_SCORE_TOLERANCE = 1e-5
_VALUE_TOLERANCE = 1e-5
_LARGEST = 1e100
"""No quantity of this world; squares of larger values overflow once a few of them are summed."""
_AT_ONCE = 2
"""Champion and challenger answer at the same time and share the processors; more threads than
processors wait for each other in a loop, and double the processor time that scoring takes."""


def answer(
    path: Path,
    artifact: Artifact,
    rules: ArtifactRules,
    limits: SandboxRules,
    sandbox: Sandbox,
    features: Features,
    classes: Sequence[str],
) -> Answers | Absent:
    """Ask a model about every row.

    Args:
        path: The artifact's bytes, already measured against its digest.
        artifact: Its entry in the lock.
        rules: Which artifacts may be loaded.
        limits: What must hold around them.
        sandbox: What holds here.
        features: The prepared hold-out, without labels.
        classes: Names of the classes in code order; empty for regression.

    Returns:
        Answers aligned to the hold-out's rows, or the reason why there are none.
    """
    if features.rows == 0:
        return Absent(
            fault=Fault.NO_ROWS,
            reason="the hold-out has no rows, so there is nothing to ask",
            remedy="point the policy's data at a hold-out with rows",
        )
    shape = Shape(len(features.questions.row_at), len(features.names), len(classes))
    job = Job(
        kind="answer", rules=limits, readable=(path, features.folder),
        result_bytes=shape.rows * (shape.classes + 2) * 8,
        threads=max(1, len(os.sched_getaffinity(0)) // _AT_ONCE),
        fields={
            **opening(path, artifact, rules), "features": str(features.folder),
            "task": "classification" if classes else "regression", "classes": list(classes),
            "batches": features.questions.batches,
        },
    )  # fmt: skip
    output = _run(job, shape, artifact, rules, sandbox)
    if isinstance(output, Absent):
        return output
    if output.predicted is None:
        return forged("the run says it succeeded and left no answers")
    if reason := _beyond(output):
        return Absent(
            fault=Fault.SCORES_NOT_FINITE,
            reason=f"the model answered with values {reason}",
            remedy="find the rows it cannot answer, such as those with missing values, and retrain",
        )
    return _answers(output, features.questions, _rehearsal(output, sandbox, limits))


def load_only(
    path: Path,
    artifact: Artifact,
    rules: ArtifactRules,
    limits: SandboxRules,
    sandbox: Sandbox,
    features: Features | None = None,
    classes: Sequence[str] = (),
) -> Rehearsal | Absent:
    """Load a model and ask it nothing; with features, compare the columns it asks for."""
    fields = opening(path, artifact, rules)
    readable: tuple[Path, ...] = (path,)
    shape = Shape(0, 0, len(classes))
    if features is not None:
        fields |= {"features": str(features.folder), "classes": list(classes)}
        readable += (features.folder,)
        shape = Shape(0, len(features.names), len(classes))
    job = Job(kind="load", rules=limits, readable=readable, fields=fields)
    output = _run(job, shape, artifact, rules, sandbox)
    return output if isinstance(output, Absent) else _rehearsal(output, sandbox, limits)


def refused(
    artifact: Artifact, rules: ArtifactRules, limits: SandboxRules, sandbox: Sandbox
) -> Absent | None:
    """Return why an artifact may not be loaded here at all, or None."""
    if artifact.flavor not in rules.flavors:
        return Absent(
            fault=Fault.CODE_NOT_ALLOWED,
            reason=f"the policy does not allow {artifact.flavor} artifacts; nothing was loaded",
            remedy=f"save the model as {' or '.join(rules.flavors[:2]) or 'another flavor'}, "
            f"or add {artifact.flavor} to the policy's `flavors`",
        )
    return sandbox.refusal(limits)


def opening(path: Path, artifact: Artifact, rules: ArtifactRules) -> dict[str, Any]:
    """Return the part of a request that says what to open and how."""
    return {
        "artifact": str(path.resolve()), "flavor": artifact.flavor, "module": artifact.module or "",
        "trusted": list(rules.trusted),
    }  # fmt: skip


def _run(
    job: Job, shape: Shape, artifact: Artifact, rules: ArtifactRules, sandbox: Sandbox
) -> Output | Absent:
    refusal = refused(artifact, rules, job.rules, sandbox)
    if refusal:
        return refusal
    with sandbox.start(job) as (child, out):
        ending = child.watch(seconds=job.rules.seconds, scratch_bytes=sandbox.scratch_limit(job))
        sandbox.keep(ending.log, artifact.digest[7:19])
        if absent := stopped(ending, job.rules):
            return absent
        if ending.code and not any(out.iterdir()):
            return not_started()
        try:
            output = collect(out, shape)
        except Forged as error:
            return forged(str(error))
    return failed(output.numbers, ending, job.rules, artifact.flavor) or output


def _rehearsal(output: Output, sandbox: Sandbox, limits: SandboxRules) -> Rehearsal:
    numbers = output.numbers
    return Rehearsal(
        load_seconds=float(numbers.load_seconds),
        predict_seconds=float(numbers.predict_seconds),
        peak_bytes=numbers.peak_bytes,
        warnings=numbers.warnings,
        layers=sandbox.layers,
        missing=sandbox.said(limits),
        used=_flags(output.used),
        unknown_features=numbers.unknown_features,
        unknown_classes=numbers.unknown_classes,
        classes=_flags(output.classes),
    )


def _flags(mask: NDArray[np.uint8] | None) -> tuple[bool, ...]:
    return () if mask is None else tuple(bool(flag) for flag in mask)


def _beyond(output: Output) -> str | None:
    """Say what is wrong with numbers that no metric can be computed from."""
    arrays = [array for array in (output.predicted, output.scores) if array is not None]
    if not all(bool(np.isfinite(array).all()) for array in arrays):
        return "that are not finite numbers"
    if any(bool((np.abs(array) > _LARGEST).any()) for array in arrays):
        return "larger than 1e100, whose squares and sums are not finite numbers"
    return None


def _answers(output: Output, questions: Questions, rehearsal: Rehearsal) -> Answers:
    assert output.predicted is not None  # noqa: S101 -- the caller has looked
    counted = questions.first_place
    every = np.arange(len(questions.row_at))
    # Places that are not the first of their row hold copies.
    copies = np.setdiff1d(every, counted, assume_unique=True)
    originals = counted[questions.row_at[copies]]
    differs = _differs(output, copies, originals)
    scores = None if output.scores is None else output.scores[counted]
    return Answers(
        predicted=output.predicted[counted],
        scores=None if scores is None else scores[:, :-1],
        off_simplex=0.0 if scores is None else _off_simplex(scores),
        inconsistent=len(np.unique(questions.row_at[copies][differs])),
        compared=len(np.unique(questions.row_at[copies])),
        rehearsal=rehearsal,
    )


def _differs(
    output: Output, copies: NDArray[np.int64], originals: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Say for each copy whether it was answered otherwise than its original."""
    assert output.predicted is not None  # noqa: S101 -- the caller has looked
    predicted, scores = output.predicted, output.scores
    first = predicted[originals], None if scores is None else scores[originals]
    second = predicted[copies], None if scores is None else scores[copies]
    return differs(first, second, scale=float(np.median(np.abs(predicted))))


def differs(first: Said, second: Said, *, scale: float) -> NDArray[np.bool_]:
    """Say for each row whether it was answered in two ways, beyond rounding.

    Args:
        first: Answers of shape (n,), and scores of shape (n, k) or None.
        second: The same for the same rows.
        scale: A typical size of values, for regression.
    """
    (one, one_scores), (two, two_scores) = first, second
    if (one_scores is None) != (two_scores is None):
        return np.ones(len(one), dtype=np.bool_)
    if one_scores is None or two_scores is None:
        size = np.maximum(np.maximum(np.abs(one), np.abs(two)), scale)
        return np.asarray(~(np.abs(one - two) <= _VALUE_TOLERANCE * size))
    # Written so that NaN differs.
    far = ~(np.abs(one_scores - two_scores).max(axis=1) <= _SCORE_TOLERANCE)
    flipped = one != two
    # A label may tip over where the two best scores are equal but for rounding.
    top = np.sort(np.column_stack((np.full(len(one), -np.inf), one_scores)), axis=1)
    tied = top[:, -1] - top[:, -2] <= 2 * _SCORE_TOLERANCE
    return np.asarray(far | (flipped & ~tied))


def _off_simplex(scores: NDArray[np.float64]) -> float:
    """Return how far the worst row is from a probability vector; scores include the rest."""
    worst = max(
        float(np.abs(scores.sum(axis=1) - 1.0).max()),
        float(-scores.min()),
        float(scores.max() - 1.0),
    )
    return max(0.0, worst)
