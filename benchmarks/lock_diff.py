"""What it costs to see one changed model in a lock of ten thousand, against parsing both sides.

Run as `python -m benchmarks.lock_diff`.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import yaml

from bot.core.canonical import dump
from bot.core.lock import Artifact, Entry, Lineage, Manifest, Model
from bot.core.lockfile import changed

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL = 200
"""Models in the lock that the pure parser reads; its time is scaled to the large one."""


def lock(models: int) -> dict[str, Model]:
    """Build a lock whose models have two versions with full lineage, about 1 KB each."""
    return {f"model-{number:05d}": _model(number) for number in range(models)}


def _model(number: int) -> Model:
    digest = f"sha256:{number:064x}"
    lineage = Lineage(
        code=f"https://example.org/acme/train@{number:040x}",
        data=digest,
        manifest=Manifest(uri=f"data/{number}.parquet", digest=digest),
        environment=digest,
        parameters={"max_depth": "6"},
    )
    artifact = Artifact(uri=f"models/{number}.skops", digest=digest, flavor="skops")
    entry = Entry(artifact=artifact, lineage=lineage)
    versions = {"1": entry, "2": entry.model_copy(update={"lineage": Lineage(data=digest)})}
    return Model(versions=versions, stages={"production": "1"})


def best(action: Callable[[], object], repeats: int) -> float:
    """Return the fastest of some runs, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def both(base: bytes, head: bytes, loader: type[yaml.CSafeLoader | yaml.SafeLoader]) -> bool:
    """Do what the diff would cost with a plain parser: parse both sides and compare."""
    return bool(yaml.load(base, Loader=loader) != yaml.load(head, Loader=loader))  # noqa: S506 -- both loaders are safe ones


def main() -> None:
    """Print the ratios."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--models", type=int, default=10_000)
    models = options.parse_args().models
    base_models = lock(models)
    name = f"model-{models // 2:05d}"
    moved = base_models[name].model_copy(update={"stages": {"production": "2"}})
    base, head = dump(base_models), dump({**base_models, name: moved})
    assert changed(base, head, "models.lock") == {name: (base_models[name], moved)}
    ours = best(lambda: changed(base, head, "models.lock"), 5)
    print(f"lock of {models:,} models, {len(base) / 1e6:.1f} MB, one model changed")
    print(f"  lockstep, changed blocks only     {ours * 1e3:10.1f} ms       1x")
    fast = best(lambda: both(base, head, yaml.CSafeLoader), 1)
    print(f"  yaml.CSafeLoader, both sides      {fast * 1e3:10.1f} ms  {fast / ours:6.0f}x")
    few = dump(lock(SMALL))
    slow = best(lambda: both(few, few, yaml.SafeLoader), 1) * len(base) / len(few)
    print(f"  yaml.safe_load, both sides        {slow * 1e3:10.1f} ms  {slow / ours:6.0f}x")
    print(f"    (measured on {SMALL} models and scaled by size)")


if __name__ == "__main__":
    main()
