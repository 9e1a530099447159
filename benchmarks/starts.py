"""How soon the command line answers, against an interpreter that does nothing.

Run as `python -m benchmarks.starts`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.rounds import Entrant, Run, race, show
from bot.core.lockfile import dump

LIMITS = {"lockstep --help": 0.2, "lockstep check, nothing changed": 0.5}


def repository(folder: Path) -> None:
    """Make a repository whose lock is as it was committed."""
    (folder / "models.lock").write_bytes(dump({}))
    git = ["git", "-c", "user.name=ana", "-c", "user.email=ana@localhost"]
    for words in (["init", "--quiet", "."], ["add", "--all"], ["commit", "--quiet", "-m", "Begin"]):
        subprocess.run([*git, *words], cwd=folder, check=True)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=15)
    rounds = options.parse_args().rounds
    lockstep = str(Path(sys.executable).with_name("lockstep"))
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "lockstep --help": [lockstep, "--help"],
        "lockstep check, nothing changed": [lockstep, "check"],
    }
    with tempfile.TemporaryDirectory(prefix="lockstep-bench-") as name:
        folder = Path(name)
        repository(folder)
        field = [Entrant(name, lambda words=words: Run(words, folder, os.environ))  # type: ignore[misc]  # a default binds the loop's value
                 for name, words in commands.items()]
        race(field, rounds)
    print(f"\nstarts, {rounds} rounds; ratios to an interpreter that does nothing")
    show(field, field[0])
    for entrant in field[1:]:
        limit = LIMITS[entrant.name]
        said = "within" if entrant.median < limit else "NOT within"
        print(f"  {entrant.name}: median {entrant.median:.2f} s, {said} {limit} s")


if __name__ == "__main__":
    main()
