"""Write the features a model may see: no labels, no ids, rows in an order it cannot know."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.world.holdout_target import encode
from bot.world.rows import kind_of, numbers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

_TWICE = 256
"""Rows whose copy is hidden among the others."""
_AGAIN = 256
"""Rows asked again in a second, smaller question."""
_ALONE = 3
"""Rows asked again one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """Which row is asked where: batches over a list of places, each holding a row."""

    rows: int
    row_at: NDArray[np.int64]
    """(m,) row of the hold-out at each place of the features file, m >= rows."""
    first_place: NDArray[np.int64]
    """(rows,) place whose answer counts for each row."""
    batches: tuple[tuple[int, int], ...]
    """Places of each question, from and to; the first holds every row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """A features folder, prepared once for several artifacts."""

    folder: Path
    names: tuple[str, ...]
    questions: Questions

    @property
    def rows(self) -> int:
        """Rows of the hold-out."""
        return self.questions.rows


def shuffled(rows: int, *, seed: int | None = None) -> Questions:
    """Draw a secret order with hidden copies.

    A model that answers from a row's place, from the answers before it, or from the size
    of the question, answers the copies differently.

    Args:
        rows: At least 1.
        seed: Draws the order again, for tests. None draws one that nobody knows: an order
            that follows from public facts would be no secret to the model's author, and
            answers are put back into the hold-out's order anyway.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    copies = random.permutation(rows)[:_TWICE]
    entries = np.concatenate((np.arange(rows), copies))
    order = random.permutation(len(entries))
    again = random.permutation(rows)[:_AGAIN]
    alone = random.permutation(rows)[:_ALONE]
    place_of = np.empty(len(entries), dtype=np.int64)
    place_of[order] = np.arange(len(entries))
    ends = np.cumsum([len(entries), len(again), *[1] * len(alone)]).tolist()
    return Questions(
        rows=rows,
        row_at=np.concatenate((entries[order], again, alone)).astype(np.int64),
        first_place=place_of[:rows],
        batches=tuple(zip([0, *ends[:-1]], ends, strict=True)),
    )


def places_of(rows: int) -> int:
    """Return how many places `shuffled` asks for that many rows."""
    return rows + min(rows, _TWICE) + min(rows, _AGAIN) + min(rows, _ALONE)


def prepare(
    frame: pd.DataFrame,
    folder: Path,
    *,
    seed: int | None = None,
    names: Sequence[str] | None = None,
) -> Features:
    """Write a features folder.

    Args:
        frame: The columns a model may see, at least one row; never the target or an id.
        folder: Where to write; must be empty or not exist.
        seed: As for `shuffled`.
        names: Columns to write, in this order; default all.
    """
    chosen = tuple(str(name) for name in (frame.columns if names is None else names))
    columns = ((name, *_stored(frame[name])) for name in chosen)
    return _write(columns, shuffled(len(frame), seed=seed), folder)


def prepare_table(table: Any, folder: Path, *, seed: int | None = None) -> Features:
    """Write a features folder from a pyarrow table of plain types, as `read_rows` gives it."""
    columns = ((name, *_plain_stored(table, name)) for name in table.column_names)
    return _write(columns, shuffled(table.num_rows, seed=seed), folder)


def _write(
    columns: Iterable[tuple[str, NDArray[Any], dict[str, object]]],
    questions: Questions,
    folder: Path,
) -> Features:
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    listed = []
    for place, (name, stored, entry) in enumerate(columns):
        file = f"{place}.npy"
        np.save(folder / file, stored[questions.row_at], allow_pickle=False)
        listed.append({"name": name, "file": file, **entry})
    index = {"rows": len(questions.row_at), "columns": listed}
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
    return Features(
        folder=folder, names=tuple(str(one["name"]) for one in listed), questions=questions
    )


def _plain_stored(table: Any, name: str) -> tuple[NDArray[Any], dict[str, object]]:
    """Store a column as `_stored` does, without pandas where numpy can: it is slow to import."""
    column = table.column(name)
    kind = kind_of(column.type)
    if kind in ("number", "integer"):
        return numbers_of(column.combine_chunks()), {"kind": "array"}
    if kind == "text":
        codes, values = encode(column)
        return codes.astype(np.int32), {"kind": "text", "values": values, "none": False}
    return _stored(table.select([name]).to_pandas()[name])


def _stored(column: pd.Series[Any]) -> tuple[NDArray[Any], dict[str, object]]:
    """Return a column as a plain array, and how to read it back."""
    import pandas as pd

    kind = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        values = [_plain(value) for value in kind.categories.tolist()]
        codes = np.asarray(column.cat.codes, dtype=np.int32)
        return codes, {"kind": "category", "values": values, "ordered": bool(kind.ordered)}
    if pd.api.types.is_datetime64_any_dtype(kind):
        zone = getattr(kind, "tz", None)
        moments = pd.DatetimeIndex(column)
        utc = moments.tz_convert("UTC").tz_localize(None) if zone is not None else moments
        stored = utc.to_numpy(dtype="datetime64[ns]").view(np.int64)
        return stored, {"kind": "time", "zone": None if zone is None else str(zone)}
    if isinstance(kind, np.dtype) and kind.kind in "biuf":
        return column.to_numpy(), {"kind": "array"}
    if pd.api.types.is_numeric_dtype(kind) and not (
        pd.api.types.is_bool_dtype(kind) and column.isna().any()
    ):
        whole = not column.isna().any()
        wanted = getattr(kind, "numpy_dtype", np.dtype(np.float64)) if whole else np.float64
        return column.to_numpy(dtype=wanted, na_value=np.nan if not whole else 0), {"kind": "array"}
    return _texts(column)


def _texts(column: pd.Series[Any]) -> tuple[NDArray[np.int32], dict[str, object]]:
    import pandas as pd

    codes, values = pd.factorize(column)
    missing = column[column.isna()]
    return codes.astype(np.int32), {
        "kind": "text",
        "values": [_plain(value) for value in values.tolist()],
        # Encoders tell None from NaN; hand back what the data held.
        "none": bool(len(missing)) and missing.iloc[0] is None,
    }


def _plain(value: object) -> object:
    return value if isinstance(value, (str, int, float, bool)) else str(value)
