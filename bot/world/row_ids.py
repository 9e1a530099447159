"""Opaque names of the judged rows: a keyed hash of the data set's digest and the row's number.

The models never see them, and the key is drawn for each bundle, so that an id tells neither the
row nor the bundle of another day.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BYTES = 8


def row_ids(salt: str, digest: str, rows: int) -> NDArray[np.uint64]:
    """Name the rows of a data set.

    Args:
        salt: Key of the bundle, in hex.
        digest: Of the data set.
        rows: How many it has.

    Returns:
        Shape (rows,).  The names are the words of one stream of SHAKE-256, of which row `i`
        has the i-th; two rows of ten million have one name with a chance of 3 in a million.
    """
    stream = hashlib.shake_256(f"lockstep rows\n{salt}\n{digest}\n".encode())
    return np.frombuffer(stream.digest(rows * BYTES), dtype="<u8").astype(np.uint64)


def distinct(ids: NDArray[np.uint64]) -> bool:
    """Tell whether no two rows have one name."""
    return len(np.unique(ids)) == len(ids)


def rows_at(asked: NDArray[np.uint64], ids: NDArray[np.uint64]) -> NDArray[np.int64] | None:
    """Return which row each asked name is, shape (m,); None when one is no row's name."""
    order = np.argsort(ids)
    place = np.searchsorted(ids, asked, sorter=order)
    found = order[np.minimum(place, len(ids) - 1)]
    return found.astype(np.int64) if bool((ids[found] == asked).all()) else None
