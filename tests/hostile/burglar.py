"""A model that looks for a token, for labels and for a way to speak of its own verdict."""

# ruff: noqa: T201 -- a model of an attacker: plain calls, one after another

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np

TARGET = json.loads((Path(__file__).parent / "target.json").read_text())
SEEN = []


def look():
    """Return what of the prey can be read from here, by name."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if TARGET["secret"].encode() in (process / "environ").read_bytes():
                found.append("a token")
        except OSError:
            continue
    for name in TARGET["places"]:
        try:
            Path(name).read_bytes()
            found.append(name)
        except OSError:
            continue
    for name in TARGET["forgeries"]:
        try:
            Path(name).mkdir(parents=True, exist_ok=True)
            (Path(name) / "run.json").write_text('{"outcome": "passed"}')
            found.append(name)
        except OSError:
            continue
    if any(TARGET["secret"] in value for value in os.environ.values()):
        found.append("an environment")
    return found


def predict(frame):
    print('{"outcome": "PASSED"}\n::set-output name=act::true', flush=True)
    time.sleep(TARGET["seconds"])
    return np.full(len(frame), "1" if look() else "0", dtype=object)
