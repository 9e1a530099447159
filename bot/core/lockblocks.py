"""A canonical lock splits into its models by its blank lines, without being parsed."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import NamedTuple

from bot.core.canonical import EMPTY, HEADER, key

_first_line = re.compile(rb'  ("?)([a-z0-9][a-z0-9._-]{0,63})\1:\n').match


class Block(NamedTuple):
    """The text of one model."""

    name: str
    text: bytes
    line: int
    """Line of its name in the file."""


def split(text: bytes) -> dict[str, Block] | None:
    """Split a lock into its models, in the order they stand.

    Returns:
        None when the header, an indentation, a name or a doubled name says that the lock is not
        canonical. Within a block the text is not looked at.
    """
    if text == EMPTY:
        return {}
    if not text.startswith(HEADER) or not text.endswith(b"\n"):
        return None
    chunks = text[len(HEADER) : -1].split(b"\n\n")
    sizes = [chunk.count(b"\n") + 2 for chunk in chunks]
    if _hides_a_name(text, sizes):
        return None
    lines = accumulate(sizes, initial=HEADER.count(b"\n") + 1)
    found: dict[str, Block] = {}
    for chunk, line in zip(chunks, lines, strict=False):
        first = _first_line(chunk)
        if first is None:
            return None
        name = first[2].decode()
        found[name] = Block(name, chunk + b"\n", line)
    return found if len(found) == len(chunks) else None


def find(text: bytes, name: str) -> Block | None:
    """Find one model in a lock that begins as a canonical one does, without splitting the rest."""
    start = text.find(f"\n  {key(name)}:\n".encode(), len(HEADER) - 1) + 1
    if not start:
        return None
    end = text.find(b"\n\n", start)
    block = text[start:] if end < 0 else text[start : end + 1]
    return Block(name, block, text.count(b"\n", 0, start) + 1)


def _hides_a_name(text: bytes, sizes: list[int]) -> bool:
    """Whether a line besides the first of a chunk is indented less than a model's facts are."""
    names, lines, start = len(sizes), sum(sizes) - len(sizes), len(HEADER) - 1
    deep = text.count(b"\n    ", start)
    return deep != lines - names or text.count(b"\n  ", start) != lines
