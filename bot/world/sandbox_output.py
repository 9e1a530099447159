"""Check every byte that comes back from a worker; it may have been written by an enemy."""

from __future__ import annotations

import io
import json
import math
import os
import stat
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from bot.runner.numbers import DONE, EXCEPTIONS, Numbers

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import DTypeLike, NDArray

_NAMES = {"numbers.json", "predicted.npy", "scores.npy", "used.npy", "classes.npy", "canary.bin"}
_NUMBERS_BYTES, _HEADER_BYTES, _LARGEST = 4_096, 1_000, 1e15


class Forged(Exception):  # noqa: N818 -- named as the sentence reads
    """The results folder holds what a worker of ours would not have written."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the results must look like."""

    rows: int
    features: int
    classes: int
    """0 for regression."""


@dataclass(frozen=True, slots=True)
class Output:
    """Checked results; arrays that were not written are None."""

    numbers: Numbers
    predicted: NDArray[np.float64] | None
    scores: NDArray[np.float64] | None
    used: NDArray[np.uint8] | None
    classes: NDArray[np.uint8] | None


def collect(out: Path, shape: Shape) -> Output:
    """Read a results folder.

    Raises:
        Forged: anything is not as a worker of ours writes it.
    """
    present = _entries(out)
    numbers = _numbers(out)
    codes = shape.classes > 0

    def array(name: str, kind: DTypeLike, *size: int) -> NDArray[np.generic] | None:
        return _array(out / name, kind, size) if name in present else None

    predicted = array("predicted.npy", np.float64, shape.rows)
    scores = array("scores.npy", np.float64, shape.rows, shape.classes + 1) if codes else None
    used = array("used.npy", np.uint8, shape.features)
    classes = array("classes.npy", np.uint8, shape.classes) if codes else None
    if predicted is not None and codes:
        only_codes(predicted.astype(np.float64), shape.classes)
    return Output(
        numbers,
        None if predicted is None else predicted.astype(np.float64),
        None if scores is None else scores.astype(np.float64),
        None if used is None else used.astype(np.uint8),
        None if classes is None else classes.astype(np.uint8),
    )


def _entries(out: Path) -> set[str]:
    """List the folder; only plain files with known names may lie in it."""
    found = set()
    with os.scandir(out) as entries:
        for entry in entries:
            if entry.name not in _NAMES:
                raise Forged("the results folder holds a file that does not belong there")
            if not entry.is_file(follow_symlinks=False):
                raise Forged("a result is a link, a folder or a device instead of a file")
            found.add(entry.name)
    if "numbers.json" not in found:
        raise Forged("the account of the run is gone")
    return found


def _read(path: Path, most: int) -> bytes:
    place = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(place, "rb") as file:
        facts = os.fstat(place)
        if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
            raise Forged("a result is a link or a device instead of a file")
        if facts.st_size > most:
            raise Forged("a result is larger than its rows can be")
        return file.read(most + 1)


def _refuse_constant(_: str) -> float:
    raise ValueError("not a number")


def _numbers(out: Path) -> Numbers:
    try:
        found = json.loads(
            _read(out / "numbers.json", _NUMBERS_BYTES), parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):
        raise Forged("the account of the run is not JSON of numbers") from None
    names = [field.name for field in fields(Numbers)]
    if not isinstance(found, dict) or sorted(found) != sorted(names):
        raise Forged("the account of the run has other fields than a worker writes")
    for name, value in found.items():
        whole = not name.endswith("seconds")
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            raise Forged("the account of the run holds something other than numbers")
        # JSON's 1e999 is infinite and fails the comparison; NaN was refused above.
        if not (-1 if name == "exception" else 0) <= value <= _LARGEST:
            raise Forged("the account of the run holds an impossible number")
    if found["stage"] > DONE or found["exception"] >= len(EXCEPTIONS):
        raise Forged("the account of the run holds an impossible number")
    return Numbers(**found)


def _array(path: Path, kind: DTypeLike, shape: tuple[int, ...]) -> NDArray[np.generic]:
    """Read one array whose type and shape are known beforehand; nothing is unpickled."""
    size = math.prod(shape) * np.dtype(kind).itemsize
    return array_in(_read(path, size + _HEADER_BYTES), kind, shape)


def array_in(text: bytes, kind: DTypeLike, shape: tuple[int, ...]) -> NDArray[np.generic]:
    """Read one array from the bytes of an `.npy` file.

    Raises:
        Forged: it is not of exactly this type and shape; nothing is unpickled.
    """
    size = math.prod(shape) * np.dtype(kind).itemsize
    file = io.BytesIO(text)
    try:
        version = np.lib.format.read_magic(file)
        if version != (1, 0):
            raise Forged("an array has a header of another version")
        found, fortran, dtype = np.lib.format.read_array_header_1_0(
            file, max_header_size=_HEADER_BYTES
        )
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        raise Forged("an array's header cannot be read") from None
    if dtype != np.dtype(kind) or (fortran and len(shape) > 1):
        raise Forged("an array has another type than a worker writes")
    if found != shape:
        raise Forged(f"an array has shape {_shown(found)}, and {_shown(shape)} was asked for")
    body = file.read()
    if len(body) != size:
        raise Forged("an array is longer or shorter than its header says")
    return np.frombuffer(body, dtype=kind).reshape(shape)


def _shown(shape: tuple[int, ...]) -> str:
    """Write a shape; numbers only, and few of them."""
    return "x".join(f"{length:,}" if length < _LARGEST else "…" for length in shape[:4]) or "none"


def only_codes(predicted: NDArray[np.float64], classes: int) -> None:
    """Insist on codes of classes, -1 for one that nobody asked for.

    Raises:
        Forged: there is another number.
    """
    whole = np.isfinite(predicted) & (predicted == np.floor(predicted))
    if not bool(np.all(whole & (predicted >= -1) & (predicted < classes))):
        raise Forged("a predicted class is not one of the classes asked for")
