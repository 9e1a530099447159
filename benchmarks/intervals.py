"""What a paired interval costs: ours against bootstrap loops, as ratios within one run.

Run as `python -m benchmarks.intervals [--rows 10000 100000 1000000]`.
Peers are timed with few replicates and scaled linearly to 2,000; ours are timed whole. Each round
runs everyone in turn, and medians over rounds are compared, so a busy machine slows all alike.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.statistics import Sample, Task, difference
from bot.statistics.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

REPLICATES = 2000
TIMED = {10_000: 20, 100_000: 5, 1_000_000: 2}
"""Replicates that a slow peer really runs, by rows."""
OURS = "Lockstep, paired"


@dataclass(frozen=True, slots=True)
class Entrant:
    """Somebody who computes the interval: what runs, and by how much its time is multiplied."""

    name: str
    run: Callable[[], object]
    scale: float = 1.0


def models(rows: int, task: Task) -> tuple[Sample, Sample]:
    """Return two equally good models; a quarter of the rows is positive."""
    draw = np.random.default_rng(0)
    truth = draw.normal(size=rows)
    noisy = truth + draw.normal(size=rows)
    target = noisy if task is Task.REGRESSION else (noisy > 1).astype(np.int64)

    def model() -> Sample:
        seen = truth + 0.5 * draw.normal(size=rows)
        if task is Task.REGRESSION:
            return Sample(task=task, target=target, predicted=seen)
        score = 1 / (1 + np.exp(1 - seen))
        return Sample(task=task, target=target, predicted=(score > 0.5).astype(np.int64),
                      scores=np.stack([1 - score, score], axis=1))

    return model(), model()


def peer_metric(name: str) -> Callable[[NDArray[np.float64], NDArray[np.float64]], float]:
    """Return scikit-learn's function of (target, what the metric reads)."""
    from sklearn import metrics as sk

    known: dict[str, Callable[..., float]] = {
        "roc_auc": sk.roc_auc_score, "f1": sk.f1_score, "log_loss": sk.log_loss,
        "root_mean_squared_error": sk.root_mean_squared_error}
    return known[name]


def read(name: str, sample: Sample) -> NDArray[np.float64]:
    """Return what the metric reads of a model's answers."""
    if name in {"roc_auc", "log_loss"}:
        assert sample.scores is not None
        return sample.scores[:, 1]
    return np.asarray(sample.predicted)


def entrants(name: str, pair: tuple[Sample, Sample], replicates: int) -> list[Entrant]:
    """Return everybody who can be asked for this metric, ourselves first."""
    from scipy.stats import bootstrap

    metric, target = peer_metric(name), pair[0].target
    first, second = (read(name, sample) for sample in pair)
    rows, scale = len(target), REPLICATES / replicates

    def change(pick: NDArray[np.int64]) -> float:
        return metric(target[pick], second[pick]) - metric(target[pick], first[pick])

    def loop() -> object:
        draw = np.random.default_rng(1)
        return [change(draw.integers(0, rows, rows)) for _ in range(replicates)]

    def by_scipy() -> object:
        return bootstrap((np.arange(rows),), change, vectorized=False, n_resamples=replicates,
                         method="percentile", rng=np.random.default_rng(1))

    def ours() -> object:
        return difference(METRICS[name], *pair, confidence=0.95, seed=1, replicates=REPLICATES)

    found = [Entrant(OURS, ours), Entrant("scikit-learn in a loop", loop, scale),
             Entrant("scipy.stats.bootstrap", by_scipy, scale)]
    losses = {"log_loss": _log_losses, "root_mean_squared_error": _squared}.get(name)
    if losses is not None:
        found.append(Entrant("scipy.stats.bootstrap of row losses",
                             _scipy_of_losses(name, losses(target, first),
                                              losses(target, second), replicates), scale))
    return found + _confidenceinterval(name, target, first, second, replicates)


def _log_losses(target: NDArray[np.float64], score: NDArray[np.float64]) -> NDArray[np.float64]:
    return -np.log(np.where(target == 1, score, 1 - score))


def _squared(target: NDArray[np.float64], predicted: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.square(target - predicted)


def _scipy_of_losses(
    name: str, first: NDArray[np.float64], second: NDArray[np.float64], replicates: int
) -> Callable[[], object]:
    """Return scipy at its best: losses computed once, only their means drawn anew."""
    from scipy.stats import bootstrap

    root = np.sqrt if name == "root_mean_squared_error" else np.asarray

    def gap(one: NDArray[np.float64], two: NDArray[np.float64], axis: int = -1) -> object:
        return root(two.mean(axis=axis)) - root(one.mean(axis=axis))

    return lambda: bootstrap((first, second), gap, paired=True, vectorized=True, batch=1,
                             n_resamples=replicates, method="percentile",
                             rng=np.random.default_rng(1))


def _confidenceinterval(
    name: str, target: NDArray[np.float64], first: NDArray[np.float64],
    second: NDArray[np.float64], replicates: int,
) -> list[Entrant]:
    """Return confidenceinterval's ways: it judges one model at a time and knows no difference."""
    if find_spec("confidenceinterval") is None:
        return []
    ci: Any = import_module("confidenceinterval")
    scale = REPLICATES / replicates
    if name == "roc_auc":
        return [Entrant("confidenceinterval, bootstrap, 2 x 1 model", lambda: [
                    ci.roc_auc_score(target, p, method="bootstrap_percentile",
                                     n_resamples=replicates) for p in (first, second)], scale),
                Entrant("confidenceinterval, DeLong, 2 x 1 model (no difference)", lambda: [
                    ci.roc_auc_score(target, p) for p in (first, second)])]
    if name == "f1":
        return [Entrant("confidenceinterval, bootstrap, 2 x 1 model", lambda: [
                    ci.f1_score(target, p, average="binary", method="bootstrap_percentile",
                                n_resamples=replicates) for p in (first, second)], scale),
                Entrant("confidenceinterval, closed form, 2 x 1 model (no difference)", lambda: [
                    ci.f1_score(target, p, average="binary") for p in (first, second)])]
    return []


def measured(field: list[Entrant], rounds: int) -> dict[str, float]:
    """Return the median seconds of each entrant over interleaved rounds, scaled."""
    times: dict[str, list[float]] = {entrant.name: [] for entrant in field}
    for _ in range(rounds):
        for entrant in field:
            start = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                entrant.run()
            times[entrant.name].append((time.perf_counter() - start) * entrant.scale)
    return {name: statistics.median(seen) for name, seen in times.items()}


def show(name: str, rows: int, replicates: int, seconds: dict[str, float]) -> None:
    """Print one comparison."""
    ours = seconds[OURS]
    print(f"\n{name}, {rows:,} rows (peers: {replicates} replicates, scaled to {REPLICATES:,})")
    for who, took in sorted(seconds.items(), key=lambda pair: pair[1]):
        ratio = "" if who == OURS else f"{took / ours:>12,.0f} x ours"
        print(f"  {took:>12,.4f} s{ratio:>22}  {who}")
    paired = [took for who, took in seconds.items() if who != OURS and "no difference" not in who]
    print(f"  best peer that gives {REPLICATES:,} replicates: {min(paired) / ours:,.0f} x ours")


def main() -> None:
    """Compare on every size and metric."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, nargs="+", default=list(TIMED))
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    if find_spec("confidenceinterval") is None:
        print("confidenceinterval is not installed, so it does not take part")
    for rows in asked.rows:
        replicates = TIMED.get(rows, 2)
        for name in ("roc_auc", "f1", "log_loss", "root_mean_squared_error"):
            task = Task.REGRESSION if name == "root_mean_squared_error" else Task.BINARY
            field = entrants(name, models(rows, task), replicates)
            field[0].run()
            show(name, rows, replicates, measured(field, asked.rounds))


if __name__ == "__main__":
    main()
