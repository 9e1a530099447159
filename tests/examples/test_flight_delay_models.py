"""The five versions of the worked example behave as its story says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import skops.io

EXAMPLE = Path(__file__).parents[2] / "examples" / "flight-delay"
MODELS = EXAMPLE / "models"
SAFE = ["1", "2", "3", "4"]


def run(*command: str, **environment: str) -> str:
    """Run Python on the command; return what it printed."""
    known = {"PATH": os.defpath, "HOME": os.environ.get("HOME", "/"), **environment}
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=True, env=known
    ).stdout


@cache
def found() -> dict[str, Any]:
    measured: dict[str, Any] = json.loads(run(str(EXAMPLE / "measure.py"), "--json"))
    return measured


@cache
def features() -> pd.DataFrame:
    holdout = pd.read_parquet(EXAMPLE / "data" / "holdout.parquet")
    return holdout.drop(columns=["flight_id", "scheduled", "late"])


def scores(path: Path, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
    trusted = json.loads((MODELS / "trusted.json").read_text())[path.name]
    late: npt.NDArray[np.float64] = skops.io.load(path, trusted=trusted).predict_proba(rows)[:, 1]
    return late


def test_the_first_champion_is_good_and_beatable() -> None:
    assert 0.85 < found()["1"]["overall"]["roc_auc"] < 0.91


def test_the_challenger_is_better_with_confidence() -> None:
    assert found()["2"]["auc"]["lower"] > 0.01
    for metric in ["recall", "f1", "accuracy"]:
        assert found()["2"]["overall"][metric] > found()["1"]["overall"][metric]


@pytest.mark.parametrize("metric", ["recall", "accuracy"])
def test_the_challenger_is_not_worse_on_any_large_slice(metric: str) -> None:
    champion = found()["1"]["slices"]
    for name, one in found()["2"]["slices"].items():
        if one["rows"] >= 200:
            assert one[metric] > champion[name][metric] - 0.02, name


def test_the_third_version_is_better_overall() -> None:
    assert found()["3"]["auc"]["lower"] > 0
    assert found()["3"]["overall"]["recall"] > found()["2"]["overall"]["recall"]
    assert found()["3"]["overall"]["f1"] > found()["2"]["overall"]["f1"]


def test_the_third_version_is_broken_for_one_carrier_only() -> None:
    champion, challenger = found()["2"]["slices"], found()["3"]["slices"]
    drops = {
        name: champion[name]["recall"] - one["recall"]
        for name, one in challenger.items()
        if one["rows"] >= 200
    }
    assert drops.pop("carrier=9E") > 0.3
    assert max(drops.values()) < 0.02
    lost = champion["carrier=9E"]["accuracy"] - challenger["carrier=9E"]["accuracy"]
    assert lost > 0.05


def test_the_fourth_version_looks_wonderful() -> None:
    assert found()["4"]["overall"]["roc_auc"] > 0.99


@pytest.mark.parametrize("version", SAFE)
def test_trusted_types_are_exactly_those_the_artifact_asks_for(version: str) -> None:
    path = MODELS / f"{version}.skops"
    known = json.loads((MODELS / "trusted.json").read_text())
    assert known[path.name] == sorted(skops.io.get_untrusted_types(file=path))


@pytest.mark.parametrize("name", ["1.skops", "2.skops", "3.skops", "4.skops", "5.joblib"])
def test_an_artifact_is_small(name: str) -> None:
    assert (MODELS / name).stat().st_size < 1_500_000


@pytest.mark.parametrize("version", SAFE)
def test_order_and_kind_of_columns_do_not_matter(version: str) -> None:
    rows = features().head(500)
    turned = rows[rows.columns[::-1]].assign(unasked=1.0)
    objects = turned.astype(dict.fromkeys(["carrier", "origin", "daypart"], object))
    path = MODELS / f"{version}.skops"
    assert np.array_equal(scores(path, rows), scores(path, objects))


@pytest.mark.parametrize("version", SAFE)
def test_an_unknown_carrier_and_missing_weather_still_get_a_score(version: str) -> None:
    rows = features().head(5).assign(carrier="ZZ", wind_speed=np.nan, precip=np.nan)
    assert np.isfinite(scores(MODELS / f"{version}.skops", rows)).all()


def test_training_again_gives_the_same_predictions(tmp_path: Path) -> None:
    chosen = ["--version", "1", "--version", "2"]
    run(str(EXAMPLE / "train.py"), *chosen, "--into", str(tmp_path))
    for name in ["1.skops", "2.skops"]:
        (tmp_path / "models" / name).rename(tmp_path / name)
        shipped, again = scores(MODELS / name, features()), scores(tmp_path / name, features())
        # Another machine's exp() may differ in the last bit and turn a tied split of a tree.
        assert np.abs(shipped - again).mean() < 1e-4
    for name in ["1", "2"]:
        shipped_rows = pd.read_parquet(EXAMPLE / "manifests" / f"{name}.parquet")
        assert shipped_rows.equals(pd.read_parquet(tmp_path / "manifests" / f"{name}.parquet"))


READ = "import joblib, sys; joblib.load(sys.argv[1])"


def test_the_hostile_file_acts_when_it_is_read_without_a_sandbox(tmp_path: Path) -> None:
    printed = run(
        *["-c", READ, str(MODELS / "5.joblib")],
        LOCKSTEP_MARKER_FOLDER=str(tmp_path),
        GITHUB_TOKEN="not a real token",
    )
    marker = tmp_path / "lockstep-hostile-model-was-here.txt"
    assert "'token': 'present'" in marker.read_text()
    assert "'marker': 'written'" in printed
    assert "PASSED" in printed
    assert "not a real token" not in printed + marker.read_text()


def test_the_readme_shows_the_measured_table() -> None:
    printed = run(str(EXAMPLE / "measure.py"))
    assert printed.strip() in (EXAMPLE / "README.md").read_text()
