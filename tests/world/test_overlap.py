"""Training rows, ids and times are found in a hold-out, however the manifest is written."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import Fault
from bot.core.evidence import Absent
from bot.core.questions import Overlap
from bot.core.rowhash import cell, row_hashes
from bot.world.overlap import overlap
from bot.world.overlap_columns import doubles_as_text
from tests.world.holdouts import dataset

EXAMPLE = Path(__file__).parents[2] / "examples" / "flight-delay"
DAY = [datetime(2026, 1, day, tzinfo=UTC) for day in range(1, 7)]
JUDGED = {
    "late": [1, 0, 1, 0],
    "id": ["a", "b", "c", "d"],
    "when": DAY[2:6],
    "x": [0.5, None, 2.0, 3e20],
    "city": ["Rome", " OSLO", None, "Bern"],
}
TRAINED = {
    "late": [0, 1, 0, 1],
    "id": ["z", "y", "c", None],
    "when": DAY[0:4],
    "x": [float("nan"), 0.5, 7.0, 8.0],
    "city": ["oslo ", "rome", "Bern", None],
}
SETTINGS = dataset(id="id", time="when")


def hashes(rows: dict[str, list[object]], *leave_out: str) -> np.ndarray:
    names = sorted(set(rows) - {"id", "when", *leave_out})
    return row_hashes([[cell(one) for one in rows[name]] for name in names])


@pytest.fixture
def compare(tmp_path):
    def write(name: str, rows: dict[str, object], ending: str) -> Path:
        table, path = pa.table(rows), tmp_path / f"{name}.{ending}"
        pq.write_table(table, path) if ending == "parquet" else pc.write_csv(table, path)
        return path

    def call(judged=JUDGED, trained=TRAINED, settings=SETTINGS, ending="parquet", cache=None):
        paths = write("h", judged, ending), write("m", trained, ending)
        return overlap(settings, *paths, cache)

    return call


def absent(answer: Overlap | Absent, fault: Fault, word: str) -> None:
    assert isinstance(answer, Absent)
    assert answer.fault is fault
    assert word in answer.reason
    assert answer.remedy


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_rows_are_found_under_other_ids_spellings_and_orders(compare, ending):
    assert compare(ending=ending) == Overlap(
        rows=4,
        shared_rows=2,
        shared_ids=1,
        natural_duplicates=0,
        trained_until=DAY[3],
        judged_from=DAY[2],
        same_bytes=False,
    )


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_manifest_of_hashes_says_the_same_as_its_rows(compare, ending):
    trained = {"row_hash": hashes(TRAINED), "id": TRAINED["id"], "when": TRAINED["when"]}
    assert compare(trained=trained, ending=ending) == replace(compare(), columns_known=False)


def test_hashes_without_ids_or_times_say_less(compare):
    answer = compare(trained={"row_hash": hashes(TRAINED)})
    assert (answer.shared_rows, answer.shared_ids, answer.trained_until) == (2, None, None)
    answer = compare(settings=dataset(features=("x", "city")), judged=JUDGED)
    assert (answer.shared_ids, answer.trained_until, answer.judged_from) == (None, None, None)


def test_hashes_may_be_stored_as_signed_integers(compare):
    assert compare(trained={"row_hash": hashes(TRAINED).view(np.int64)}).shared_rows == 2


def test_a_changed_label_makes_another_row(compare):
    assert compare(trained=TRAINED | {"late": [1, 1, 0, 1]}).shared_rows == 1


def test_integers_that_missing_values_made_doubles_are_the_same_rows(compare):
    judged = {"late": [1, 0], "x": [1, 2], "id": [1, 2], "when": DAY[:2]}
    trained = {"late": [1, 1], "x": [1.0, None], "id": ["2", "3"], "when": DAY[:2]}
    answer = compare(judged=judged, trained=trained)
    assert (answer.shared_rows, answer.shared_ids) == (1, 1)


def test_rows_that_repeat_by_chance_are_counted(compare):
    judged = {name: [*values, values[0], values[0]] for name, values in JUDGED.items()}
    answer = compare(judged=judged)
    assert (answer.rows, answer.natural_duplicates, answer.shared_rows) == (6, 3, 4)


def test_a_manifest_that_is_the_hold_out_is_seen(compare):
    answer = compare(trained=JUDGED)
    assert answer.same_bytes
    assert (answer.shared_rows, answer.shared_ids) == (4, 4)


def test_kept_hashes_say_the_same_and_a_broken_one_is_made_again(compare, tmp_path):
    cache = tmp_path / "cache"
    first = compare(cache=cache)
    (kept,) = (cache / "rowhash").iterdir()
    assert compare(cache=cache) == first
    kept.write_bytes(b"\x93NUMPY broken")
    assert compare(cache=cache) == first
    (tmp_path / "file").write_text("")
    assert compare(cache=tmp_path / "file") == first


@pytest.mark.parametrize(
    ("trained", "fault", "word"),
    [
        ({"a": [1], "late": [1]}, Fault.MANIFEST_MISSING, "nor the columns 'city', 'x' of the"),
        ({"row_hash": ["x"]}, Fault.UNREADABLE, "something else"),
        ({"row_hash": [1, None]}, Fault.UNREADABLE, "something else"),
        ({"row_hash": pa.array([], pa.uint64())}, Fault.MANIFEST_MISSING, "no rows"),
        (TRAINED | {"x": [float("inf")] * 4}, Fault.UNREADABLE, "infinite"),
        (TRAINED | {"when": ["soon"] * 4}, Fault.UNREADABLE, "moments"),
    ],
)
def test_a_manifest_that_proves_nothing_is_refused(compare, trained, fault, word):
    absent(compare(trained=trained), fault, word)


def test_a_manifest_without_a_named_feature_is_refused(compare):
    settings = dataset(features=("x", "city"))
    trained = {"x": [1.0], "late": [1]}
    absent(compare(trained=trained, settings=settings), Fault.MANIFEST_MISSING, "'city'")


def test_files_that_are_gone_are_named_by_side(tmp_path):
    pq.write_table(pa.table(JUDGED), tmp_path / "h")
    absent(overlap(SETTINGS, tmp_path / "h", tmp_path / "no"), Fault.MANIFEST_MISSING, "manifest")
    absent(overlap(SETTINGS, tmp_path / "no", tmp_path / "h"), Fault.DATA_UNREACHABLE, "hold-out")


@given(st.lists(st.floats(allow_nan=True, allow_infinity=False), min_size=1))
def test_the_fast_way_to_write_doubles_writes_what_the_definition_says(values):
    assert doubles_as_text(pa.array(values, pa.float64())) == [cell(one) for one in values]


def test_two_decimals_and_long_fractions_are_written_alike():
    numbers = np.random.default_rng(3)
    values = np.concatenate([numbers.random(5000), np.round(numbers.normal(size=5000) * 1e4, 2)])
    assert doubles_as_text(pa.array(values)) == [repr(one) for one in values.tolist()]


def test_the_worked_example_computes_the_same_hashes():
    spec = importlib.util.spec_from_file_location("manifest", EXAMPLE / "manifest.py")
    manifest = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(manifest)
    rows = pd.read_parquet(EXAMPLE / "data" / "holdout.parquet").head(200)
    plain = {name: rows[name].astype(object).where(rows[name].notna(), None) for name in rows}
    names = sorted(set(rows) - {manifest.ID, manifest.TIME})
    ours = row_hashes([[cell(one) for one in plain[name]] for name in names])
    assert ours.tolist() == manifest.row_hashes(rows).tolist()


def test_the_leaking_version_of_the_worked_example_is_found():
    settings = dataset(id="flight_id", time="scheduled")
    judged = EXAMPLE / "data" / "holdout.parquet"
    honest = overlap(settings, judged, EXAMPLE / "manifests" / "2.parquet")
    leaking = overlap(settings, judged, EXAMPLE / "manifests" / "4.parquet")
    assert (honest.shared_rows, honest.shared_ids) == (0, 0)
    assert (leaking.shared_rows, leaking.shared_ids) == (leaking.rows, leaking.rows)
    assert honest.trained_until < honest.judged_from
