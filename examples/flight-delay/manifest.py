"""A training manifest: which rows a version was trained on, one hash for each row.

The leakage gate compares these hashes with those of the hold-out, so both sides must
compute them in the same way. The definition below needs nothing but JSON and SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

ID = "flight_id"
TIME = "scheduled"

Plain = str | int | float | bool | None


def plain(value: object) -> Plain:
    """Return the value as it enters the hash.

    Missing (None, NaN, NaT) is None; text is stripped, then lower-cased; a timestamp is ISO-8601
    as `datetime.isoformat` writes it; numbers and truth values stay what they are.

    Raises:
        ValueError: an infinite number, which JSON cannot say.
        TypeError: anything else.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, str):
        return value.strip().lower()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and math.isinf(value):
        raise ValueError("an infinite number has no row hash; write it as missing")
    if isinstance(value, bool | int | float):
        return value
    raise TypeError(f"a {type(value).__name__} has no row hash; use numbers, text or timestamps")


def row_hash(row: Mapping[str, object]) -> int:
    """Return the 64-bit hash of one row.

    The first 8 bytes, big-endian, of the SHA-256 of the UTF-8 of the compact JSON array of the
    row's values, in the order of the sorted column names. JSON writes a float as `repr` does.
    """
    values = [plain(row[name]) for name in sorted(row)]
    text = json.dumps(values, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def row_hashes(rows: pd.DataFrame, leave_out: Sequence[str] = (ID, TIME)) -> npt.NDArray[np.uint64]:
    """Return the hash of every row over its inputs and target, shape (n,), in row order.

    The id and the time are left out: a row copied under a new id is still the same row.
    """
    names = sorted(name for name in rows.columns if name not in leave_out)
    columns = [rows[name].tolist() for name in names]
    hashes = [
        row_hash(dict(zip(names, values, strict=True))) for values in zip(*columns, strict=True)
    ]
    return np.array(hashes, dtype=np.uint64)


def write_manifest(rows: pd.DataFrame, path: Path) -> None:
    """Write id, time and hash of every row to a parquet file."""
    table = pa.table(
        {
            ID: pa.array(rows[ID], pa.int64()),
            TIME: pa.array(rows[TIME], pa.timestamp("us")),
            "row_hash": pa.array(row_hashes(rows), pa.uint64()),
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", compression_level=19)
