"""Write columns of two files of rows alike, however each file spells the same values.

Training rows may come from another tool than the hold-out: floats of half the length, truth values
as 0 and 1, moments in another zone, other blanks and accents.  None of that makes another row, so
both sides are brought to one form before rows are compared.  Kinds that no tool confuses, such as
text and numbers, are refused: guessed forms would hide rows.

    boolean, integer            the whole number
    number, on either side      the nearest float32, which every tool keeps
    time                        microseconds of UTC; without a zone it is UTC
    text                        Unicode NFKC, single blanks, case-folded; empty is missing
"""

from __future__ import annotations

import unicodedata
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.core.errors import Fault
from bot.core.rowhash import cell
from bot.world.rows import Unread, kind_of, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

_WAY_OUT = "write the manifest with the types of the hold-out, or one `row_hash` for each row"


class Form(Enum):
    """How the cells of a column are written before they are hashed."""

    DEFINED = "defined"
    """As `rowhash` defines it, for manifests that hold hashes."""
    WHOLE = "whole"
    NUMBER = "number"
    TIME = "time"
    TEXT = "text"


_FORMS = {
    "boolean": Form.WHOLE,
    "integer": Form.WHOLE,
    "number": Form.NUMBER,
    "time": Form.TIME,
    "text": Form.TEXT,
}


def forms(judged: Any, manifest: Any, names: Sequence[str]) -> tuple[Form, ...]:
    """Return the form in which each column of two pyarrow tables is compared.

    Raises:
        Unread: columns hold other kinds on each side, or nothing at all in the manifest.
    """
    found, differ, empty = [], [], []
    for name in names:
        ours, theirs = judged.column(name), manifest.column(name)
        if _holds_nothing(theirs) and not _holds_nothing(ours):
            empty.append(name)
        form = _shared(ours, theirs)
        if form is None:
            differ.append(f"'{name}' ({kind_of(theirs.type)}, not {kind_of(ours.type)})")
        found.append(form or Form.TEXT)
    if empty:
        raise Unread(
            Fault.UNREADABLE,
            f"it holds no value in {quoted(empty)}, where the hold-out does",
            "write the values that the version was trained on",
        )
    if differ:
        raise Unread(
            Fault.UNREADABLE,
            f"it holds other kinds of values than the hold-out in {', '.join(differ)}",
            _WAY_OUT,
        )
    return tuple(found)


def _holds_nothing(column: Any) -> bool:
    import pyarrow.compute as pc

    if kind_of(column.type) == "number":
        return not pc.any(pc.invert(pc.is_nan(column))).as_py()
    return bool(column.null_count == len(column))


def _shared(ours: Any, theirs: Any) -> Form | None:
    one, two = (_FORMS[str(kind_of(column.type))] for column in (ours, theirs))
    if one is two or _holds_nothing(ours):
        return two
    return Form.NUMBER if {one, two} == {Form.WHOLE, Form.NUMBER} else None


def cells(column: Any, form: Form) -> list[str]:
    """Return (n,) cells; each distinct value is written once.

    Raises:
        NoRowHash: a value is infinite.
    """
    if form is not Form.DEFINED and _holds_nothing(column):
        return ["null"] * len(column)
    coded = _cast(column, form).combine_chunks().dictionary_encode()
    texts = _written(coded.dictionary, form)
    if len(coded.dictionary) == len(coded):
        return texts
    codes = coded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
    rows: list[str] = np.array([*texts, "null"], dtype=object)[codes].tolist()
    return rows


def _cast(column: Any, form: Form) -> Any:
    import pyarrow as pa

    kind = kind_of(column.type)
    if kind == "boolean" and form is not Form.DEFINED:
        column = column.cast(pa.int8())
    if form is Form.NUMBER or (form is Form.DEFINED and kind == "number"):
        return column.cast(pa.float64(), safe=False)
    if form is Form.TIME or pa.types.is_timestamp(column.type):
        zone = getattr(column.type, "tz", None)
        column = column.cast(pa.timestamp("us", tz=zone), safe=False)
    return column.cast(pa.int64()) if form is Form.TIME else column


def _written(distinct: Any, form: Form) -> list[str]:
    """Return the cells of distinct values, none of them missing but for NaN."""
    import pyarrow as pa

    kind = kind_of(distinct.type)
    if kind == "integer":
        whole: list[str] = distinct.cast(pa.string()).to_pylist()
        return whole
    if form is Form.NUMBER:
        return _nearest(distinct)
    if form is Form.TEXT:
        return [_plain_text(value) for value in distinct.to_pylist()]
    if kind == "number":
        return doubles_as_text(distinct)
    return [cell(value) for value in distinct.to_pylist()]


def _nearest(distinct: Any) -> list[str]:
    """Return the nearest float32 of each double by its bits; larger ones as they are."""
    values = distinct.to_numpy(zero_copy_only=False)
    with np.errstate(over="ignore"):
        # Adding nothing makes -0.0 the same as 0.0.
        single = values.astype(np.float32) + np.float32(0)
    texts = [str(bits) for bits in single.view(np.int32).tolist()]
    for index in np.flatnonzero(~np.isfinite(single)):
        texts[index] = cell(float(values[index]))
    return texts


def _plain_text(value: str | None) -> str:
    folded = " ".join(unicodedata.normalize("NFKC", value or "").casefold().split())
    return cell(folded or None)


def doubles_as_text(distinct: Any) -> list[str]:
    """Return the cells of doubles as the definition says.

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


def shared_ids(ours: Any, theirs: Any) -> int:
    """Count distinct ids of one pyarrow column that another names; missing ids name no one."""
    import pyarrow.compute as pc

    one, two = _as_text(ours), _as_text(theirs)
    if kind_of(ours.type) != kind_of(theirs.type):
        one, two = _as_written_by_anyone(one), _as_written_by_anyone(two)
    found = pc.is_in(pc.unique(one), value_set=pc.unique(two).drop_null(), skip_nulls=True)
    return int(pc.sum(found).as_py() or 0)


def _as_text(ids: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if kind_of(ids.type) == "number":
        ids = pc.if_else(pc.is_finite(ids), ids.cast(pa.float64()), None)
        whole = ids.cast(pa.int64(), safe=False)
        ids = whole if pc.all(pc.equal(whole, ids)).as_py() else ids
    return pc.utf8_trim_whitespace(ids.cast(pa.string()))


def _as_written_by_anyone(ids: Any) -> Any:
    """Write `007` and `7.0` as `7`."""
    import pyarrow.compute as pc

    return pc.replace_substring_regex(ids, r"^0*([0-9]+)(\.0*)?$", r"\1")
