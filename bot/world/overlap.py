"""Compare a hold-out with the rows a version was trained on: rows, ids, and time."""

from __future__ import annotations

import filecmp
import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot.core.errors import Fault
from bot.core.questions import Overlap
from bot.core.rowhash import COLUMN, HASHED_COLUMNS, NoRowHash, row_hashes
from bot.world.holdout import span
from bot.world.overlap_columns import Form, cells, shared_ids
from bot.world.overlap_columns import forms as forms_of
from bot.world.rows import Unread, kind_of, open_rows, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from numpy.typing import NDArray

    from bot.core.evidence import Absent
    from bot.core.policy import Dataset
    from bot.world.rows import RowFile

    Hashes = NDArray[np.uint64]

_DEFINITION = "row_hash 2"
"""Changes with the definitions in `rowhash` and `overlap_columns`; no cached hash outlives it."""


@dataclass(frozen=True, slots=True)
class _Trained:
    """What a manifest tells of the training rows."""

    hashes: Hashes
    forms: tuple[tuple[str, Form], ...]
    """Columns of the hold-out that went into the hashes, sorted, and how they are written."""
    columns_known: bool = True
    """The manifest holds the columns, or says which it hashed."""


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
        hashes = _hashed(judged, trained.forms)
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
        columns_known=trained.columns_known,
    )


def _found(hashes: Hashes, among: Hashes) -> int:
    """Count the hashes that occur among others; a tenth of the time `numpy.isin` takes."""
    ordered = np.sort(among)
    place = np.searchsorted(ordered, np.sort(hashes))
    return int((ordered[np.minimum(place, len(ordered) - 1)] == np.sort(hashes)).sum())


def _trained(dataset: Dataset, judged: RowFile, manifest: RowFile) -> _Trained:
    if COLUMN in manifest.names:
        said = _said(manifest)
        hashed = _defined(dataset, judged) if said is None else said
        _require_all(dataset, judged, hashed, "hashes no")
        _require_no_other(dataset, judged, hashed)
        forms = tuple((name, Form.DEFINED) for name in sorted(hashed))
        return _Trained(_stored(manifest), forms, columns_known=said is not None)
    names = sorted(_visible(dataset, judged))
    _require_all(dataset, judged, manifest.names, f"has neither '{COLUMN}' nor the")
    found = forms_of(judged.read(names), manifest.read(names), names)
    forms = tuple(zip(names, found, strict=True))
    return _Trained(_hashed(manifest, forms), forms)


def _visible(dataset: Dataset, judged: RowFile) -> tuple[str, ...]:
    """Return the columns that a model may see, and the target."""
    return tuple({*(dataset.features or _defined(dataset, judged)), dataset.target})


def _defined(dataset: Dataset, judged: RowFile) -> tuple[str, ...]:
    """Return the columns that enter a row's hash by definition."""
    return tuple(name for name in judged.names if name not in (dataset.id, dataset.time))


def _require_all(dataset: Dataset, judged: RowFile, names: Iterable[str], lacks: str) -> None:
    """Insist on every column that a model may see; a row with fewer is another row."""
    missing = sorted(set(_visible(dataset, judged)) - set(names))
    if missing:
        raise Unread(
            Fault.MANIFEST_MISSING,
            f"it {lacks} {'columns' if len(missing) > 1 else 'column'} {quoted(missing)} "
            "of the hold-out",
            f"write one '{COLUMN}' for each training row, or name the training rows themselves "
            "with every column of the hold-out, or list in the policy's `features` what a model "
            "may see",
        )


def _require_no_other(dataset: Dataset, judged: RowFile, hashed: Iterable[str]) -> None:
    """Insist that hashes are of columns that both sides have, and not of ids or times."""
    others = sorted(set(hashed) - set(_defined(dataset, judged)))
    if others:
        raise Unread(
            Fault.UNREADABLE,
            f"it hashes {quoted(others)}, which is an id, a time or no column of the hold-out",
            "hash the columns of the hold-out without its id and time",
        )


def _said(manifest: RowFile) -> tuple[str, ...] | None:
    """Return the columns that a manifest of hashes says it hashed, if it does."""
    import pyarrow.parquet as pq

    notes = (pq.read_schema(manifest.path).metadata or {}) if manifest.parquet else {}
    if (text := notes.get(HASHED_COLUMNS)) is None:
        return None
    with suppress(ValueError, RecursionError):
        said = json.loads(text)
        if isinstance(said, list) and all(isinstance(name, str) for name in said):
            return tuple(said)
    raise Unread(
        Fault.UNREADABLE,
        f"its note '{HASHED_COLUMNS.decode()}' is no list of column names",
        'write the names as JSON, such as ["age", "income"]',
    )


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


def _hashed(file: RowFile, forms: Sequence[tuple[str, Form]]) -> Hashes:
    table = file.read([name for name, _ in forms])
    try:
        return row_hashes([cells(table.column(name), form) for name, form in forms])
    except NoRowHash as error:
        raise Unread(
            Fault.UNREADABLE, str(error), "write the value as missing, or leave the column out"
        ) from None


def _shared_ids(name: str | None, judged: RowFile, manifest: RowFile) -> int | None:
    if name is None or name not in judged.names or name not in manifest.names:
        return None
    return shared_ids(*(file.read([name]).column(name) for file in (judged, manifest)))


def _ends(name: str | None, file: RowFile) -> tuple[datetime | None, datetime | None]:
    if name is None or name not in file.names:
        return None, None
    return span(name, file.read([name]).column(name))


def _place(dataset: Dataset, trained: _Trained, cache: Path) -> Path:
    columns = [f"{form.value} {name}" for name, form in trained.forms]
    asked = "\n".join([_DEFINITION, dataset.digest, *columns])
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
