"""Read named columns of a parquet or CSV file, or say why not.

Only pyarrow reads rows here: it projects columns before decoding them, and importing it costs a
fifth of importing pandas.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING, Any

from bot.core.errors import Fault
from bot.core.evidence import Absent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_PARQUET = b"PAR1"
_CELLS = 1_000_000_000
"""Rows times columns that one file may unfold to; a few kilobytes of parquet can claim more."""
_INDEX = re.compile(r"__index_level_\d+__")
"""The row labels pandas stores as columns; they are no one's feature."""
_SHOWN = 20


class Unread(Exception):  # noqa: N818 -- read as a sentence, turned into Absent by its caller
    """Rows could not be read as asked, for a reason a person can act on."""

    def __init__(self, fault: Fault, reason: str, remedy: str) -> None:
        """Carry what happened and the way out."""
        self.fault, self.reason, self.remedy = fault, reason, remedy
        super().__init__(reason)

    def absent(self, what: str) -> Absent:
        """Return the reason about a named file as missing evidence."""
        return Absent(fault=self.fault, reason=f"{what}: {self.reason}", remedy=self.remedy)


@dataclass(frozen=True, slots=True)
class RowFile:
    """A file of rows whose column names are known and distinct."""

    path: Path
    names: tuple[str, ...]
    parquet: bool

    def require(self, wanted: Iterable[str], role: str, fault: Fault = Fault.UNREADABLE) -> None:
        """Insist on columns.

        Raises:
            Unread: at least one is not there; names it, what is there, and what may be meant.
        """
        missing = [name for name in wanted if name not in self.names]
        if not missing:
            return
        close = get_close_matches(missing[0], self.names, n=1, cutoff=0.6)
        meant = f"did you mean '{close[0]}'? " if close else ""
        raise Unread(
            fault,
            f"it has no {role} {quoted(missing)}; its columns are {quoted(self.names)}",
            f"{meant}name a column of the file in the policy, or add the column",
        )

    def read(self, names: Sequence[str], types: Mapping[str, Any] | None = None) -> Any:
        """Return a pyarrow table of these columns, in this order, of plain types.

        Args:
            names: Columns of the file.
            types: pyarrow types for CSV columns that must not be guessed.

        Raises:
            Unread: the bytes are not what the file's form promises.
        """
        import pyarrow as pa

        try:
            table = self._parquet(names) if self.parquet else self._csv(names, types or {})
            return plain(table.select(list(names)))
        except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
            raise _unreadable(error) from None

    def _parquet(self, names: Sequence[str]) -> Any:
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path) as opened:
            if opened.metadata.num_rows * len(names) > _CELLS:
                raise Unread(
                    Fault.LIMIT_EXCEEDED,
                    f"it unfolds to {opened.metadata.num_rows:,} rows",
                    "judge on a sample of the rows",
                )
            return opened.read(columns=list(names))

    def _csv(self, names: Sequence[str], types: Mapping[str, Any]) -> Any:
        from pyarrow import csv as arrow_csv

        convert = arrow_csv.ConvertOptions(
            include_columns=list(names), strings_can_be_null=True, column_types=dict(types)
        )
        return arrow_csv.read_csv(self.path, convert_options=convert)


def open_rows(path: Path) -> RowFile:
    """Look at a file's column names.

    Raises:
        Unread: neither parquet nor CSV, broken, or two columns of one name.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.is_dir():
        raise Unread(Fault.UNREADABLE, "it is a folder", "name one parquet or CSV file")
    try:
        with path.open("rb") as opened:
            parquet = opened.read(len(_PARQUET)) == _PARQUET
        names = tuple(pq.read_schema(path).names) if parquet else _header(path)
    except (pa.ArrowException, OSError, ValueError, csv.Error) as error:
        raise _unreadable(error) from None
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Unread(
            Fault.UNREADABLE, f"it has two columns named {quoted(twice)}", "give each its own name"
        )
    return RowFile(path, tuple(name for name in names if not _INDEX.fullmatch(name)), parquet)


def plain(table: Any) -> Any:
    """Return a table without dictionaries, decimals, half floats and pandas' notes.

    Raises:
        Unread: a column holds lists, bytes or records.
    """
    import pyarrow as pa

    columns = [_plain_column(name, table.column(name)) for name in table.column_names]
    return pa.table(columns, names=table.column_names)


def _plain_column(name: str, column: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_decimal(kind) or pa.types.is_float16(kind) or pa.types.is_null(kind):
        return column.cast(pa.float64())
    if pa.types.is_large_string(kind) or kind == pa.string_view():
        return column.cast(pa.string())
    if kind_of(kind) is None:
        raise Unread(
            Fault.UNREADABLE,
            f"column '{name}' holds {kind}",
            "store numbers, text, truth values or moments",
        )
    return column


def kind_of(kind: Any) -> str | None:
    """Name a pyarrow type as a schema does; None for what no model reads from one column."""
    from pyarrow import types

    tests = (
        ("boolean", types.is_boolean),
        ("integer", types.is_integer),
        ("number", types.is_floating),
        ("text", types.is_string),
        ("time", lambda one: types.is_timestamp(one) or types.is_date(one)),
    )
    return next((name for name, test in tests if test(kind)), None)


def numbers_of(values: Any) -> NDArray[Any]:
    """Return a pyarrow array of numbers as numpy, not to be written to; a missing one is NaN.

    pyarrow's own `to_numpy` imports pandas, which costs more than reading the rows does.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if values.null_count:
        if pa.types.is_integer(values.type):
            values = values.cast(pa.float64(), safe=False)
        kind = values.type
        nan = pa.py_buffer(np.array([np.nan], dtype=kind.to_pandas_dtype()))
        values = pc.coalesce(values, pa.Array.from_buffers(kind, 1, [None, nan])[0])
    return np.from_dlpack(values)


def quoted(names: Iterable[str]) -> str:
    """Return names for a sentence, the first twenty of them."""
    listed = list(names)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(f"'{name}'" for name in listed[:_SHOWN]) + more


def _header(path: Path) -> tuple[str, ...]:
    with path.open(encoding="utf-8-sig", newline="") as opened:
        # A file without a line break must not be read whole to find that out.
        line = opened.readline(1_000_000)
        names = next(csv.reader([*islice([line], 1)], strict=True), [])
    if not any(names) or "\x00" in line:
        raise Unread(Fault.UNREADABLE, "it has no header line", "write column names on line 1")
    return tuple(names)


def _unreadable(error: Exception) -> Unread:
    if isinstance(error, FileNotFoundError):
        return Unread(Fault.DATA_UNREACHABLE, "it is not there", "check the address")
    detail = " ".join(str(error).split())[:160]
    if isinstance(error, UnicodeDecodeError):
        detail = "it is not UTF-8 text"
    return Unread(
        Fault.UNREADABLE,
        f"it is neither whole parquet nor well-formed CSV ({detail})",
        "write it again as parquet, or as comma-separated UTF-8 with a header",
    )
