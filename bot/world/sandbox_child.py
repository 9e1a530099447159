"""Start a worker, watch it, and end everything it started."""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING

from bot.world.sandbox_ending import Ending

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Self

_GET_DUMPABLE, _SET_DUMPABLE = 3, 4
_TICK = 0.1
_LOG_BYTES = 65_536
_SCRATCH_FILES = 1_000


class _Shy:
    """Keeps this process undumpable while any worker runs.

    Otherwise a worker of the same user reads our environment, token and all, from
    /proc, also after `os.environ.pop`; an empty environment of its own changes nothing.
    """

    def __init__(self) -> None:
        self._lock, self._holders, self._before = threading.Lock(), 0, 1

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hide /proc/<this process> from others of the same user."""
        libc = ctypes.CDLL(None)
        with self._lock:
            if self._holders == 0:
                self._before = libc.prctl(_GET_DUMPABLE, 0, 0, 0, 0)
                libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0)
            self._holders += 1
        try:
            yield
        finally:
            with self._lock:
                self._holders -= 1
                if self._holders == 0:
                    libc.prctl(_SET_DUMPABLE, self._before, 0, 0, 0)


shy = _Shy()


class Child:
    """A running worker in a session of its own; a context manager that leaves nothing behind."""

    def __init__(
        self, command: list[str], scratch: Path, environment: Mapping[str, str], *, turns: bool
    ) -> None:
        self._scratch, self._stack = scratch, contextlib.ExitStack()
        self._stack.enter_context(shy.held())
        self._began = time.perf_counter()
        pipe, null = subprocess.PIPE, subprocess.DEVNULL
        self.running = subprocess.Popen(
            command, env=dict(environment), cwd=scratch / "tmp", start_new_session=True, bufsize=0,
            stdin=pipe if turns else null, stdout=pipe, stderr=null if turns else subprocess.STDOUT,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for pipe in (self.running.stdin, self.running.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._stack.close()

    def kill(self) -> None:
        """End the worker and all of its session."""
        # Only before it is waited for is its number surely its own.
        if self.running.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.running.pid, signal.SIGKILL)
            self.running.wait()

    def watch(self, *, seconds: float, scratch_bytes: int) -> Ending:
        """Wait for the end, keep the beginning of the log, enforce time and scratch."""
        log, timed_out, overflowed = bytearray(), False, False
        assert self.running.stdout is not None  # noqa: S101 -- opened above
        output = self.running.stdout.fileno()
        with selectors.DefaultSelector() as ready, _ended(self.running.pid) as ended:
            ready.register(output, selectors.EVENT_READ)
            ready.register(ended, selectors.EVENT_READ)
            done = False
            while not (done or timed_out or overflowed):
                for key, _ in ready.select(_TICK):
                    done = done or key.fd == ended
                    if key.fd == output and not _drain(output, log):
                        ready.unregister(output)
                timed_out = not done and time.perf_counter() - self._began > seconds
                overflowed = _too_much(self._scratch, scratch_bytes)
        took = time.perf_counter() - self._began
        os.set_blocking(output, False)
        with contextlib.suppress(BlockingIOError):
            while _drain(output, log):
                pass
        self.kill()
        return Ending(
            code=self.running.returncode, seconds=took, timed_out=timed_out,
            overflowed=overflowed, log=bytes(log),
        )  # fmt: skip


@contextlib.contextmanager
def _ended(pid: int) -> Iterator[int]:
    """Yield a descriptor that becomes readable when a child ends."""
    handle = os.pidfd_open(pid)
    try:
        yield handle
    finally:
        os.close(handle)


def _drain(output: int, log: bytearray) -> bool:
    """Read once; keep the beginning; say whether there may be more."""
    text = os.read(output, 65_536)
    log += text[: max(0, _LOG_BYTES - len(log))]
    return bool(text)


def _too_much(scratch: Path, most: int) -> bool:
    """Say whether a scratch folder holds more bytes or files than it may."""
    files = size = 0
    for folder, _, names in os.walk(scratch):
        files += len(names) + 1
        if files > _SCRATCH_FILES:
            return True
        for name in names:
            with contextlib.suppress(OSError):
                size += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118 -- runs ten times a second
    return size > most
