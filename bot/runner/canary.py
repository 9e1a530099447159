"""Try what a hostile model would try, so that a layer counts only when it is seen to hold.

A layer that says it was installed and holds nothing is worse than none; the parent
believes these attempts and not a return code.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import socket
from typing import TYPE_CHECKING

from bot.runner.kernel import LIBC, prctl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.runner.request import Request

_GET_NO_NEW_PRIVS = 39
_SECONDS = 1.0
ATTEMPTS = (
    "read", "write", "environ", "tcp", "udp", "unix", "signal", "memory", "fork", "ptrace",
    "execute", "privileges",
)  # fmt: skip
"""One byte each in the result, in this order: 1 where the attempt succeeded."""


def attempt(request: Request) -> None:
    """Try everything and write one byte for each attempt."""
    tries = _tries(request)
    results = bytes(_succeeds(tries[name]) for name in ATTEMPTS)
    place = os.open(f"{request.out}/canary.bin", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(place, results)
    os.close(place)


def _succeeds(attack: Callable[[], bool]) -> bool:
    try:
        return attack()
    except (OSError, ValueError, MemoryError):
        return False


def _tries(request: Request) -> dict[str, Callable[[], bool]]:
    given = request.attempts or {}
    parent = int(given["parent"])
    return {
        "read": lambda: bool(_read(str(given["secret"]))),
        "write": lambda: _write(str(given["outside"])),
        "environ": lambda: any(_strange(text) for text in _environments(parent)),
        "tcp": lambda: _connect(socket.AF_INET, ("127.0.0.1", int(given["tcp"]))),
        "udp": lambda: _send(int(given["udp"])),
        "unix": lambda: _connect(socket.AF_UNIX, str(given["unix"])),
        "signal": lambda: _signal(parent),
        "memory": lambda: _map(request.memory),
        "fork": _fork,
        "ptrace": _ptrace,
        "execute": _execute,
        "privileges": lambda: prctl(_GET_NO_NEW_PRIVS) != 1,
    }


def _read(path: str) -> bytes:
    place = os.open(path, os.O_RDONLY)
    try:
        return os.read(place, 65536)
    finally:
        os.close(place)


def _write(path: str) -> bool:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    return True


def _environments(parent: int) -> Iterator[bytes]:
    for number in (parent, os.getppid(), 1):
        try:
            yield _read(f"/proc/{number}/environ")
        except OSError:
            continue


def _strange(environment: bytes) -> bool:
    """Say whether an environment holds something that this one does not."""
    own = {b"%s=%s" % pair for pair in os.environb.items()}
    return bool(set(environment.split(b"\0")) - own - {b""})


def _connect(family: int, address: tuple[str, int] | str) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as line:
        line.settimeout(_SECONDS)
        line.connect(address)
    return True


def _send(port: int) -> bool:
    """Send a datagram; only the parent can say whether it came out of a network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.sendto(b"canary", ("127.0.0.1", port))
    return True


def _signal(parent: int) -> bool:
    os.kill(parent, 0)
    return True


def _map(limit: int) -> bool:
    mmap.mmap(-1, limit + 2**20).close()
    return True


def _fork() -> bool:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return True


def _ptrace() -> bool:
    """Ask for something that does not exist: a filter says EPERM before the kernel looks."""
    ctypes.set_errno(0)
    LIBC.ptrace(ctypes.c_long(0xBAD), ctypes.c_long(0), None, None)
    return ctypes.get_errno() != errno.EPERM


def _execute() -> bool:
    try:
        os.execve("/proc/self/no-such-program", ["x"], {})  # noqa: S606 -- it is not there
    except OSError as error:
        return error.errno not in {errno.EPERM, errno.EACCES}
