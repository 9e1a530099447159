"""Read the judged rows with their labels, and write for the sandbox what a model may see.

The target, the ids and the time of a row never reach the file that a model's process can open.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bot.core.errors import Fault
from bot.core.questions import Column, Feature, Holdout
from bot.world.holdout_target import encode, group, target_codes
from bot.world.rows import Unread, kind_of, open_rows, quoted

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from bot.core.evidence import Absent
    from bot.core.policy import Dataset
    from bot.world.rows import RowFile

_VALUES = 1_000
_WHAT = "the hold-out cannot be used"


class Rows(NamedTuple):
    """A hold-out, read once for the judge and for the models."""

    holdout: Holdout
    features: Any
    """pyarrow table of the columns a model may see, of plain types and without notes."""

    @property
    def seen(self) -> Seen:
        """What may be near a model."""
        return Seen(self.features, self.holdout.classes)


class Seen(NamedTuple):
    """A hold-out without its labels."""

    features: Any
    """pyarrow table of the columns a model may see, of plain types and without notes."""
    classes: tuple[str, ...]
    """Names of the classes in code order; empty for regression."""


def read_holdout(path: Path, dataset: Dataset) -> Holdout | Absent:
    """Read a parquet or CSV hold-out; rows stay in the order of the file."""
    rows = read_rows(path, dataset)
    return rows.holdout if isinstance(rows, Rows) else rows


def read_rows(path: Path, dataset: Dataset) -> Rows | Absent:
    """Read a hold-out with its labels, and beside it what models may see of it."""
    try:
        file = open_rows(path)
        names = _features(file, dataset)
        table = file.read(_once(dataset, names))
        return Rows(_holdout(table, dataset, names), table.select(list(names)))
    except Unread as error:
        return error.absent(_WHAT)


def _features(file: RowFile, dataset: Dataset) -> tuple[str, ...]:
    """Return the columns a model may see; insist on every column that the policy names."""
    file.require([dataset.target], "target", Fault.TARGET_MISSING)
    roles = {"id": dataset.id, "time": dataset.time}
    for role, name in roles.items():
        file.require([name] if name else [], f"{role} column")
    file.require(dataset.slices, "slice column")
    file.require(dataset.protected, "protected column")
    file.require(dataset.features, "feature")
    kept_back = {"target": dataset.target} | {role: name for role, name in roles.items() if name}
    for role, name in kept_back.items():
        if name in dataset.features:
            raise Unread(
                Fault.UNREADABLE,
                f"the policy gives the model '{name}', which is the {role}",
                f"remove '{name}' from features",
            )
    names = dataset.features or tuple(n for n in file.names if n not in kept_back.values())
    if not names:
        raise Unread(Fault.UNREADABLE, "it has no feature", "add the columns that a model reads")
    return names


def _once(dataset: Dataset, features: tuple[str, ...]) -> list[str]:
    wanted = [dataset.target, dataset.id, dataset.time]
    wanted += [*dataset.slices, *dataset.protected, *features]
    return list(dict.fromkeys(name for name in wanted if name))


def _holdout(table: Any, dataset: Dataset, names: tuple[str, ...]) -> Holdout:
    if table.num_rows == 0:
        raise Unread(Fault.NO_ROWS, "it has no rows", "name a file that has rows")
    target, classes = target_codes(table.column(dataset.target), dataset)
    cuts = dict.fromkeys([*dataset.slices, *dataset.protected])
    groups: dict[str, Column] = {name: group(name, table.column(name)) for name in cuts}
    moments = None if dataset.time is None else table.column(dataset.time)
    earliest, latest = (None, None) if moments is None else span(str(dataset.time), moments)
    return Holdout(
        rows=table.num_rows,
        target=target,
        classes=classes,
        groups=groups,
        entities=None if dataset.id is None else _entities(table.column(dataset.id)),
        features=tuple(_feature(name, table.column(name)) for name in names),
        earliest=earliest,
        latest=latest,
    )


def _entities(column: Any) -> NDArray[np.int64] | None:
    """Return (n,) codes of the ids, or None when none repeats; a missing id stands alone."""
    codes, values = encode(column)
    alone = codes < 0
    if len(values) == len(codes) - int(alone.sum()):
        return None
    codes[alone] = len(values) + np.arange(int(alone.sum()))
    return codes


def _feature(name: str, column: Any) -> Feature:
    import pyarrow.compute as pc

    kind = str(kind_of(column.type))
    missing = int(column.null_count)
    if kind == "text":
        found = pc.unique(column)
        values = sorted(str(one) for one in found.to_pylist() if one is not None)
        listed = tuple(values) if len(values) <= _VALUES else None
        return Feature(name=name, kind=kind, missing=missing, values=listed)
    if kind not in ("number", "integer"):
        return Feature(name=name, kind=kind, missing=missing)
    if kind == "number":
        missing += int(pc.sum(pc.is_nan(column)).as_py() or 0)
    ends = pc.min_max(column).as_py()
    known = missing < len(column)
    return Feature(
        name=name,
        kind=kind,
        missing=missing,
        minimum=float(ends["min"]) if known else None,
        maximum=float(ends["max"]) if known else None,
    )


def span(name: str, column: Any) -> tuple[datetime | None, datetime | None]:
    """Return the first and the last moment of a column; a moment without a zone is UTC.

    Raises:
        Unread: the column holds something else.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    utc = pa.timestamp("us", tz="UTC")
    try:
        if pa.types.is_string(column.type):
            column = _parsed(column)
        if kind_of(column.type) != "time":
            raise pa.ArrowInvalid(str(column.type))
        if getattr(column.type, "tz", None) is None:
            column = column.cast(pa.timestamp("us"), safe=False)
        ends = pc.min_max(column.cast(utc, safe=False)).as_py()
    except (pa.ArrowException, ValueError, OverflowError):
        raise Unread(
            Fault.UNREADABLE,
            f"time column {quoted([name])} does not hold moments",
            "write moments as 2026-11-23T09:00:00Z, or as parquet timestamps",
        ) from None
    return _aware(ends["min"]), _aware(ends["max"])


def _parsed(column: Any) -> Any:
    import pyarrow as pa

    try:
        return column.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        return column.cast(pa.timestamp("us", tz="UTC"))


def _aware(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)
