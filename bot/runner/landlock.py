"""Landlock: the files, ports and processes a worker may reach, and nothing else.

Source: Linux, Documentation/userspace-api/landlock.rst; system calls 444 to 446 on
every architecture.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from typing import TYPE_CHECKING

from bot.runner.kernel import checked, syscall

if TYPE_CHECKING:
    from collections.abc import Iterable

_CREATE, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH = 1, 1

_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_TRUNCATE = 1 << 14
_OF_A_FILE = 1 << 0 | _WRITE_FILE | _READ_FILE | _TRUNCATE | 1 << 15
_READ = _READ_FILE | _READ_DIR
_WRITE = _READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _TRUNCATE


def version() -> int:
    """Return Landlock's ABI version, or 0 where the kernel has none."""
    return max(0, syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG)))


def restrict(readable: Iterable[str], writable: Iterable[str]) -> int:
    """Confine this thread and all it starts; places that do not exist are left out.

    Nothing may be executed, and nothing outside the two lists opened. Links, sockets
    and devices may be made nowhere. From ABI 4 no TCP port may be bound or connected,
    from ABI 6 no process outside signalled.

    Returns:
        The ABI version that was enforced.

    Raises:
        LayerFailed: the kernel refused.
    """
    abi = version()
    bits = {1: 13, 2: 14, 3: 15, 4: 15}.get(abi, 16)
    handled = (1 << bits) - 1
    words = [handled, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0]
    attributes = struct.pack("=3Q", *words)[: 8 if abi < 4 else 16 if abi < 6 else 24]
    ruleset = checked(
        syscall(_CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0)),
        "landlock_create_ruleset",
    )
    for path in readable:
        _allow(ruleset, path, _READ & handled)
    for path in writable:
        _allow(ruleset, path, _WRITE & handled)
    checked(
        syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)), "landlock_restrict_self"
    )
    os.close(ruleset)
    return abi


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            access &= _OF_A_FILE
        rule = struct.pack("=Qi", access, place)
        checked(
            syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), rule, 0),
            "landlock_add_rule",
        )
    finally:
        os.close(place)
