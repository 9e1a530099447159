"""Start a worker: `python -I bot/runner/__main__.py request.json`.

Without an argument it prints where this interpreter reads its libraries from, so that
the parent can make those places, and no others, readable to the worker.
"""

from __future__ import annotations

import json
import os
import sys


def start() -> None:
    """Import the runner, from a checkout as from an installed package, and begin."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))  # noqa: PTH120 -- pathlib costs more than the rest of this start
    before = list(sys.path)
    sys.path.insert(0, root)
    from bot.runner import worker

    # The checkout around the package may hold labels; it is no place to import from.
    sys.path[:] = before
    if len(sys.argv) == 1:
        sys.stdout.write(json.dumps({"path": before, "prefix": [sys.prefix, sys.base_prefix]}))
        return
    worker.work(sys.argv[1])


if __name__ == "__main__":
    start()
