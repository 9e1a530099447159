"""Every benchmark in one run: `python -m benchmarks`, or `make bench`, which installs the peers."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import version

from benchmarks.evaluation import PEERS, ROOT

PARTS = ("lock_diff", "starts", "evaluation", "intervals", "load")


def interpreter(part: str) -> str:
    """Choose who runs a part: intervals meet `confidenceinterval` where the peers live."""
    return str(PEERS) if part == "intervals" and PEERS.exists() else sys.executable


def main() -> None:
    """Run every part in a process of its own; options are passed to none of them."""
    print(f"Python {platform.python_version()}, numpy {version('numpy')}, "
          f"scikit-learn {version('scikit-learn')}, {len(os.sched_getaffinity(0))} processors, "
          f"load {os.getloadavg()[0]:.1f}", flush=True)
    failed = []
    for part in PARTS:
        print(f"\n== {part} ==", flush=True)
        done = subprocess.run([interpreter(part), "-m", f"benchmarks.{part}"], cwd=ROOT,
                              check=False)
        failed += [part] if done.returncode else []
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
