"""System calls that Python does not offer, by ctypes."""

from __future__ import annotations

import ctypes
import os

LIBC = ctypes.CDLL(None, use_errno=True)


class LayerFailed(Exception):  # noqa: N818 -- named as the sentence reads
    """The kernel refused a layer of the sandbox; nothing untrusted may be opened."""


def checked(result: int, what: str) -> int:
    """Return a system call's result.

    Raises:
        LayerFailed: the result is negative.
    """
    if result < 0:
        raise LayerFailed(f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def syscall(number: int, *arguments: object) -> int:
    """Make a raw system call; negative on error, errno kept."""
    return int(LIBC.syscall(ctypes.c_long(number), *arguments))


def prctl(option: int, *arguments: int) -> int:
    """Ask the kernel about this process; missing words are zero."""
    words = [ctypes.c_ulong(word) for word in (*arguments, 0, 0, 0, 0)[:4]]
    return int(LIBC.prctl(ctypes.c_int(option), *words))
