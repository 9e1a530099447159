"""Look through an ONNX file for what would reach outside of it.

ONNX carries no code, but it may name operators of other libraries and tensors in other files.
Only the few fields of its protocol buffers that say so are read (onnx/onnx.proto); the rest is
skipped by length.
"""

from __future__ import annotations

import mmap
import re
from typing import TYPE_CHECKING

from bot.world.scan_values import Tally, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.core.policy import ArtifactRules

_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})
_MESSAGES: dict[str, dict[int, str]] = {
    "model": {7: "graph", 8: "operators", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 9: "operators", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
"""Per message: the fields that hold a further message which is looked at."""
_DOMAIN_FIELDS = {"operators": 1, "node": 7, "function": 10}
_LOCATION, _EXTERNAL_DATA = 14, 13
_RUN = re.compile(rb"(?:\x3d.{4}|\x40[\x80-\xff]{0,9}[\x00-\x7f])++", re.DOTALL)
"""Single floats and integers of an attribute; a forest has millions of them."""
_DEPTH = 64
_SKIPPED = {1: 8, 5: 4}
"""Wire types of a fixed length."""


def scan_onnx(path: Path, rules: ArtifactRules) -> Tally:
    """Return the operator domains of an ONNX file, and every tensor that lies elsewhere.

    Raises:
        Unreadable: it is no ONNX model.
    """
    tally = Tally(frozenset(), frozenset(rules.trusted))
    with path.open("rb") as opened:
        try:
            data = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:
            raise Unreadable("it is empty") from None
        with data:
            fields = {number for number, _, _ in _fields(data, 0, len(data))}
            if not {1, 7, 8} <= fields:
                raise Unreadable("it is no ONNX model")
            _look(data, "model", 0, len(data), tally, 0)
    return tally


def _look(data: mmap.mmap, kind: str, start: int, end: int, tally: Tally, depth: int) -> None:
    if depth > _DEPTH:
        raise Unreadable("its graphs lie too deep in each other")
    for number, value, length in _fields(data, start, end, _RUN if kind == "attribute" else None):
        if kind == "tensor":
            outside = (number == _LOCATION and length is None and value != 0) or (
                number == _EXTERNAL_DATA
            )
            if outside:
                tally.note("a tensor in another file")
        elif _DOMAIN_FIELDS.get(kind) == number and length is not None:
            domain = data[value : value + length].decode("utf-8", "replace")
            tally.note(f"operators of {domain or 'ai.onnx'}", known=domain in _DOMAINS)
        elif number in _MESSAGES.get(kind, {}):
            if length is None:
                raise Unreadable("it is no ONNX model")
            inner = _MESSAGES[kind][number]
            _look(data, inner, value, value + length, tally, depth + 1)


def _fields(
    data: mmap.mmap, start: int, end: int, run: re.Pattern[bytes] | None = None
) -> Iterator[tuple[int, int, int | None]]:
    """Yield field number, and the value, or the place and length of what is longer."""
    while start < end:
        if run is not None and (skipped := run.match(data, start, end)) is not None:
            start = skipped.end()
            continue
        key, start = _varint(data, start, end)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, start = _varint(data, start, end)
            yield number, value, None
        elif wire == 2:
            length, start = _varint(data, start, end)
            if start + length > end:
                raise Unreadable("it is cut short, or no ONNX model")
            yield number, start, length
            start += length
        elif wire in _SKIPPED:
            start += _SKIPPED[wire]
            yield number, 0, None
        else:
            raise Unreadable("it is no ONNX model")
    if start != end:
        raise Unreadable("it is cut short, or no ONNX model")


def _varint(data: mmap.mmap, start: int, end: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if start >= end:
            raise Unreadable("it is cut short, or no ONNX model")
        byte = data[start]
        start += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, start
    raise Unreadable("it is no ONNX model")
