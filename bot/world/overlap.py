"""Compare a hold-out with the rows a version was trained on: rows, ids, and time."""

from __future__ import annotations

import filecmp
import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.core.errors import Fault
from bot.core.questions import Overlap
from bot.core.rowhash import COLUMN, NoRowHash, cell, row_hashes
from bot.world.holdout import span
from bot.world.rows import Unread, kind_of, open_rows, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from numpy.typing import NDArray

    from bot.core.evidence import Absent
    from bot.core.policy import Dataset
    from bot.world.rows import RowFile

    Hashes = NDArray[np.uint64]

_DEFINITION = "row_hash 1"
"""Changes with the definition in `rowhash`, so that no cached hash outlives it."""


@dataclass(frozen=True, slots=True)
class _Trained:
    """What a manifest tells of the training rows."""

    hashes: Hashes
    names: tuple[str, ...]
    """Columns of the hold-out that went into the hashes, sorted."""
    doubles: frozenset[str]
    """Columns that hold integers on one side and other numbers on the other."""


def overlap(
    dataset: Dataset, holdout: Path, manifest: Path, cache: Path | None = None
) -> Overlap | Absent:
    """Count hold-out rows and ids that a manifest names, and read both ends of time.

    Args:
        dataset: Names the id and time columns, which have the same names in a manifest.
        holdout: The judged rows; its bytes have `dataset.digest`.
        manifest: A parquet or CSV file with a column `row_hash`, or the training rows themselves.
        cache: A folder in which hashes of hold-outs may be kept by digest.
    """
    try:
        judged = open_rows(holdout)
    except Unread as error:
        return error.absent("the hold-out cannot be compared")
    try:
        return _overlap(dataset, judged, open_rows(manifest), cache)
    except Unread as error:
        missing = error.fault is Fault.DATA_UNREACHABLE
        fault = Fault.MANIFEST_MISSING if missing else error.fault
        told = Unread(fault, error.reason, error.remedy)
        return told.absent("the training manifest cannot be compared with the hold-out")


def _overlap(dataset: Dataset, judged: RowFile, manifest: RowFile, cache: Path | None) -> Overlap:
    trained = _trained(dataset, judged, manifest)
    if not len(trained.hashes):
        raise Unread(Fault.MANIFEST_MISSING, "it has no rows", "write one row per training row")
    hashes = _kept(dataset, trained, cache)
    if hashes is None:
        hashes = _hashed(judged, trained.names, trained.doubles)
        _keep(hashes, dataset, trained, cache)
    _, copies = np.unique(hashes, return_counts=True)
    return Overlap(
        rows=len(hashes),
        shared_rows=_found(hashes, trained.hashes),
        shared_ids=_shared_ids(dataset.id, judged, manifest),
        natural_duplicates=int(copies[copies > 1].sum()),
        trained_until=_ends(dataset.time, manifest)[1],
        judged_from=_ends(dataset.time, judged)[0],
        same_bytes=filecmp.cmp(judged.path, manifest.path, shallow=False),
    )


def _found(hashes: Hashes, among: Hashes) -> int:
    """Count the hashes that occur among others; a tenth of the time `numpy.isin` takes."""
    ordered = np.sort(among)
    place = np.searchsorted(ordered, np.sort(hashes))
    return int((ordered[np.minimum(place, len(ordered) - 1)] == np.sort(hashes)).sum())


def _trained(dataset: Dataset, judged: RowFile, manifest: RowFile) -> _Trained:
    left_out = {dataset.id, dataset.time}
    names = tuple(sorted(name for name in judged.names if name not in left_out))
    if COLUMN in manifest.names:
        return _Trained(_stored(manifest), names, frozenset())
    names = tuple(name for name in names if name in manifest.names)
    if not set(names) - {dataset.target}:
        raise Unread(
            Fault.MANIFEST_MISSING,
            f"it has neither '{COLUMN}' nor a column of the hold-out; its columns are "
            f"{quoted(manifest.names)}",
            f"write one '{COLUMN}' for each training row, or name the training rows themselves",
        )
    manifest.require(dataset.features, "feature")
    doubles = _doubles(judged, manifest, names)
    return _Trained(_hashed(manifest, names, doubles), names, doubles)


def _stored(manifest: RowFile) -> Hashes:
    import pyarrow as pa

    # Left to guess, CSV hashes above 2**63 would be read as doubles and lose their last bits.
    column = manifest.read([COLUMN], {COLUMN: pa.uint64()}).column(COLUMN)
    if kind_of(column.type) != "integer" or column.null_count:
        raise Unread(
            Fault.UNREADABLE,
            f"its column '{COLUMN}' holds something else than one integer a row",
            "store the hashes as unsigned 64-bit integers",
        )
    values = column.to_numpy()
    if values.dtype == np.int64:
        # Writers without unsigned integers store the same 64 bits.
        return np.asarray(values.view(np.uint64))
    return np.asarray(values.astype(np.uint64))


def _doubles(judged: RowFile, manifest: RowFile, names: Sequence[str]) -> frozenset[str]:
    """Return columns whose integers became doubles on one side, as missing values make them."""
    one, two = judged.read(names).schema, manifest.read(names).schema
    numbers = {"integer", "number"}
    return frozenset(
        name
        for name in names
        if {kind_of(one.field(name).type), kind_of(two.field(name).type)} == numbers
    )


def _hashed(file: RowFile, names: Sequence[str], doubles: frozenset[str]) -> Hashes:
    table = file.read(names)
    try:
        return row_hashes([_cells(table.column(name), double=name in doubles) for name in names])
    except NoRowHash as error:
        raise Unread(
            Fault.UNREADABLE, str(error), "write the value as missing, or leave the column out"
        ) from None


def _cells(column: Any, *, double: bool) -> list[str]:
    """Return (n,) cells; each distinct value is written once."""
    import pyarrow as pa

    if double or kind_of(column.type) == "number":
        column = column.cast(pa.float64(), safe=False)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    coded = column.combine_chunks().dictionary_encode()
    distinct = coded.dictionary
    match kind_of(column.type):
        case "number":
            texts = _doubles_as_text(distinct)
        case "integer":
            texts = distinct.cast(pa.string()).to_pylist()
        case _:
            texts = [cell(value) for value in distinct.to_pylist()]
    if len(distinct) == len(coded):
        return texts
    codes = coded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
    rows: list[str] = np.array([*texts, "null"], dtype=object)[codes].tolist()
    return rows


def _doubles_as_text(distinct: Any) -> list[str]:
    """Return the cells of doubles.

    Arrow writes a million doubles in the time `repr` takes for a tenth of them, and with the same
    shortest digits, but other exponents and no `.0`; those few are left to `cell`.
    """
    import pyarrow as pa

    values = distinct.to_numpy(zero_copy_only=False)
    size = np.abs(values)
    alike = (size >= 1e-3) & (size < 1e9) & (values != np.trunc(values))
    texts: list[str] = distinct.cast(pa.string()).to_pylist()
    for index in np.flatnonzero(~alike):
        texts[index] = cell(float(values[index]))
    return texts


def _shared_ids(name: str | None, judged: RowFile, manifest: RowFile) -> int | None:
    """Count distinct hold-out ids that the manifest names; missing ids name no one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if name is None or name not in judged.names or name not in manifest.names:
        return None
    ours, theirs = (file.read([name]).column(name) for file in (judged, manifest))
    if ours.type != theirs.type:
        ours, theirs = ours.cast(pa.string()), theirs.cast(pa.string())
    found = pc.is_in(pc.unique(ours), value_set=pc.unique(theirs).drop_null(), skip_nulls=True)
    return int(pc.sum(found).as_py() or 0)


def _ends(name: str | None, file: RowFile) -> tuple[datetime | None, datetime | None]:
    if name is None or name not in file.names:
        return None, None
    return span(name, file.read([name]).column(name))


def _place(dataset: Dataset, trained: _Trained, cache: Path) -> Path:
    asked = "\n".join([_DEFINITION, dataset.digest, *trained.names, "", *sorted(trained.doubles)])
    return cache / "rowhash" / f"{hashlib.sha256(asked.encode()).hexdigest()}.npy"


def _kept(dataset: Dataset, trained: _Trained, cache: Path | None) -> Hashes | None:
    if cache is None:
        return None
    with suppress(OSError, ValueError, EOFError):
        kept = np.load(_place(dataset, trained, cache), allow_pickle=False)
        if kept.dtype == np.uint64 and kept.ndim == 1:
            return np.asarray(kept)
    return None


def _keep(hashes: Hashes, dataset: Dataset, trained: _Trained, cache: Path | None) -> None:
    if cache is None:
        return
    # A cache that cannot be written costs a second, not the answer.
    with suppress(OSError):
        place = _place(dataset, trained, cache)
        place.parent.mkdir(parents=True, exist_ok=True)
        arriving = place.with_name(f"{place.name}.{os.getpid()}")
        with arriving.open("wb") as opened:
            np.save(opened, hashes)
        arriving.replace(place)
