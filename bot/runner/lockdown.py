"""Put on every layer the parent asked for, in the one order that works."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bot.runner import landlock, limits, seccomp

if TYPE_CHECKING:
    from bot.runner.request import Request

# What numerical libraries look at on their way up; none of it is about this user.
_SYSTEM = (
    "/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/etc/ld.so.cache",
    "/usr/share/zoneinfo", "/etc/localtime", "/dev/urandom", "/dev/random", "/dev/zero",
    "/sys/devices/system/cpu", "/proc/cpuinfo", "/proc/meminfo", "/proc/self",
)  # fmt: skip


def lock_down(request: Request) -> int:
    """Confine this process for good.

    Threads started earlier would stay outside, so this runs before any library that
    starts one. /proc is left out except this process: as root, Landlock alone would
    let a model read the environment of its parent there.

    Returns:
        Landlock's ABI version, 0 when it was not asked for.

    Raises:
        LayerFailed: a layer that was asked for does not hold; open nothing.
    """
    abi = 0
    limits.die_with_parent()
    limits.forbid_new_privileges()
    if "rlimits" in request.layers:
        limits.limit_resources(
            memory=request.memory, cpu_seconds=request.cpu_seconds, file_bytes=request.file_bytes
        )
        limits.drop_capabilities()
    if "landlock" in request.layers:
        places = (*_SYSTEM, *request.readable, request.artifact, request.features)
        writable = (request.out, request.drafts, "/dev/null")
        abi = landlock.restrict([place for place in places if place], writable)
    if "seccomp" in request.layers:
        seccomp.install()
    # An entry that may not be read makes every import stumble over it.
    allowed = tuple(request.readable)
    sys.path[:] = [entry for entry in sys.path if entry.startswith(allowed)]
    return abi
