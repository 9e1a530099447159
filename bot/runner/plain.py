"""A model's answer as float64 arrays in the parent's classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.runner.flavors import Answer
    from bot.runner.request import Request


class WrongRows(Exception):  # noqa: N818 -- named as the sentence reads
    """The model answered another number of rows than it was asked."""


def plain(answer: Answer, request: Request, rows: int) -> tuple[Any, Any]:
    """Return values, or codes and aligned scores, as float64 arrays of this many rows.

    Raises:
        WrongRows: there are more or fewer answers, or none.
        WrongClasses: scores have another number of columns than the model has classes.
    """
    predicted, scores = _arrays(answer, request)
    if len(predicted) != rows or (scores is not None and len(scores) != rows):
        raise WrongRows
    return predicted, scores


def _arrays(answer: Answer, request: Request) -> tuple[Any, Any]:
    import numpy as np

    from bot.runner.labels import aligned, codes_of

    if request.task == "regression":
        return np.asarray(answer.labels, dtype=np.float64).reshape(-1), None
    scores = None
    if answer.scores is not None:
        scores = aligned(answer.scores, answer.owned, request.classes)
    if answer.labels is not None:
        return codes_of(answer.labels, request.classes), scores
    if scores is None:
        raise WrongRows
    best = np.argmax(scores, axis=1).astype(np.float64)
    return np.where(best == len(request.classes), -1.0, best), scores
