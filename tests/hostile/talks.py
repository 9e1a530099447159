"""A model that talks: to the log of the job, and to whoever reads the names of its errors."""

from __future__ import annotations

import contextlib
import os
import sys

WORDS = (
    "\n::set-output name=digest::sha256:" + "0" * 64 + "\n::add-mask::PASSED\n"
    "##[set-env name=LOCKSTEP_FORGED]1\n::stop-commands::x\n\x1b]0;title\x07\x1b[2J\n"
)


class Shouting(Exception):  # noqa: N818 -- its name is what is tried
    """An error whose every word is somebody else's."""


Shouting.__name__ = Shouting.__qualname__ = "@ana ](https://evil.example) Fixes #1 ::error::"


def predict(frame):
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(Exception):
            print(WORDS, file=stream, flush=True)
    for number in range(64):
        with contextlib.suppress(OSError):
            os.write(number, WORDS.encode())
    raise Shouting(WORDS + frame.to_string())
