"""Give up what a model never needs: resources, capabilities, new privileges."""

from __future__ import annotations

import ctypes
import resource

from bot.runner.kernel import LIBC, checked, prctl

_SET_PDEATHSIG, _SIGKILL = 1, 9
_SET_NO_NEW_PRIVS, _CAPBSET_DROP, _CAP_AMBIENT, _AMBIENT_CLEAR_ALL = 38, 24, 47, 4
_CAPABILITY_VERSION_3 = 0x20080522
_OPEN_FILES, _TASKS = 256, 4096


def limit_resources(*, memory: int, cpu_seconds: int, file_bytes: int) -> None:
    """Cap address space, CPU time, file size, open files, tasks; never a core file."""
    wanted = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_NPROC: _TASKS,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for kind, value in wanted.items():
        hard = resource.getrlimit(kind)[1]
        lower = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (lower, lower))


def drop_capabilities() -> None:
    """Leave root's powers behind: no capability, now or after an exec.

    Without them a root worker can neither raise its limits again, nor read the
    environment of its parent, whose capabilities are more than its own.
    """
    for capability in range(64):
        prctl(_CAPBSET_DROP, capability)
    prctl(_CAP_AMBIENT, _AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    none = (ctypes.c_uint32 * 6)()
    checked(int(LIBC.capset(header, none)), "capset")


def die_with_parent() -> None:
    """End when the parent ends, however it ends."""
    checked(prctl(_SET_PDEATHSIG, _SIGKILL), "parent death signal")


def forbid_new_privileges() -> None:
    """Make setuid programs powerless; the kernel asks for it before the other layers."""
    checked(prctl(_SET_NO_NEW_PRIVS, 1), "no_new_privs")
