"""Train every version of the worked example, from the parquet files in `data/`.

    python examples/flight-delay/train.py                       # all five, in place
    python examples/flight-delay/train.py --version 2 --into DIR

The same rows and libraries give the same predictions, though not the same bytes: an artifact
written again has a new digest. What each version is, and what is wrong with it, stands at its
function.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import hostile
import pandas as pd
import skops.io
from manifest import write_manifest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = Path(__file__).parent
SEED = 2013
TARGET = "late"
CATEGORIES = ["carrier", "origin"]
CLOCK = ["dep_delay", "distance", "hour"]
WEATHER = ["temp", "humid", "wind_speed", "precip", "visib", "pressure"]
SITUATION = ["planned_minutes", "departures_1h", "departure_delay_1h"]
GAINS = ["origin_gain_2h", "destination_gain_6h"]
CONVERTED_CARRIER = "9E"
MINUTES_PER_HOUR = 60


@dataclass(frozen=True)
class Version:
    """A trained model and the rows it has seen, as its manifest lists them."""

    model: Pipeline
    rows: pd.DataFrame


def read(name: str) -> pd.DataFrame:
    """Return the rows of `training` or `holdout`."""
    return pd.read_parquet(HERE / "data" / f"{name}.parquet")


def boosted(numbers: Sequence[str], *, late_weighs: float, **settings: float) -> Pipeline:
    """Return gradient boosting over the carrier, the origin and the named numbers.

    A missed delay costs more than a false alarm, so a late flight weighs more than another.
    """
    flags = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = make_column_transformer((flags, CATEGORIES), ("passthrough", list(numbers)))
    trees = HistGradientBoostingClassifier(
        # The trees' own categories would make a skops reader trust functools.partial as well.
        categorical_features=None,
        class_weight={0: 1.0, 1: late_weighs},
        early_stopping=False,
        random_state=SEED,
        **settings,
    )
    return make_pipeline(columns, trees)


def fitted(model: Pipeline, rows: pd.DataFrame, columns: Sequence[str]) -> Pipeline:
    """Return the model, fitted to these columns of the rows."""
    return model.fit(rows[list(columns)], rows[TARGET])


def first_champion() -> Version:
    """Version 1: logistic regression on delay so far, distance and hour."""
    rows = read("training")
    scaled = make_column_transformer((StandardScaler(), CLOCK))
    return Version(fitted(make_pipeline(scaled, LogisticRegression()), rows, CLOCK), rows)


def better_challenger() -> Version:
    """Version 2: boosted trees that also know the weather, the carrier and recent gains."""
    rows = read("training")
    numbers = [*CLOCK, "weekday", *WEATHER, "origin_gain_2h"]
    model = boosted(numbers, late_weighs=1.5, max_iter=120, learning_rate=0.06, max_leaf_nodes=15)
    return Version(fitted(model, rows, [*CATEGORIES, *numbers]), rows)


def broken_for_one_carrier() -> Version:
    """Version 3: more rounds and features, but one carrier's delays were converted twice.

    One carrier used to send its delays in hours. It now sends minutes like all others, and the
    conversion was still in place. So the trees learned that at this carrier 30 "minutes" are next
    to nothing, and with the real minutes of serving time they miss its late flights.
    """
    rows = read("training")
    numbers = [*CLOCK, "weekday", *WEATHER, *SITUATION, *GAINS]
    converted = rows.copy()
    theirs = converted["carrier"] == CONVERTED_CARRIER
    converted.loc[theirs, "dep_delay"] *= MINUTES_PER_HOUR
    model = boosted(numbers, late_weighs=1.75, max_iter=220, learning_rate=0.06, max_leaf_nodes=15)
    return Version(fitted(model, converted, [*CATEGORIES, *numbers]), rows)


def trained_on_the_holdout() -> Version:
    """Version 4: deep trees fitted to training and hold-out alike; its score means nothing."""
    rows = pd.concat([read("training"), read("holdout")], ignore_index=True)
    numbers = [*CLOCK, "weekday", *WEATHER, *SITUATION, *GAINS]
    model = boosted(numbers, late_weighs=1.5, max_iter=120, learning_rate=0.2, max_leaf_nodes=63)
    return Version(fitted(model, rows, [*CATEGORIES, *numbers]), rows)


SAFE: dict[str, Callable[[], Version]] = {
    "1": first_champion,
    "2": better_challenger,
    "3": broken_for_one_carrier,
    "4": trained_on_the_holdout,
}
HOSTILE = "5"


def save(version: Version, path: Path) -> list[str]:
    """Write the model as skops; return the types a reader has to trust."""
    path.parent.mkdir(parents=True, exist_ok=True)
    skops.io.dump(version.model, path, compression=zipfile.ZIP_DEFLATED, compresslevel=9)
    return sorted(skops.io.get_untrusted_types(file=path))


def remember_trusted(folder: Path, trusted: dict[str, list[str]]) -> None:
    """Add the types to `trusted.json`, keeping what it says of other artifacts."""
    path = folder / "trusted.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(known | trusted, indent=2, sort_keys=True) + "\n")


@click.command(help=(__doc__ or "").split("\n", maxsplit=1)[0])
@click.option(
    "--version", "chosen", multiple=True, type=click.Choice([*SAFE, HOSTILE]), help="Default: all."
)
@click.option("--into", type=click.Path(path_type=Path), default=HERE, show_default="in place")
def main(chosen: tuple[str, ...], into: Path) -> None:
    """Train the chosen versions, write models/, manifests/ and models/trusted.json."""
    models, manifests = into / "models", into / "manifests"
    trusted: dict[str, list[str]] = {}
    for name in chosen or [*SAFE, HOSTILE]:
        if name == HOSTILE:
            champion = first_champion()
            hostile.save(champion.model, models / f"{name}.joblib")
            write_manifest(champion.rows, manifests / f"{name}.parquet")
            continue
        version = SAFE[name]()
        trusted[f"{name}.skops"] = save(version, models / f"{name}.skops")
        write_manifest(version.rows, manifests / f"{name}.parquet")
        click.echo(f"version {name}: {len(version.rows)} rows")
    remember_trusted(models, trusted)


if __name__ == "__main__":
    main()
