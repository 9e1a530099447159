"""Read JSON from outside strictly: under caps, no key twice, no number that JSON does not have."""

from __future__ import annotations

import json
import re
from typing import Any

DEEPEST = 32
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


class NotPlain(ValueError):  # noqa: N818 -- named as the sentence reads
    """A text is not JSON as we write it; the message says why, and quotes nothing of it."""


def read_json(text: bytes, *, most: int, deepest: int = DEEPEST) -> Any:
    """Return the value of a JSON text.

    Args:
        text: UTF-8.
        most: Bytes it may have.
        deepest: Objects and lists it may have within each other.

    Raises:
        NotPlain: it is too large, too deep, not JSON, or names a key twice.
    """
    if len(text) > most:
        raise NotPlain(f"it has {len(text):,} bytes, more than {most:,}")
    # Before the reader, which calls itself for every bracket.
    if _depth(text) > deepest:
        raise NotPlain(f"it is nested deeper than {deepest}")
    try:
        return json.loads(
            text.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant
        )
    except NotPlain:
        raise
    except (ValueError, RecursionError):
        raise NotPlain("it is not JSON") from None


def _depth(text: bytes) -> int:
    deep = deepest = 0
    for found in _BRACKETS.finditer(text):
        mark = found[0]
        if mark in (b"[", b"{"):
            deep += 1
            deepest = max(deepest, deep)
        elif mark in (b"]", b"}"):
            deep -= 1
    return deepest


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotPlain("it names a key twice")
    return found


def _no_constant(_: str) -> float:
    raise NotPlain("it holds something that is no number")
