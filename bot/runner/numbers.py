"""What a worker says about its run: numbers only, for nothing textual may cross."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass

STARTED, IMPORTING, LOADING, PREDICTING, DONE = range(5)

EXCEPTIONS = (
    "Exception", "ArithmeticError", "AssertionError", "AttributeError", "EOFError", "ImportError",
    "IndexError", "KeyError", "LookupError", "MemoryError", "ModuleNotFoundError", "NameError",
    "NotImplementedError", "OSError", "OverflowError", "PermissionError", "RecursionError",
    "RuntimeError", "SystemExit", "TypeError", "UnicodeDecodeError", "ValueError",
    "ZeroDivisionError", "FileNotFoundError", "BlockingIOError", "UnpicklingError",
    "NotFittedError", "UntrustedTypesFoundException", "InvalidArgument", "InvalidProtobuf",
    "Fail", "XGBoostError", "LightGBMError", "BadZipFile", "KeyboardInterrupt", "LayerFailed",
    "WrongRows", "WrongClasses", "NoModel", "SyntaxError",
)  # fmt: skip
"""An exception crosses as its place in this list; the parent holds the same list."""


@dataclass(slots=True)
class Numbers:
    """The account of one run."""

    stage: int = STARTED
    exception: int = -1
    """Place in `EXCEPTIONS`, or -1."""
    load_seconds: float = 0.0
    predict_seconds: float = 0.0
    peak_bytes: int = 0
    warnings: int = 0
    unknown_features: int = 0
    unknown_classes: int = 0
    landlock: int = 0

    def write(self, out: str) -> None:
        """Write to the results folder; what was written before is replaced."""
        text = json.dumps(asdict(self)).encode()
        place = os.open(f"{out}/numbers.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(place, text)
        os.close(place)

    def fail(self, error: BaseException) -> None:
        """Note the exception that ended the run, by the nearest name in the list."""
        names = [kind.__name__ for kind in type(error).__mro__]
        self.exception = next((EXCEPTIONS.index(name) for name in names if name in EXCEPTIONS), 0)


def peak_bytes() -> int:
    """Return the most memory this process ever held.

    getrusage would count the parent's, which a child inherits through exec.
    """
    try:
        with open("/proc/self/status", encoding="ascii") as file:  # noqa: PTH123 -- as elsewhere here
            line = next(line for line in file if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return 0
    return int(line.split()[1]) * 1024
