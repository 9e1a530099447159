"""Estimate one model's metric, or the paired difference of two models', with sound bounds.

Input that allows no bound (one class, no rows, values that are not finite) is an answer, not an
error: `undecidable` says why and the bounds are the metric's whole range.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, assert_never

import numpy as np

from bot.statistics.curves import Point
from bot.statistics.forms import Answer, Finding, Resampling, Undecidable
from bot.statistics.values import Difference, Estimate, Task

if TYPE_CHECKING:
    from bot.statistics.metrics import Metric
    from bot.statistics.values import Sample


@np.errstate(all="ignore")  # numbers too large to square end as reasons
def estimate(
    metric: Metric, sample: Sample, *, confidence: float, seed: int, replicates: int = 2000
) -> Estimate:
    """Return the metric of one model with one-sided bounds.

    Args:
        metric: From `METRICS`.
        sample: The model's answers.
        confidence: Of each bound, in (0.5, 1).
        seed: Chooses the bits of every replicate; the same seed gives the same numbers.
        replicates: How many, where the family resamples.
    """
    low, high = metric.range
    answer = sound(_answer(metric, (sample,), Resampling(
        seed=seed, replicates=replicates, confidence=confidence)), confidence)
    match answer:
        case Undecidable(reason=reason, values=values):
            return Estimate(
                value=values[0] if values else None, lower=low, upper=high, standard_error=None,
                n=sample.rows, confidence=confidence, method="none", undecidable=reason)
        case Finding(values=values, curve=curve, error=error, method=method):
            return Estimate(
                value=values[0], lower=max(low, curve.quantile(1.0 - confidence)),
                upper=min(high, curve.quantile(confidence)), standard_error=error, n=sample.rows,
                confidence=confidence, method=method)
        case _:
            assert_never(answer)


@np.errstate(all="ignore")  # as above
def difference(
    metric: Metric, champion: Sample, challenger: Sample, *, confidence: float, seed: int,
    replicates: int = 2000,
) -> Difference:
    """Return challenger minus champion on the same rows, with one-sided bounds.

    Args:
        metric: From `METRICS`.
        champion: Answers of the model in place; its `entities` are the ones that count.
        challenger: Answers of the model that asks, on the same rows in the same order.
        confidence: Of each bound, in (0.5, 1).
        seed: As for `estimate`.
        replicates: As for `estimate`.
    """
    resampling = Resampling(seed=seed, replicates=replicates, confidence=confidence)
    answer = _paired(metric, champion, challenger, resampling)
    return paired_difference(metric, answer, champion.rows, confidence)


def paired_difference(metric: Metric, answer: Answer, n: int, confidence: float) -> Difference:
    """Return what an answer about a pair says at this confidence."""
    reach = metric.range[1] - metric.range[0]
    match sound(answer, confidence):
        case Undecidable(reason=reason, values=values):
            both = len(values) == 2
            return Difference(
                champion=values[0] if both else None, challenger=values[1] if both else None,
                value=values[1] - values[0] if both else None, lower=-reach, upper=reach,
                standard_error=None, n=n, confidence=confidence, method="none",
                direction=metric.direction, undecidable=reason)
        case Finding(values=values, curve=curve, error=error, method=method):
            return Difference(
                champion=values[0], challenger=values[1], value=values[1] - values[0],
                lower=max(-reach, curve.quantile(1.0 - confidence)),
                upper=min(reach, curve.quantile(confidence)), standard_error=error,
                n=n, confidence=confidence, method=method,
                direction=metric.direction, curve=curve)
        case _:
            assert_never(answer)


def _paired(
    metric: Metric, champion: Sample, challenger: Sample, resampling: Resampling
) -> Answer:
    """Return the answer for a pair; identical models differ by exactly zero."""
    if champion.rows != challenger.rows or not np.array_equal(champion.target, challenger.target):
        return Undecidable(reason="the two models were judged on different rows")
    if not same_answers(champion, challenger):
        return _answer(metric, (champion, challenger), resampling)
    found = _answer(metric, (champion,), resampling)
    if isinstance(found, Undecidable):
        return Undecidable(reason=found.reason, values=found.values * 2)
    return Finding(values=found.values * 2, curve=Point(0.0), error=0.0,
                   method="identical answers on every row")


def sound(answer: Answer, confidence: float) -> Answer:
    """Return the answer, or why not when its numbers left the range of floats."""
    if isinstance(answer, Undecidable):
        kept = answer.values if np.isfinite(answer.values).all() else ()
        return Undecidable(reason=answer.reason, values=kept)
    numbers = [*answer.values, answer.values[-1] - answer.values[0], answer.error or 0.0]
    if np.isfinite(numbers).all():
        numbers += [answer.curve.quantile(p) for p in (1.0 - confidence, confidence)]
    if np.isfinite(numbers).all():
        return answer
    return Undecidable(reason="answers too large to compute with")


def same_answers(champion: Sample, challenger: Sample) -> bool:
    """Tell whether two models gave the same predictions and the same scores on every row."""
    if not np.array_equal(champion.predicted, challenger.predicted):
        return False
    if champion.scores is None or challenger.scores is None:
        return champion.scores is challenger.scores
    return np.array_equal(champion.scores, challenger.scores)


def _answer(metric: Metric, samples: tuple[Sample, ...], resampling: Resampling) -> Answer:
    """Return the form's answer, unless the samples cannot carry one."""
    for sample in samples:
        if reason := unfit(metric, sample):
            return Undecidable(reason=reason)
    return metric.form.find(samples, resampling)


def unfit(metric: Metric, sample: Sample) -> str | None:
    """Return why no bound of the metric can come from this sample, or None."""
    if reason := unreadable(metric, sample):
        return reason
    if sample.task is Task.BINARY and (reason := _lacking(metric, sample)):
        return reason
    return _rare(metric, sample) if metric.each else None


def unreadable(metric: Metric, sample: Sample) -> str | None:
    """Return why the metric cannot read these answers, however many rows they have, or None."""
    if sample.task not in metric.tasks:
        return f"{metric.name} is not defined for {sample.task} models"
    if not sample.rows:
        return "no rows"
    if metric.reads_scores and sample.scores is None:
        return f"{metric.name} needs scores and the model gives none"
    if not _finite(metric, sample):
        return "answers that are not finite numbers"
    return _misshapen(sample)


def _misshapen(sample: Sample) -> str | None:
    """Return which array does not fit the others or names a class nobody knows, or None."""
    parts = (sample.predicted, sample.scores, sample.entities)
    if any(part is not None and len(part) != sample.rows for part in parts):
        return "answers for another number of rows than there are targets"
    if sample.task is Task.REGRESSION:
        return None
    codes = (sample.target, sample.predicted)
    known = min(part.min() for part in codes) >= 0 and (
        max(part.max() for part in codes) < sample.classes)
    return None if known else f"answers outside the {sample.classes} known classes"


def _lacking(metric: Metric, sample: Sample) -> str | None:
    """Return which class has too few rows for the metric, or None."""
    for code, fewest in ((1, metric.positives), (0, metric.negatives)):
        rows = int(np.count_nonzero(sample.target == code)) if fewest else 0
        if rows < fewest:
            name = "positive" if code else "negative"
            return f"only {rows} {name} rows; at least {fewest} are needed"
    found = int(np.count_nonzero(sample.predicted == 1)) if metric.found else 0
    if found < metric.found:
        return f"only {found} rows answered positive; at least {metric.found} are needed"
    return None


def _rare(metric: Metric, sample: Sample) -> str | None:
    """Return which class that occurs has too few rows for a mean over classes, or None."""
    rows = np.bincount(sample.target, minlength=sample.classes)
    occurs = (rows > 0) | (np.bincount(sample.predicted, minlength=sample.classes) > 0)
    lacking = np.flatnonzero(occurs & (rows < metric.each))
    if not len(lacking):
        return None
    one = int(lacking[rows[lacking].argmin()])
    return f"only {rows[one]} rows of class {one}; at least {metric.each} are needed"


def _finite(metric: Metric, sample: Sample) -> bool:
    """Tell whether everything the metric reads is finite."""
    read = [sample.target, sample.predicted]
    if metric.reads_scores and sample.scores is not None:
        read = [sample.target, sample.scores]
    # A sum is finite unless something in it is not (or overflows, which is no better).
    return all(math.isfinite(float(np.sum(part, dtype=np.float64))) for part in read)
