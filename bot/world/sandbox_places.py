"""Where the worker's interpreter and libraries lie, and nothing beside them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import bot.runner

RUNNER = Path(bot.runner.__file__).resolve().parent
_LIBRARIES = re.compile(r"(site-packages|dist-packages|lib-dynload|python3\.\d+)$")
ENVIRONMENT = {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2", "JOBLIB_MULTIPROCESSING": "0"}
"""All that a worker's environment holds, besides the number of threads and its scratch."""


@dataclass(frozen=True, slots=True)
class Places:
    """What a worker may read."""

    libraries: tuple[str, ...]
    """The standard library, installed packages and the runner."""
    interpreter: tuple[str, ...]
    """What the interpreter needs to start, where a mount namespace hides the rest."""


@lru_cache(maxsize=1)
def places() -> Places:
    """Ask a fresh isolated interpreter where it imports from.

    A checkout that is installed as editable is on that path too, with its data and its
    labels; only folders of libraries are kept.
    """
    told = subprocess.run(
        [sys.executable, "-I", "-B", str(RUNNER / "__main__.py")],
        env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    answer = json.loads(told.stdout)
    libraries = [path for path in answer["path"] if _LIBRARIES.search(path)]
    prefixes = [path for path in answer["prefix"] if path not in {"/", "/usr"}]
    start = [f"{prefix}/{part}" for prefix in prefixes for part in ("bin", "pyvenv.cfg")]
    start += [str(Path(hop).parent) for hop in _hops(sys.executable)]
    libraries += [f"{prefix}/lib" for prefix in prefixes]
    libraries += [str(RUNNER), str(RUNNER.parent / "__init__.py")]
    return Places(_existing(libraries), _existing(start))


def _hops(path: str) -> list[str]:
    """Follow symbolic links one by one; each must exist inside the sandbox too."""
    hops = [path]
    while Path(path).is_symlink() and len(hops) < 40:
        path = str(Path(path).parent / Path(path).readlink())
        hops.append(path)
    return [*hops, os.path.realpath(path)]


def _existing(paths: list[str]) -> tuple[str, ...]:
    both = [name for path in paths for name in (path, os.path.realpath(path))]
    return tuple(name for name in dict.fromkeys(both) if Path(name).exists())
