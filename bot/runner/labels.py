"""Bring a model's labels and scores into the parent's classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class WrongClasses(Exception):  # noqa: N818 -- named as the sentence reads
    """Scores have another number of columns than the model has classes."""


def _spellings(label: object) -> tuple[str, ...]:
    """Return the names a class may have had in the data, the likeliest first."""
    plain = label.item() if isinstance(label, np.generic) else label
    if isinstance(plain, bytes):
        return (plain.decode("utf-8", "replace"),)
    if isinstance(plain, float) and plain.is_integer():
        plain = int(plain)
    if isinstance(plain, bool):
        return (str(plain), str(int(plain)), str(plain).lower())
    if isinstance(plain, int) and plain in (0, 1):
        return (str(plain), str(bool(plain)), str(bool(plain)).lower())
    return (str(plain),)


def code_of(label: object, expected: Sequence[str]) -> int:
    """Return a label's place among the expected classes, or -1."""
    for spelling in _spellings(label):
        if spelling in expected:
            return list(expected).index(spelling)
    return -1


def in_order(expected: Sequence[str]) -> tuple[str, ...]:
    """Return the classes as libraries number them: sorted, as numbers if all are."""
    try:
        return tuple(sorted(expected, key=float))
    except ValueError:
        return tuple(sorted(expected))


def codes_of(labels: Any, expected: Sequence[str]) -> NDArray[np.float64]:
    """Return the code of each label, shape (n,); -1 for a class that is not expected."""
    plain = np.asarray(labels).reshape(-1).tolist()
    known = {label: code_of(label, expected) for label in set(plain)}
    return np.array([known[label] for label in plain], dtype=np.float64)


def aligned(
    scores: Any, owned: Sequence[object] | None, expected: Sequence[str]
) -> NDArray[np.float64]:
    """Return scores with a column for each expected class and one for all others.

    Args:
        scores: Shape (n, k), or (n,) for the second class of two.
        owned: The model's k classes; None means the expected ones, sorted.
        expected: The parent's K classes.

    Returns:
        Shape (n, K + 1).

    Raises:
        WrongClasses: k columns for another number of classes.
    """
    raw = np.asarray(scores, dtype=np.float64)
    if raw.ndim == 1 or raw.shape[1] == 1:
        second = raw.reshape(-1)
        raw = np.column_stack((1.0 - second, second))
    classes = in_order(expected) if owned is None else owned
    if raw.ndim != 2 or raw.shape[1] != len(classes):
        raise WrongClasses
    table = np.zeros((len(raw), len(expected) + 1))
    for place, label in enumerate(classes):
        table[:, code_of(label, expected)] += raw[:, place]
    return table


def likeliest(scores: NDArray[Any], owned: Sequence[object]) -> Any:
    """Return the model's own label with the highest score, shape (n,)."""
    return np.asarray(owned)[np.argmax(scores, axis=1)]
