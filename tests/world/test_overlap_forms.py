"""Hold-out rows are found in training rows whatever types another tool wrote them with."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bot.core.errors import Fault
from bot.core.rowhash import cell, row_hashes
from bot.world.overlap import overlap
from tests.world.holdouts import absent, dataset

ROWS = 50
SETTINGS = dataset(id="id", time="when")
NUMBERS = np.random.default_rng(0)
JUDGED = pd.DataFrame(
    {
        "id": np.arange(ROWS),
        "when": pd.date_range("2026-01-01", periods=ROWS, freq="h", tz="UTC"),
        "x": NUMBERS.normal(size=ROWS),
        "amount": np.where(np.arange(ROWS) % 7, NUMBERS.normal(size=ROWS) * 1e9, np.nan),
        "visits": NUMBERS.integers(0, 5, ROWS),
        "paid": NUMBERS.random(ROWS) < 0.5,
        "city": NUMBERS.choice(["Zürich", "Bern Ost", "Genève"], ROWS),
        "opened": pd.date_range("2020-01-01", periods=ROWS, freq="D", tz="UTC"),
        "late": NUMBERS.integers(0, 2, ROWS),
    }
)
TRAINED = JUDGED.drop(columns=["id", "when"])
BASEL = timezone(timedelta(hours=1))
ALIKE = {
    "float32": TRAINED.astype({"x": "float32", "amount": "float32"}),
    "float32 written as float64": TRAINED.astype({"x": "float32"}).astype({"x": "float64"}),
    "tiny differences": TRAINED.assign(x=TRAINED.x + 1e-13),
    "truth values as integers": TRAINED.astype({"paid": "int8"}),
    "truth values as numbers": TRAINED.astype({"paid": "float64"}),
    "integers as numbers": TRAINED.astype({"visits": "float32"}),
    "the target as truth values": TRAINED.astype({"late": bool}),
    "the target as numbers": TRAINED.astype({"late": float}),
    "accents as marks of their own": TRAINED.assign(
        city=[unicodedata.normalize("NFD", city) for city in TRAINED.city]
    ),
    "other blanks": TRAINED.assign(city=TRAINED.city.str.replace(" ", "\u00a0 ")),
    "categories": TRAINED.astype({"city": "category"}),
    "another zone": TRAINED.assign(opened=TRAINED.opened.dt.tz_convert(BASEL)),
    "no zone": TRAINED.assign(opened=TRAINED.opened.dt.tz_localize(None)),
    "dates": TRAINED.assign(opened=TRAINED.opened.dt.date),
}


@pytest.fixture
def compare(tmp_path):
    def call(trained: pd.DataFrame | pa.Table, judged=JUDGED, settings=SETTINGS):
        judged.to_parquet(tmp_path / "h")
        if isinstance(trained, pa.Table):
            pq.write_table(trained, tmp_path / "m")
        else:
            trained.to_parquet(tmp_path / "m")
        return overlap(settings, tmp_path / "h", tmp_path / "m")

    return call


@pytest.mark.parametrize("name", ALIKE)
def test_the_hold_out_is_found_in_another_tools_types(compare, name):
    assert compare(ALIKE[name]).shared_rows == ROWS


def test_the_hold_out_is_found_in_a_csv_of_float32(tmp_path):
    JUDGED.to_parquet(tmp_path / "h")
    ALIKE["float32"].to_csv(tmp_path / "m", index=False)
    assert overlap(SETTINGS, tmp_path / "h", tmp_path / "m").shared_rows == ROWS


@pytest.mark.parametrize(
    ("column", "trained"),
    [
        ("'visits' (text, not integer)", TRAINED.astype({"visits": str})),
        ("'x' (text, not number)", TRAINED.assign(x=TRAINED.x.map(repr))),
        ("'late' (text, not integer)", TRAINED.assign(late=TRAINED.late.map({0: "no", 1: "yes"}))),
        ("'city' (integer, not text)", TRAINED.assign(city=1)),
        ("'opened' (integer, not time)", TRAINED.assign(opened=TRAINED.opened.astype("int64"))),
    ],
)
def test_columns_of_other_kinds_are_refused_by_name(compare, column, trained):
    absent(compare(trained), Fault.UNREADABLE, column, "row_hash")


@pytest.mark.parametrize("name", ["x", "city", "opened"])
def test_a_column_without_any_value_is_refused_by_name(compare, name):
    absent(compare(TRAINED.assign(**{name: None})), Fault.UNREADABLE, f"no value in '{name}'")


@pytest.mark.parametrize("kept", [["city", "late"], ["city"], ["x", "visits"]])
def test_a_manifest_of_a_few_columns_is_refused_by_those_it_lacks(compare, kept):
    missing = sorted(set(TRAINED) - set(kept))
    told = ", ".join(f"'{name}'" for name in missing)
    absent(compare(TRAINED[kept]), Fault.MANIFEST_MISSING, told, "features")


def test_columns_no_model_sees_need_not_be_in_the_manifest(compare):
    settings = dataset(id="id", time="when", features=("x", "city"))
    kept = TRAINED[["x", "city", "late"]].assign(visits=-1)
    assert compare(kept, settings=settings).shared_rows == ROWS


def test_other_rows_stay_other_rows(compare):
    assert compare(TRAINED.assign(x=TRAINED.x + 1e-3)).shared_rows == 0
    assert compare(TRAINED.assign(late=1 - TRAINED.late)).shared_rows == 0
    assert compare(TRAINED.assign(opened=TRAINED.opened + timedelta(hours=1))).shared_rows == 0


def test_numbers_beyond_float32_are_compared_as_they_are(compare):
    judged = JUDGED.assign(x=JUDGED.x * 1e300)
    assert compare(judged.drop(columns=["id", "when"]), judged).shared_rows == ROWS
    assert compare(judged.assign(x=judged.x * 2), judged).shared_rows == 0


def test_a_column_that_the_hold_out_leaves_empty_may_be_of_any_kind(compare):
    judged = JUDGED.assign(city=None, amount=np.nan)
    answer = compare(judged.drop(columns=["id", "when"]), judged)
    assert answer.shared_rows == ROWS
    assert compare(TRAINED, judged).shared_rows == 0


@pytest.mark.parametrize("ids", [JUDGED.id.map("{:06d}".format), JUDGED.id.astype(float)])
def test_ids_are_found_under_another_type(compare, ids):
    assert compare(JUDGED.assign(id=ids)).shared_ids == ROWS


def test_text_ids_with_leading_zeros_stay_apart(compare):
    judged = JUDGED.assign(id=JUDGED.id.map("{:06d}".format))
    assert compare(JUDGED.assign(id=JUDGED.id.map(str)), judged).shared_ids == 0


def hashed(names: list[str], note: object) -> pa.Table:
    columns = [[cell(value) for value in TRAINED[name].tolist()] for name in sorted(names)]
    table = pa.table({"row_hash": row_hashes(columns)})
    return table.replace_schema_metadata({"lockstep.row_hash.columns": json.dumps(note)})


def test_hashes_that_say_their_columns_are_known(compare):
    names = sorted(TRAINED)
    answer = compare(hashed(names, names))
    assert (answer.shared_rows, answer.columns_known) == (ROWS, True)
    plain = compare(hashed(names, names).replace_schema_metadata(None))
    assert (plain.shared_rows, plain.columns_known) == (ROWS, False)


@pytest.mark.parametrize(
    ("note", "fault", "word"),
    [
        (["city", "late"], Fault.MANIFEST_MISSING, "hashes no columns 'amount', 'opened'"),
        ([*TRAINED, "id"], Fault.UNREADABLE, "'id'"),
        ([*TRAINED, "region"], Fault.UNREADABLE, "'region'"),
        ("city", Fault.UNREADABLE, "lockstep.row_hash.columns"),
        ([1], Fault.UNREADABLE, "lockstep.row_hash.columns"),
    ],
)
def test_hashes_of_other_columns_are_refused(compare, note, fault, word):
    absent(compare(hashed(sorted(TRAINED), note)), fault, word)


def test_a_moment_is_the_same_before_and_after_a_zone_was_given(compare):
    first = datetime(2026, 3, 1, 12, tzinfo=UTC)
    judged = JUDGED.assign(opened=pd.Timestamp(first))
    naive = judged.assign(opened=pd.Timestamp(first).tz_localize(None))
    assert compare(naive, judged).shared_rows == ROWS
