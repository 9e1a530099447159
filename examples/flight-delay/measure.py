"""Measure every version of the worked example on the hold-out.

    python examples/flight-delay/measure.py             # the table of the README
    python examples/flight-delay/measure.py --slices    # and every slice
    python examples/flight-delay/measure.py --json      # all of it, for a program

The figures come from scikit-learn and from a plain DeLong interval, not from Lockstep, so that
the two can be compared. Version 5 is hostile and is not loaded.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
import pandas as pd
import skops.io
from scipy.stats import norm, rankdata
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

HERE = Path(__file__).parent
LEAVE_OUT = ["flight_id", "scheduled", "late"]
SLICES = ["origin", "carrier", "daypart"]
LEAST_ROWS = 200
# Version 1 is the champion that 2 challenges; once 2 has landed, 3 and 4 challenge it.
CHAMPION = {"2": "1", "3": "2", "4": "2"}

Scores = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Figures = dict[str, float]
Found = dict[str, dict[str, Any]]


def scored(path: Path, features: pd.DataFrame) -> tuple[Scores, Figures]:
    """Return P(late) for every row, shape (n,), and the seconds it took to load and predict."""
    trusted = json.loads((path.parent / "trusted.json").read_text())[path.name]
    start = time.perf_counter()
    model = skops.io.load(path, trusted=trusted)
    loaded = time.perf_counter()
    scores: Scores = model.predict_proba(features)[:, 1]
    return scores, {"load_s": loaded - start, "predict_s": time.perf_counter() - loaded}


def figures(late: Labels, scores: Scores) -> Figures:
    """Return the metrics of these rows; a flight counts as called late from 0.5 on."""
    called = scores >= 0.5
    both = 0 < late.sum() < len(late)
    return {
        "rows": len(late),
        "late": int(late.sum()),
        "roc_auc": float(roc_auc_score(late, scores)) if both else float("nan"),
        "recall": float(recall_score(late, called, zero_division=np.nan)),
        "precision": float(precision_score(late, called, zero_division=np.nan)),
        "f1": float(f1_score(late, called, zero_division=np.nan)),
        "accuracy": float(accuracy_score(late, called)),
    }


def placements(late: Labels, scores: Scores) -> tuple[Scores, Scores]:
    """Return the share of on-time rows below each late row, and of late rows above the others."""
    late_scores, other_scores = scores[late == 1], scores[late == 0]
    ranks = rankdata(np.concatenate([late_scores, other_scores]))
    m, n = len(late_scores), len(other_scores)
    below = (ranks[:m] - rankdata(late_scores)) / n
    above = 1 - (ranks[m:] - rankdata(other_scores)) / m
    return below, above


def auc_gain(late: Labels, champion: Scores, challenger: Scores) -> Figures:
    """Return the gain in AUC and its one-sided 95 % lower bound.

    Source: DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845.
    """
    old, new = placements(late, champion), placements(late, challenger)
    by_late, by_other = new[0] - old[0], new[1] - old[1]
    error = np.sqrt(by_late.var(ddof=1) / len(by_late) + by_other.var(ddof=1) / len(by_other))
    gain = float(by_late.mean())
    return {"gain": gain, "lower": gain - float(norm.ppf(0.95) * error)}


def by_slice(rows: pd.DataFrame, scores: Scores) -> dict[str, Figures]:
    """Return the figures of every value of every slice column, keyed `column=value`."""
    late = rows["late"].to_numpy()
    return {
        f"{column}={value}": figures(late[where], scores[where])
        for column in SLICES
        for value in sorted(rows[column].unique())
        if (where := (rows[column] == value).to_numpy()).any()
    }


def measured(folder: Path) -> Found:
    """Return everything about every version whose artifact is in the folder."""
    rows = pd.read_parquet(HERE / "data" / "holdout.parquet")
    late, features = rows["late"].to_numpy(), rows.drop(columns=LEAVE_OUT)
    scores: dict[str, Scores] = {}
    found: Found = {}
    for path in sorted(folder.glob("*.skops")):
        scores[path.stem], seconds = scored(path, features)
        found[path.stem] = {
            "overall": figures(late, scores[path.stem]),
            "slices": by_slice(rows, scores[path.stem]),
            "seconds": seconds,
        }
        if (champion := CHAMPION.get(path.stem)) in scores:
            found[path.stem]["against"] = champion
            found[path.stem]["auc"] = auc_gain(late, scores[champion], scores[path.stem])
    return found


def worst_slice(old: dict[str, Figures], new: dict[str, Figures]) -> str:
    """Name the slice of at least LEAST_ROWS rows whose recall changed for the worst."""
    change = {
        name: new[name]["recall"] - old[name]["recall"]
        for name in new
        if new[name]["rows"] >= LEAST_ROWS
    }
    name = min(change, key=lambda name: change[name])
    return f"{name} {old[name]['recall']:.3f} -> {new[name]['recall']:.3f}"


NAMES = ["roc_auc", "recall", "precision", "f1", "accuracy"]


def table(found: Found) -> list[str]:
    """Return the Markdown table of all versions."""
    heads = ["version", *NAMES, "AUC gain (lower bound)", "worst slice, recall"]
    lines = [" | ".join(heads), " | ".join("---" for _ in heads)]
    for name, one in found.items():
        cells = [name, *(f"{one['overall'][metric]:.4f}" for metric in NAMES)]
        if "against" in one:
            against = found[one["against"]]["slices"]
            cells.append(f"{one['auc']['gain']:+.4f} ({one['auc']['lower']:+.4f})")
            cells.append(worst_slice(against, one["slices"]))
        else:
            cells += ["", ""]
        lines.append(" | ".join(cells))
    return [f"| {line} |" for line in lines]


def slice_table(found: Found) -> list[str]:
    """Return the Markdown table of recall and accuracy by slice."""
    heads = ["slice", "rows", "late", *(f"{m} {v}" for m in ("recall", "accuracy") for v in found)]
    lines = [" | ".join(heads), " | ".join("---" for _ in heads)]
    for name, one in next(iter(found.values()))["slices"].items():
        cells = [name, str(one["rows"]), str(one["late"])]
        cells += [
            f"{found[v]['slices'][name][m]:.3f}" for m in ("recall", "accuracy") for v in found
        ]
        lines.append(" | ".join(cells))
    return [f"| {line} |" for line in lines]


@click.command(help=(__doc__ or "").split("\n", maxsplit=1)[0])
@click.option("--models", type=click.Path(exists=True, path_type=Path), default=HERE / "models")
@click.option("--slices", is_flag=True, help="Print every slice as well.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def main(models: Path, slices: bool, as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Print the figures."""
    found = measured(models)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    click.echo("\n".join(table(found)))
    if slices:
        click.echo("\n" + "\n".join(slice_table(found)))


if __name__ == "__main__":
    main()
