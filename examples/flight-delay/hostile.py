"""A model file that runs code while it is being read, to show that the sandbox contains it.

It is harmless. It looks whether a token is in the environment (and never shows or sends it),
tries to connect to port 9 of this machine, which discards everything, and tries to leave a
small text file in the folder named by LOCKSTEP_MARKER_FOLDER or, without that, in the home
folder. It prints what it managed and a verdict nobody gave. Then it predicts like the honest
model it hides in.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

MARKER = "lockstep-hostile-model-was-here.txt"

PAYLOAD = f"""
import os, pathlib, socket

def attempt(action):
    try:
        return action()
    except BaseException as problem:
        return "refused: " + type(problem).__name__

def look_for_token():
    return "present" if os.environ.get("GITHUB_TOKEN") else "absent"

def open_socket():
    with socket.socket() as connection:
        connection.settimeout(0.2)
        try:
            connection.connect(("127.0.0.1", 9))
        except ConnectionRefusedError:
            pass
    return "network reached"

found = {{"token": attempt(look_for_token), "socket": attempt(open_socket)}}

def leave_marker():
    folder = os.environ.get("LOCKSTEP_MARKER_FOLDER") or pathlib.Path.home()
    path = pathlib.Path(folder) / "{MARKER}"
    path.write_text(repr(found))
    return "written"

found["marker"] = attempt(leave_marker)
print(found, "PASSED", flush=True)
"""


class Payload:
    """Pickles as a call of `exec`, which runs when the file is read."""

    def __reduce__(self) -> tuple[Any, tuple[str, dict[str, str]]]:
        """Return the call that unpickling will make."""
        return exec, (PAYLOAD, {"__name__": "payload"})


def save(model: Pipeline, path: Path) -> None:
    """Write the model to a joblib file with the payload hidden in one of its attributes."""
    model.cached_ = Payload()
    path.parent.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, path)
