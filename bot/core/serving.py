"""What serves now: the stages, traffic and holds of many models, without reading their versions.

Versions are nine tenths of a lock; a canonical lock lets them be left out before it is parsed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from bot.core.canonical import HEADER
from bot.core.document import read
from bot.core.errors import Refusal
from bot.core.lock import Hold, Name, Value, Version
from bot.core.lockblocks import split
from bot.core.lockfile import parse
from bot.core.typed import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bot.core.lockblocks import Block

_KEPT = (b"    stages:", b"    traffic:", b"    holds:")
_INNER = b"      "
_MOST_NODES = 10_000_000


class Serving(Value):
    """Which version of one model serves each stage, and what is held."""

    stages: dict[Name, Version] = Field(default_factory=dict)
    traffic: dict[Name, int] = Field(default_factory=dict)
    holds: dict[Name, Hold] = Field(default_factory=dict)


class _Document(Value):
    format: str
    models: dict[Name, Serving]


def serving(text: bytes, file: str) -> Mapping[str, Serving]:
    """Read what every model serves, in the order of their names.

    Raises:
        Malformed, UnknownName: the lock, or what it says of stages, cannot be read.
    """
    found = split(text) if text else {}
    if not found:
        return {} if found is not None else _whole(text, file)
    short = HEADER + b"".join(_shortened(found.values()))
    try:
        node = read(short, file, max_bytes=len(short), max_nodes=_MOST_NODES)
        return load(node, _Document).models
    except Refusal:
        # Read whole, a mistake is named with the line where it stands.
        return _whole(text, file)


def _whole(text: bytes, file: str) -> Mapping[str, Serving]:
    return {
        name: Serving(stages=one.stages, traffic=one.traffic, holds=one.holds)
        for name, one in parse(text, file).items()
    }


def _shortened(found: Iterable[Block]) -> Iterator[bytes]:
    """Yield each model without its versions and its past."""
    for block in found:
        first, *rest = block.text.splitlines(keepends=True)
        kept, lines = False, []
        for line in rest:
            kept = line.startswith(_KEPT) or (kept and line.startswith(_INNER))
            if kept:
                lines.append(line)
        yield first + b"".join(lines) if lines else first.rstrip(b"\n") + b" {}\n"
