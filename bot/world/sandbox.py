"""Run untrusted models where there is no network, token, environment, label or foreign file.

A sandbox is a set of layers that a canary saw hold on this machine, in this process.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.core.errors import Fault
from bot.core.evidence import Absent
from bot.world import sandbox_probe
from bot.world.sandbox_child import Child
from bot.world.sandbox_places import ENVIRONMENT, RUNNER, places
from bot.world.sandbox_walls import Walls, around

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.core.policy import SandboxRules

_MARGIN = 64 * 1024 * 1024
"""Bytes of scratch beyond the results."""
_REMOVALS, _PAUSE = 100, 0.02
_THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT",
)  # fmt: skip
LINUX = platform.system() == "Linux"
INNER = ("rlimits", "landlock", "seccomp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to run, in the words of `bot.runner.request`."""

    kind: str
    rules: SandboxRules
    readable: tuple[Path, ...] = ()
    result_bytes: int = 0
    """Size of the results that are expected; the largest file may be a little larger."""
    threads: int = 0
    """0 means one for each processor this process may use."""
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """Layers that hold, and layers that do not with their reasons."""

    walls: Walls
    inner: tuple[str, ...]
    held: frozenset[str] = frozenset()
    """Names a policy may require, each shown to hold."""
    layers: tuple[str, ...] = ()
    """The same for people: `namespaces`, `landlock7`, `seccomp`, `rlimits`, ..."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Name of a layer that does not hold, and why."""
    logs: Path | None = None
    """Folder for what workers print; None throws it away."""

    def refusal(self, rules: SandboxRules) -> Absent | None:
        """Return why these rules allow nothing to be loaded here, or None."""
        if not LINUX:
            return _too_weak("models are loaded on Linux only", "run on Linux")
        lacking = [layer for layer in rules.require if layer not in self.held]
        if not lacking:
            return None
        reasons = "; ".join(f"{layer}: {self.missing.get(layer, 'not tried')}" for layer in lacking)
        return _too_weak(
            f"this machine does not give the sandbox layers the policy requires ({reasons})",
            "run on a machine that gives them, or require fewer in the policy's `sandbox`",
        )

    def said(self, rules: SandboxRules) -> tuple[str, ...]:
        """Return each required or preferred layer that is missing, with its reason."""
        wanted = dict.fromkeys((*rules.require, *rules.prefer))
        return tuple(
            f"{layer}: {self.missing.get(layer, 'not tried')}"
            for layer in wanted
            if layer not in self.held
        )

    @contextlib.contextmanager
    def start(self, job: Job) -> Iterator[tuple[Child, Path]]:
        """Start a worker; yield it and its results folder, and leave nothing behind."""
        with scratch_folder() as scratch:
            threads = job.threads or len(os.sched_getaffinity(0))
            request = self._request(job, scratch, threads)
            (scratch / "request.json").write_text(json.dumps(request), encoding="utf-8")
            environment = {
                **ENVIRONMENT, **dict.fromkeys(_THREADS, str(threads)),
                "TMPDIR": str(scratch / "tmp"), "HOME": str(scratch / "tmp"),
            }  # fmt: skip
            command = [
                *around(self.walls, scratch, [str(path) for path in job.readable]),
                sys.executable, "-I", "-B", str(RUNNER / "__main__.py"),
                str(scratch / "request.json"),
            ]  # fmt: skip
            with Child(command, scratch, environment, turns=job.kind == "turns") as child:
                yield child, scratch / "out"

    def _request(self, job: Job, scratch: Path, threads: int) -> dict[str, Any]:
        # CPU time counts every thread; the wall clock outside is the nearer limit.
        return {
            "kind": job.kind, "layers": self.inner, "scratch": str(scratch),
            "readable": [*places().libraries], "memory": job.rules.memory,
            "cpu_seconds": int(job.rules.seconds * threads) + 5, "threads": threads,
            "file_bytes": job.result_bytes + _MARGIN // 4, **job.fields,
        }  # fmt: skip

    def scratch_limit(self, job: Job) -> int:
        """Return how many bytes a worker may leave lying in its scratch."""
        return 2 * job.result_bytes + _MARGIN

    def keep(self, log: bytes, name: str) -> None:
        """Store what a worker printed, on this machine only."""
        if self.logs is not None and log:
            self.logs.mkdir(parents=True, exist_ok=True)
            (self.logs / f"{name}.log").write_bytes(log)


def _too_weak(reason: str, remedy: str) -> Absent:
    return Absent(fault=Fault.SANDBOX_TOO_WEAK, reason=reason, remedy=remedy)


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a fresh private folder with `out` and `tmp`, and remove it afterwards."""
    folder = Path(os.path.realpath(tempfile.mkdtemp(prefix=f"lockstep-{os.getpid()}-")))
    try:
        (folder / "out").mkdir()
        (folder / "tmp").mkdir()
        yield folder
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    # Killing bubblewrap ends its sandbox a moment later; until then files may still appear.
    for _ in range(_REMOVALS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(_PAUSE)


@lru_cache(maxsize=16)
def probed(
    *, without: tuple[str, ...] = (), walls: Sequence[Walls] = ("bubblewrap", "unshare")
) -> Sandbox:
    """Return the strongest sandbox of this machine, as a canary found it.

    Args:
        without: Inner layers to leave off; the tests show with it what each layer holds.
        walls: Namespaces to try, the best first.
    """
    if not LINUX:
        return Sandbox(walls="none", inner=())
    bare = Sandbox(walls="none", inner=())
    inner = tuple(layer for layer in INNER if layer not in without)
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(sandbox_probe.inside, replace(bare, inner=inner))
        tried = sandbox_probe.first_that_holds([replace(bare, walls=kind) for kind in walls])
        within = looking.result()
    chosen = tried[-1] if tried and tried[-1].holds else None
    seen = sandbox_probe.together(within, chosen, tried)
    return Sandbox(
        walls=chosen.walls if chosen else "none", inner=within.inner, held=seen.held,
        layers=seen.layers, missing=seen.missing,
    )  # fmt: skip
