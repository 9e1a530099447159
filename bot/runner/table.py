"""The features a model may see, as the parent wrote them: one array a column.

Arrays and a JSON index need numpy alone, so that a model which needs no pandas does not
wait for it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Table:
    """Rows of named columns, read when asked for."""

    def __init__(
        self, folder: str, index: list[dict[str, Any]], chosen: slice | list[int], rows: int
    ) -> None:
        self._folder, self._index = folder, {str(entry["name"]): entry for entry in index}
        self._chosen, self.rows = chosen, rows
        self.names = tuple(self._index)

    def rows_from(self, start: int, stop: int) -> Table:
        """Return rows of the file that lie side by side."""
        chosen = slice(start, stop)
        return Table(self._folder, list(self._index.values()), chosen, stop - start)

    def rows_at(self, places: Sequence[int]) -> Table:
        """Return rows of the file from anywhere, in this order."""
        return Table(self._folder, list(self._index.values()), list(places), len(places))

    def numeric(self, names: Sequence[str]) -> bool:
        """Say whether each of the columns is numbers."""
        return all(self._index[name]["kind"] == "array" for name in names)

    def column(self, name: str) -> Any:
        """Return a column as numpy or pandas would hold it, shape (rows,)."""
        entry = self._index[name]
        file = np.load(f"{self._folder}/{entry['file']}", mmap_mode="r", allow_pickle=False)
        stored = np.asarray(file[self._chosen])
        match entry["kind"]:
            case "array":
                return stored
            case "time":
                import pandas as pd

                times = pd.DatetimeIndex(stored.view("datetime64[ns]"))
                zone = entry["zone"]
                return times.tz_localize("UTC").tz_convert(zone) if zone else times
            case "category":
                import pandas as pd

                return pd.Categorical.from_codes(
                    stored, categories=entry["values"], ordered=entry["ordered"]
                )
            case _:
                missing = None if entry["none"] else float("nan")
                # Code -1, a missing value, reads the last place.
                return np.array([*entry["values"], missing], dtype=object)[stored]

    def frame(self, names: Sequence[str]) -> Any:
        """Return the columns as a pandas DataFrame, in this order."""
        import pandas as pd

        return pd.DataFrame({name: self.column(name) for name in names}, columns=list(names))

    def matrix(self, names: Sequence[str], dtype: type[np.generic] = np.float64) -> NDArray[Any]:
        """Return numeric columns as an array of shape (rows, len(names)).

        Raises:
            ValueError: a column is not numbers.
        """
        filled = np.empty((self.rows, len(names)), dtype=dtype)
        for place, name in enumerate(names):
            filled[:, place] = self.column(name)
        return filled


def open_table(folder: str) -> Table:
    """Open a features folder."""
    with open(f"{folder}/index.json", encoding="utf-8") as file:  # noqa: PTH123 -- as elsewhere here
        index = json.load(file)
    return Table(folder, index["columns"], slice(None), int(index["rows"]))
