"""Read the judged rows from a file that has no labels, and compare it with the one that has.

The job that runs models reads this file alone; the job that judges looks that it is the same
rows in the same order, so that a model cannot be asked about others than it is judged by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.core.errors import Fault
from bot.core.evidence import Absent
from bot.world.holdout import Rows, Seen
from bot.world.rows import Unread, kind_of, numbers_of, open_rows, quoted

if TYPE_CHECKING:
    from pathlib import Path

    from bot.core.policy import Blind, Dataset

_WHAT = "the rows without labels cannot be used"


def read_blind(path: Path, dataset: Dataset, blind: Blind) -> Seen | Absent:
    """Read what a model may see, and nothing else of the file."""
    try:
        return _read(path, dataset, blind)
    except Unread as error:
        return error.absent(_WHAT)


def _read(path: Path, dataset: Dataset, blind: Blind) -> Seen:
    file = open_rows(path)
    if dataset.target in file.names:
        raise Unread(
            Fault.ROWS_MISMATCHED,
            f"it holds the target '{dataset.target}', which it is there to leave out",
            "write the file again without that column",
        )
    kept_back = {dataset.id, dataset.time}
    names = dataset.features or tuple(name for name in file.names if name not in kept_back)
    file.require(names, "feature")
    table = file.read(list(names))
    if table.num_rows == 0 or not names:
        raise Unread(Fault.NO_ROWS, "it has no rows", "name a file that has rows")
    return Seen(table, blind.classes)


def disagreement(rows: Rows, path: Path, dataset: Dataset, blind: Blind) -> Absent | None:
    """Return how the rows without labels differ from the judged ones, or None."""
    seen = read_blind(path, dataset, blind)
    if isinstance(seen, Absent):
        return seen
    if seen.classes != rows.holdout.classes:
        return _other(
            "`blind: classes` are not the classes of the target",
            f"write classes: [{', '.join(rows.holdout.classes)}]",
        )
    judged, shown = rows.features, seen.features
    if judged.column_names != shown.column_names:
        return _other(
            f"its columns are {quoted(shown.column_names)}, and models are judged on "
            f"{quoted(judged.column_names)}"
        )
    if judged.num_rows != shown.num_rows:
        return _other(f"it has {shown.num_rows:,} rows, and {judged.num_rows:,} are judged")
    unlike = [
        name
        for name in judged.column_names
        if not _alike(judged.column(name).combine_chunks(), shown.column(name).combine_chunks())
    ]
    return _other(f"its values differ in {quoted(unlike)}") if unlike else None


def _alike(one: Any, other: Any) -> bool:
    """Compare two columns value by value; a missing number is like a missing number."""
    import numpy as np
    import pyarrow as pa

    kinds = kind_of(one.type), kind_of(other.type)
    if kinds[0] != kinds[1]:
        return False
    if kinds[0] in ("number", "integer"):
        return np.array_equal(numbers_of(one), numbers_of(other), equal_nan=True)
    try:
        return bool(one.equals(other.cast(one.type)))
    except pa.ArrowException:
        return False


def _other(what: str, remedy: str = "") -> Absent:
    return Absent(
        fault=Fault.ROWS_MISMATCHED,
        reason=f"the rows without labels are not the judged rows: {what}",
        remedy=remedy or "write both files from the same rows in the same order",
    )
