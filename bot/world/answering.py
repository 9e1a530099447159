"""What a finished run of a model amounts to: answers in the hold-out's order, or why none.

The run may have been here or in another job; from the same numbers and arrays come the same
words and the same answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot.core.errors import Fault
from bot.core.evidence import Absent
from bot.core.questions import Answers, Rehearsal
from bot.runner.numbers import EXCEPTIONS
from bot.world.sandbox_ending import failed, forged, stopped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.core.lock import Artifact
    from bot.core.policy import ArtifactRules, SandboxRules
    from bot.world.sandbox_ending import Ending
    from bot.world.sandbox_features import Questions
    from bot.world.sandbox_output import Output

    Said = tuple[NDArray[np.float64], NDArray[np.float64] | None]

WARMUP = 20
"""Timed requests before the first one that counts."""
# Batches of another size round differently: float32 kernels by some 1e-7 of a score's scale.
_SCORE_TOLERANCE = 1e-5
_VALUE_TOLERANCE = 1e-5
_LARGEST = 1e100
"""No quantity of this world; squares of larger values overflow once a few of them are summed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """One run of a model, as its parent saw it."""

    output: Output
    ending: Ending
    layers: tuple[str, ...]
    """Sandbox layers that held."""
    missing: tuple[str, ...]
    """Layers the policy wants and the machine does not give, each with its reason."""
    reported: bool = False
    """Another job says so, in which untrusted code ran."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Straggler:
    """A model that did not take part in its timing to the end, or not honestly."""

    role: str
    """`challenger` or `champion`."""
    late: bool = False
    exception: int = -1
    """By its own account, as a place in `EXCEPTIONS`; -1 where it gave none."""
    wrong: int = 0
    """Requests that were answered otherwise than the same rows before."""


def why_untimed(lost: Straggler, limits: SandboxRules, requests: int) -> Absent:
    """Return why single requests could not be timed."""
    if lost.wrong:
        return Absent(
            fault=Fault.ORDER_DEPENDENT,
            reason=f"the {lost.role} answered {lost.wrong:,} of {requests:,} timed requests "
            "otherwise than the same rows when all rows were asked",
            remedy="let the answer to a row follow from the row alone, however it is asked",
        )
    if lost.late:
        return Absent(
            fault=Fault.LIMIT_EXCEEDED,
            reason=f"the {lost.role} was not done with its requests after {limits.seconds:g} s",
            remedy="ask for fewer requests, or raise `seconds` in the policy's `sandbox`",
        )
    why = f": it raised {EXCEPTIONS[lost.exception]}" if lost.exception >= 0 else ""
    return Absent(
        fault=Fault.MODEL_DOES_NOT_PREDICT,
        reason=f"the {lost.role} stopped answering single requests{why}",
        remedy="see the `loads` and `outputs` gates; they run the same model on the whole hold-out",
    )


def not_allowed(artifact: Artifact, rules: ArtifactRules) -> Absent:
    """Return why an artifact of this flavor is not loaded."""
    return Absent(
        fault=Fault.CODE_NOT_ALLOWED,
        reason=f"the policy does not allow {artifact.flavor} artifacts; nothing was loaded",
        remedy=f"save the model as {' or '.join(rules.flavors[:2]) or 'another flavor'}, "
        f"or add {artifact.flavor} to the policy's `flavors`",
    )


def why_not(run: Finished, rules: SandboxRules, flavor: str) -> Absent | None:
    """Return why a run gave nothing, or None when it succeeded."""
    return stopped(run.ending, rules) or failed(run.output.numbers, run.ending, rules, flavor)


def answers(run: Finished, questions: Questions) -> Answers | Absent:
    """Put a model's answers into the order of the hold-out, and compare its answers to copies."""
    if run.output.predicted is None:
        return forged("the run says it succeeded and left no answers")
    if reason := _beyond(run.output):
        return Absent(
            fault=Fault.SCORES_NOT_FINITE,
            reason=f"the model answered with values {reason}",
            remedy="find the rows it cannot answer, such as those with missing values, and retrain",
        )
    return _answers(run.output, questions, rehearsal(run))


def rehearsal(run: Finished) -> Rehearsal:
    """Say what a run that succeeded took and what it showed of the model."""
    numbers = run.output.numbers
    return Rehearsal(
        load_seconds=float(numbers.load_seconds),
        predict_seconds=float(numbers.predict_seconds),
        peak_bytes=numbers.peak_bytes,
        warnings=numbers.warnings,
        layers=run.layers,
        missing=run.missing,
        used=_flags(run.output.used),
        unknown_features=numbers.unknown_features,
        unknown_classes=numbers.unknown_classes,
        classes=_flags(run.output.classes),
        reported=run.reported,
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
