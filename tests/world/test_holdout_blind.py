"""A file without labels stands for a hold-out only when it is the same rows in the same order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bot.core.errors import Fault
from bot.core.evidence import Absent
from bot.core.policy import Blind, Dataset
from bot.world.gathering import Gathering
from bot.world.holdout import Rows, Seen, read_rows
from bot.world.holdout_blind import disagreement, read_blind
from bot.world.store import Store, digest_of

NO_DIGEST = "sha256:" + "0" * 64
ROWS = pd.DataFrame(
    {
        "who": [1, 2, 3, 4],
        "hours": [1.0, np.nan, 3.0, 4.0],
        "calls": [1, 2, 3, 4],
        "region": ["n", "s", None, "n"],
        "since": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03", None]),
        "paid": [True, False, True, True],
        "late": [0, 1, 0, 1],
    }
)
PLAIN = ROWS.drop(columns="late")


def dataset(**changes: Any) -> Dataset:
    values = {
        "uri": "rows.parquet", "digest": NO_DIGEST, "task": "binary", "target": "late", "id": "who",
    }  # fmt: skip
    return Dataset(**{**values, **changes})


def blind(*classes: str) -> Blind:
    return Blind(uri="blind.parquet", digest=NO_DIGEST, classes=classes or ("0", "1"))


def written(frame: pd.DataFrame, place: Path) -> Path:
    frame.to_parquet(place) if place.suffix == ".parquet" else frame.to_csv(place, index=False)
    return place


def differs(tmp_path: Path, other: pd.DataFrame, *classes: str) -> Absent | None:
    data = dataset()
    rows = read_rows(written(ROWS, tmp_path / "rows.parquet"), data)
    assert isinstance(rows, Rows)
    return disagreement(rows, written(other, tmp_path / "blind.parquet"), data, blind(*classes))


def test_the_same_rows_agree(tmp_path: Path) -> None:
    assert differs(tmp_path, PLAIN) is None
    assert differs(tmp_path, PLAIN.drop(columns="who")) is None


def test_what_may_be_seen_is_the_features_and_the_stated_classes(tmp_path: Path) -> None:
    seen = read_blind(written(PLAIN, tmp_path / "blind.csv"), dataset(), blind("no", "yes"))

    assert isinstance(seen, Seen)
    assert seen.features.column_names == ["hours", "calls", "region", "since", "paid"]
    assert seen.classes == ("no", "yes")


def test_the_policy_says_which_features_are_seen(tmp_path: Path) -> None:
    place = written(PLAIN, tmp_path / "blind.csv")

    seen = read_blind(place, dataset(features=("calls",)), blind())
    missing = read_blind(place, dataset(features=("cals",)), blind())

    assert isinstance(seen, Seen)
    assert seen.features.column_names == ["calls"]
    assert isinstance(missing, Absent)
    assert "did you mean 'calls'" in missing.remedy


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (ROWS, "it holds the target 'late'"),
        (PLAIN.iloc[::-1], "its values differ in 'hours', 'calls'"),
        (PLAIN.assign(calls=[1, 2, 3, 5]), "its values differ in 'calls'"),
        (PLAIN.assign(hours=[1.0, 2.0, 3.0, 4.0]), "its values differ in 'hours'"),
        (PLAIN.assign(region=["n", "s", "s", "n"]), "its values differ in 'region'"),
        (PLAIN.assign(paid=["yes", "no", "yes", "yes"]), "its values differ in 'paid'"),
        (PLAIN.assign(since=pd.to_datetime(["1700-01-01"] * 4)), "its values differ in 'since'"),
        (PLAIN.head(3), "it has 3 rows, and 4 are judged"),
        (PLAIN.rename(columns={"calls": "Calls"}), "its columns are"),
        (PLAIN.assign(more=1), "its columns are"),
        (PLAIN.head(0), "it has no rows"),
    ],
)
def test_other_rows_are_told_apart(tmp_path: Path, other: pd.DataFrame, says: str) -> None:
    found = differs(tmp_path, other)

    assert found is not None
    assert found.fault in (Fault.ROWS_MISMATCHED, Fault.NO_ROWS)
    assert says in found.reason


def test_classes_in_another_order_are_told_with_the_right_ones(tmp_path: Path) -> None:
    found = differs(tmp_path, PLAIN, "1", "0")

    assert found is not None
    assert found.remedy == "write classes: [0, 1]"


@pytest.mark.parametrize(
    ("other", "judged"), [(PLAIN, True), (PLAIN.assign(calls=0), False), (None, False)]
)
def test_a_hold_out_that_has_another_file_beside_it_is_not_judged(
    tmp_path: Path, other: pd.DataFrame | None, *, judged: bool
) -> None:
    rows, plain = tmp_path / "rows.parquet", tmp_path / "blind.parquet"
    written(ROWS, rows)
    digest = NO_DIGEST if other is None else digest_of(written(other, plain)).digest
    data = dataset(
        digest=digest_of(rows).digest,
        blind=Blind(uri="blind.parquet", digest=digest, classes=("0", "1")),
    )
    store = Store(tmp_path, tmp_path / "cache")
    gathering = Gathering(store, tmp_path / "cache", "0", print, tmp_path / "scratch")

    assert isinstance(gathering.holdout(data), Absent) is not judged
    assert isinstance(gathering.seen(data), Absent) is not judged
