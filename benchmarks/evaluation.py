"""The whole evaluation of a pull request, against the peers that judge one model at a time.

Run as `python -m benchmarks.evaluation [--rounds 5] [--kind boosting forest]`.
Every entrant is a fresh process over the same 100,000 rows and the same two models.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.desk import NAMES, ROWS, TREES, TRUSTED, Desk, lay
from benchmarks.rounds import Entrant, Run, race, show

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PEERS = Path(os.environ.get("LOCKSTEP_BENCH_VENV", ROOT / ".venv-bench")) / "bin" / "python"
"""Interpreter of the peers, which `make bench` sets up."""
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MPLBACKEND": "Agg",
         "GIT_PYTHON_REFRESH": "quiet"}
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "LOKY_MAX_CPU_COUNT": "1"}


def ours(desk: Desk, scratch: Path, name: str, cache: Path | None) -> Entrant:
    """Evaluate as a person would: the command line, a forge, and the merge at the end.

    Args:
        desk: What is judged.
        scratch: Where each turn gets a fresh forge.
        name: Shown in the table.
        cache: What an earlier run left behind; None for no cache.
    """

    def prepare() -> Run:
        fresh = scratch / "turn"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(desk.folder / "forge", fresh / "forge", symlinks=True)
        if cache is not None:
            shutil.copytree(cache, fresh / "cache", symlinks=True)
        turn = Desk(fresh, desk.number, desk.kind)
        return Run(turn.command(), ROOT, turn.environment(fresh / "cache"))

    return Entrant(name, prepare)


def alone(desk: Desk, name: str, more: Mapping[str, str]) -> Entrant:
    """Load both models and predict; nothing is judged."""
    command = [sys.executable, str(HERE / "alone.py"), str(desk.holdout), *map(str, desk.models),
               ",".join(NAMES), desk.trusted]
    return Entrant(name, lambda: Run(command, desk.folder, {**os.environ, **more}))


def mlflow(desk: Desk, scratch: Path) -> list[Entrant]:
    """Let mlflow evaluate both models in one process, so that it imports itself once."""
    kept, script = scratch / "mlflow", str(HERE / "by_mlflow.py")
    kept.mkdir()
    subprocess.run([PEERS, script, "save", str(kept), desk.trusted, *map(str, desk.models)],
                   check=True, cwd=kept, env={**os.environ, **QUIET}, capture_output=True)
    command = [str(PEERS), script, "evaluate", str(kept), str(desk.holdout), ",".join(NAMES),
               "churned", *map(str, desk.models)]
    quiet = {**os.environ, **QUIET}
    return [
        Entrant("mlflow.models.evaluate, twice", lambda: Run(command, kept, quiet)),
        Entrant("mlflow.models.evaluate, twice, one thread",
                lambda: Run(command, kept, {**quiet, **ONE_THREAD})),
    ]


def compare(kind: str, rounds: int) -> None:
    """Measure and print one table."""
    print(f"\n{kind}: {TREES} trees, {len(NAMES)} features, {ROWS:,} rows, two models, "
          f"{rounds} rounds, {len(os.sched_getaffinity(0))} processors, "
          f"load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="lockstep-bench-") as folder:
        scratch = Path(folder)
        desk = lay(scratch / "desk", kind)
        us = ours(desk, scratch, "lockstep evaluate: 10 gates, report, merge, record", None)
        again = ours(desk, scratch, "the same, where the champion was judged before",
                     desk.folder / "cache")
        floors = [alone(desk, "load + predict alone", {}),
                  alone(desk, "load + predict alone, one thread", ONE_THREAD)]
        peers = mlflow(desk, scratch) if PEERS.exists() else []
        race([us, again, *floors, *peers], rounds)
    show([us, again, *floors, *peers], us)
    floor = min(one.median for one in floors)
    print(f"  lockstep takes {us.median / floor:.2f} times load + predict alone (its faster way)")
    if peers:
        best = min(one.median for one in peers)
        print(f"  mlflow takes {best / us.median:.1f} times lockstep (its faster way)")
    else:
        print(f"  mlflow does not take part: {PEERS} is not there; `make bench` installs it")


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--kind", choices=sorted(TRUSTED), nargs="+", default=["boosting"])
    asked = options.parse_args()
    for kind in asked.kind:
        compare(kind, asked.rounds)


if __name__ == "__main__":
    main()
