"""Builders of samples: two equally good models on the same rows, unless told otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bot.statistics import Sample, Task

if TYPE_CHECKING:
    from numpy.typing import NDArray


def binary(
    n: int, seed: int = 0, *, entities: int | None = None, noise: tuple[float, float] = (0.5, 0.5),
    digits: int | None = None,
) -> tuple[Sample, Sample]:
    """Two probability models, a quarter of the rows positive; `digits` rounds scores into ties."""
    draw = np.random.default_rng(seed)
    truth = draw.normal(size=n)
    target = (truth + draw.normal(size=n) > 1).astype(np.int64)
    groups = _groups(draw, n, entities)

    def model(spread: float) -> Sample:
        score = 1 / (1 + np.exp(1 - truth - spread * draw.normal(size=n)))
        score = score if digits is None else np.round(score, digits)
        return Sample(task=Task.BINARY, target=target, predicted=(score > 0.5).astype(np.int64),
                      scores=np.stack([1 - score, score], axis=1), entities=groups)

    return model(noise[0]), model(noise[1])


def multiclass(
    n: int, seed: int = 0, *, classes: int = 4, entities: int | None = None
) -> tuple[Sample, Sample]:
    """Two probability models over several classes of about equal size."""
    draw = np.random.default_rng(seed)
    truth = draw.normal(size=(n, classes))
    target = (truth + draw.gumbel(size=(n, classes))).argmax(axis=1)
    groups = _groups(draw, n, entities)

    def model() -> Sample:
        scores = np.exp(truth + 0.3 * draw.normal(size=(n, classes)))
        scores /= scores.sum(axis=1, keepdims=True)
        return Sample(task=Task.MULTICLASS, target=target, predicted=scores.argmax(axis=1),
                      scores=scores, entities=groups)

    return model(), model()


def regression(
    n: int, seed: int = 0, *, entities: int | None = None, noise: tuple[float, float] = (0.3, 0.3)
) -> tuple[Sample, Sample]:
    """Two regressions of a noisy target."""
    draw = np.random.default_rng(seed)
    truth = draw.normal(size=n)
    target = truth + draw.normal(size=n) + 6.0
    groups = _groups(draw, n, entities)

    def model(spread: float) -> Sample:
        return Sample(task=Task.REGRESSION, target=target,
                      predicted=truth + spread * draw.normal(size=n) + 6.0, entities=groups)

    return model(noise[0]), model(noise[1])


def answers(target: list[int], predicted: list[int]) -> Sample:
    """A binary model without scores."""
    return Sample(task=Task.BINARY, target=np.array(target, np.int64),
                  predicted=np.array(predicted, np.int64))


def scored(target: list[int], scores: list[float]) -> Sample:
    """A binary model with these scores of the positive class."""
    score = np.array(scores, np.float64)
    return Sample(task=Task.BINARY, target=np.array(target, np.int64),
                  predicted=(score > 0.5).astype(np.int64),
                  scores=np.stack([1 - score, score], axis=1))


BUILDERS = {Task.BINARY: binary, Task.MULTICLASS: multiclass, Task.REGRESSION: regression}


def _groups(
    draw: np.random.Generator, n: int, entities: int | None
) -> NDArray[np.int64] | None:
    return None if entities is None else draw.integers(0, entities, n)
