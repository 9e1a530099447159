"""The 64-bit hash of a row, by which training and hold-out rows are recognised.

A row's hash is the first 8 bytes, big-endian, of the SHA-256 of the UTF-8 of the compact JSON
array of its values, in the order of the sorted column names, without id and time: a row copied
under a new id is still the same row.  Anyone can write it with a JSON and a SHA-256 library.

    None, NaN, NaT          null
    text                    stripped, then lower-cased
    integers, truth values  as JSON has them; 3 and 3.0 differ, so keep a column's type
    other numbers           as Python's `repr` writes the nearest double; infinity has no hash
    dates and moments       text, as `isoformat` writes them
"""

from __future__ import annotations

import hashlib
import json
import math
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

COLUMN = "row_hash"
"""Name of the column that holds hashes in a manifest."""
HASHED_COLUMNS = b"lockstep.row_hash.columns"
"""Key of a parquet manifest's metadata; its value is the JSON list of the columns hashed."""


class NoRowHash(ValueError):  # noqa: N818 -- read as a sentence
    """A value that has no place in a row's hash: infinity, bytes, lists."""


def cell(value: object) -> str:
    """Return the JSON text of one value, as it enters the hash.

    Raises:
        NoRowHash: JSON cannot say the value.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _number(value)
        case str():
            return json.dumps(value.strip().lower(), ensure_ascii=False)
        case date():
            # Missing moments of pandas are dates that differ from themselves.
            return "null" if value != value else f'"{value.isoformat()}"'  # noqa: PLR0124
        case _:
            raise NoRowHash(f"a {type(value).__name__} has no row hash")


def _number(value: float) -> str:
    if math.isnan(value):
        return "null"
    if math.isinf(value):
        raise NoRowHash("an infinite number has no row hash")
    return float.__repr__(value)


def row_hashes(columns: Sequence[Sequence[str]]) -> NDArray[np.uint64]:
    """Hash rows.

    Args:
        columns: One sequence of cells, each of length n, per column, in the order of the sorted
            column names.

    Returns:
        Shape (n,), in the order of the rows.
    """
    sha256, join = hashlib.sha256, ",".join
    digests = [sha256(f"[{join(row)}]".encode()).digest()[:8] for row in zip(*columns, strict=True)]
    return np.frombuffer(b"".join(digests), dtype=">u8").astype(np.uint64)
