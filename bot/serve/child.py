"""A child is one job in a process of its own: it may crash, hang or grow, and the server stays.

It is no thread because a thread can be neither killed nor made to give its memory back.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LEASH = Path(__file__).with_name("leash.py")
OUTPUT, ROOMS = "output", "lockstep-rooms-"
MOST_OUTPUT = 4 * 1024 * 1024
"""Bytes that are kept of what a job prints; the rest is read and dropped."""
GRACE_S = 5.0
"""How long a job that is told to end may take before it is killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a job's process ended."""

    code: int
    """Exit code, or the negative number of a signal."""
    out: str
    err: str
    seconds: float
    timed_out: bool = False
    outputs: Mapping[str, str] = field(default_factory=dict)
    """What it told the run it is part of, as it tells a workflow."""


async def run(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    seconds: float,
) -> Ended:
    """Run one command to its end, or to the end of its time.

    Args:
        command: Program and arguments.
        folder: Its working and temporary folder.
        environment: All it is told.
        seconds: How long it may take.
    """
    before = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(LEASH),
        str(os.getpid()),
        *command,
        cwd=folder,
        env={**environment, "TMPDIR": str(folder)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    reading = [asyncio.create_task(_kept(one)) for one in (process.stdout, process.stderr)]
    timed_out = False
    try:
        async with asyncio.timeout(seconds):
            await process.wait()
    except TimeoutError:
        timed_out = True
    finally:
        await _end(process)
        # What it left behind would hold the pipes; what left its session is not waited for.
        _kill(process.pid)
        await asyncio.wait(reading, timeout=GRACE_S)
    out, err = (one.result() if one.done() else "" for one in reading)
    return Ended(
        code=process.returncode or 0,
        out=out,
        err=err,
        seconds=time.perf_counter() - before,
        timed_out=timed_out,
        outputs=_outputs(folder / OUTPUT),
    )


def _outputs(file: Path) -> dict[str, str]:
    """Read `name=value` lines; none where the job told nothing."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.partition("=") for line in lines)
    return {name: value for name, equals, value in pairs if equals}


async def _kept(stream: asyncio.StreamReader | None) -> str:
    """Read a stream to its end and keep its beginning."""
    kept = bytearray()
    while stream and (chunk := await stream.read(65_536)):
        kept += chunk[: MOST_OUTPUT - len(kept)]
    return kept.decode("utf-8", "replace")


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask a job to end, then make it."""
    if process.returncode is not None:
        return
    _kill(process.pid, signal.SIGINT)
    try:
        async with asyncio.timeout(GRACE_S):
            await process.wait()
    except TimeoutError:
        _kill(process.pid)
        await process.wait()


def _kill(group: int, by: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to everything that a job started and that stayed in its session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, by)


@contextlib.contextmanager
def workroom(within: Path) -> Iterator[Path]:
    """Lend an empty folder that is gone afterwards, whatever lies in it."""
    folder = Path(tempfile.mkdtemp(dir=within))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def rooms_of(state: Path) -> Path:
    """Make the folder of all workrooms; that of a server that was killed is removed.

    It lies among the temporary files because a socket's path may have no more than 107 bytes,
    and how deep the state lies is somebody else's choice.
    """
    named = state / "rooms"
    before = Path(named.read_text(encoding="utf-8")) if named.exists() else None
    if before and before.name.startswith(ROOMS) and before.parent == Path(tempfile.gettempdir()):
        shutil.rmtree(before, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=ROOMS))
    named.write_text(str(made), encoding="utf-8")
    return made
