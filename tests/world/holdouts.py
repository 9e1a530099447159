"""Builders of small hold-outs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from bot.core.evidence import Absent
from bot.core.policy import Dataset

if TYPE_CHECKING:
    from pathlib import Path

    from bot.core.errors import Fault

ROWS = {
    "late": [1, 0, 1, 0],
    "who": ["a", "b", "a", "c"],
    "when": [datetime(2026, 1, day, tzinfo=UTC) for day in (3, 1, 2, 4)],
    "age": [30.0, None, 50.0, float("nan")],
    "city": ["Rome", None, "Oslo", "Rome"],
    "legs": [1, 2, 2, 1],
    "paid": [True, False, True, True],
}


def dataset(**changes: object) -> Dataset:
    settings = {"uri": "h.parquet", "digest": "sha256:" + "0" * 64, "task": "binary"}
    return Dataset.model_validate(settings | {"target": "late"} | changes)


def stored(path: Path, rows: pa.Table | None = None, **changes: list[object]) -> Path:
    """Write a hold-out as parquet."""
    pq.write_table(pa.table(ROWS | changes) if rows is None else rows, path)
    return path


def absent(answer: object, fault: Fault, *words: str) -> None:
    assert isinstance(answer, Absent)
    assert answer.fault is fault
    assert answer.remedy
    for word in words:
        assert word in f"{answer.reason}; {answer.remedy}"
