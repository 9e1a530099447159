"""Turn the values of a column into codes: the target's classes, a slice's groups, ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bot.core.errors import Fault
from bot.core.questions import Column
from bot.world.rows import Unread, kind_of, numbers_of, quoted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.core.policy import Dataset

_CLASSES = 1_000
_CUTS = 50
"""Distinct numbers a slice column may have: more is a measure, not a group."""
_GROUPS = 1_000


def target_codes(column: Any, dataset: Dataset) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return (n,) class codes and the classes in code order; values and () for regression.

    A binary target's positive class has code 1. Classes are sorted as numbers where they are
    numbers, else as text.

    Raises:
        Unread: a label is missing, there is one class only, or the values do not fit the task.
    """
    _complete(column, dataset.target)
    if dataset.task == "regression":
        return _numbers(column, dataset.target), ()
    codes, values = encode(column)
    _fits(values, dataset, kind_of(column.type))
    codes, names = _sorted(codes, values)
    if len(names) == 1:
        raise Unread(
            Fault.ONE_CLASS,
            f"every row's '{dataset.target}' is '{names[0]}'",
            "judge on rows of at least two classes",
        )
    if dataset.task == "binary" and _positive(names, dataset) == 0:
        codes, names = 1 - codes, names[::-1]
    return codes.astype(np.float64), names


def encode(column: Any) -> tuple[NDArray[np.int64], list[Any]]:
    """Return (n,) codes into the distinct values of a pyarrow column; -1 where missing or NaN."""
    whole = column.combine_chunks().dictionary_encode(null_encoding="encode")
    values = whole.dictionary.to_pylist()
    codes = numbers_of(whole.indices).astype(np.int64)
    known = [value is not None and value == value for value in values]  # noqa: PLR0124 -- NaN only
    if all(known):
        return codes, values
    moved = np.where(known, np.cumsum(known) - 1, -1)
    return moved[codes], [value for value, kept in zip(values, known, strict=True) if kept]


def group(name: str, column: Any) -> Column:
    """Cut a column into groups, sorted as numbers or as text; -1 where the value is missing.

    Raises:
        Unread: moments, or too many distinct values to be groups.
    """
    codes, values = encode(column)
    kind = kind_of(column.type)
    most = _CUTS if kind in ("number", "integer") else _GROUPS
    if kind == "time" or len(values) > most:
        held = "moments" if kind == "time" else f"{len(values):,} distinct values"
        raise Unread(
            Fault.UNREADABLE,
            f"slice column '{name}' holds {held}",
            "add a column that bins it, such as age_band, and slice by that",
        )
    codes, names = _sorted(codes, values)
    return Column(names=names, codes=codes)


def named(value: object) -> str:
    """Name a class or group: a number with nothing after the point as an integer."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _sorted(
    codes: NDArray[np.int64], values: list[Any]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    order = sorted(range(len(values)), key=lambda code: values[code])
    rank = np.empty(len(values) + 1, dtype=np.int64)
    rank[order] = np.arange(len(values))
    rank[-1] = -1
    return rank[codes], tuple(named(values[code]) for code in order)


def _complete(column: Any, name: str) -> None:
    import pyarrow.compute as pc

    missing = int(column.null_count)
    if kind_of(column.type) == "number":
        missing += int(pc.sum(pc.is_nan(column)).as_py() or 0)
    if missing:
        raise Unread(
            Fault.TARGET_MISSING,
            f"{missing:,} of {len(column):,} rows have no '{name}'",
            "remove the rows whose true answer is not known",
        )


def _numbers(column: Any, name: str) -> NDArray[np.float64]:
    import pyarrow as pa

    if kind_of(column.type) not in ("number", "integer", "boolean"):
        raise Unread(
            Fault.UNREADABLE,
            f"target '{name}' is not a number",
            "store it as a number, or set task",
        )
    values = numbers_of(column.cast(pa.float64(), safe=False).combine_chunks())
    infinite = int((~np.isfinite(values)).sum())
    if infinite:
        raise Unread(
            Fault.UNREADABLE, f"{infinite:,} rows have an infinite '{name}'", "remove those rows"
        )
    return values


def _fits(values: list[Any], dataset: Dataset, kind: str | None) -> None:
    """Refuse a target that cannot be classes, or has more of them than the task says."""
    fraction = any(isinstance(one, float) and not one.is_integer() for one in values[:_CLASSES])
    if kind == "time" or fraction or len(values) > _CLASSES:
        held = (
            "moments" if kind == "time" else "fractions" if fraction else f"{len(values):,} values"
        )
        raise Unread(
            Fault.UNREADABLE,
            f"target '{dataset.target}' holds {held}, which are no classes",
            "set task: regression, or name another target",
        )
    if dataset.task == "binary" and len(values) > 2:
        raise Unread(
            Fault.UNREADABLE,
            f"target '{dataset.target}' has {len(values):,} classes in a binary task",
            "set task: multiclass, or name another target",
        )


def _positive(names: tuple[str, ...], dataset: Dataset) -> int:
    """Return the index of the positive class; the larger one where the policy names none."""
    wanted = dataset.positive
    if wanted is None:
        return 1
    spellings = {wanted, wanted.capitalize(), {"1": "True", "0": "False"}.get(wanted, wanted)}
    if wanted.endswith(".0"):
        spellings.add(wanted[:-2])
    found = [index for index, name in enumerate(names) if name == wanted or name in spellings]
    if len(found) != 1:
        raise Unread(
            Fault.TARGET_MISSING,
            f"no row's '{dataset.target}' is '{wanted}'; it takes {quoted(names)}",
            "name one of these as positive in the policy",
        )
    return found[0]
