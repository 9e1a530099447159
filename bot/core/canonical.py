"""The canonical text of a lock: one value has one text, one fact has one line.

A blank line stands between models, so that git has an unchanged line between any two of them
and merges promotions of neighbours, and so that a lock splits into models without being parsed.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from bot.core.lock import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bot.core.lock import Entry, Lineage, Model

COMMENT = (
    "# Which version of each model serves each stage. Changed by pull request, judged by policies/."
)
HEADER = f"{COMMENT}\nformat: 1\nmodels:\n".encode()
EMPTY = f"{COMMENT}\nformat: 1\nmodels: {{}}\n".encode()
_BARE = re.compile(r"[a-z][a-z0-9._-]*")
# Words that some reader of YAML 1.1 or 1.2 takes for a truth, a null or a number.
_TAKEN = frozenset(
    ("y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf", "infinity")
)


def dump(models: Mapping[str, Model]) -> bytes:
    """Write a lock in canonical form."""
    return join({name: dump_model(name, model) for name, model in models.items()})


def join(blocks: Mapping[str, bytes]) -> bytes:
    """Write a lock from the blocks of its models."""
    return HEADER + b"\n".join(blocks[name] for name in sorted(blocks)) if blocks else EMPTY


def dump_model(name: str, model: Model) -> bytes:
    """Write the block of one model, without the blank line that parts it from the next."""
    lines = "\n".join([f"  {key(name)}:", *_model(model)])
    return f"{lines}\n".encode()


def natural(text: str) -> tuple[list[str | int], str]:
    """Order texts as people count: "2" before "10", "1.9" before "1.10"."""
    parts = re.split(r"([0-9]+)", text)
    return [int(part) if at % 2 else part for at, part in enumerate(parts)], text


def key(name: str) -> str:
    """Write a key: bare when no reader can take it for anything but text."""
    return name if _BARE.fullmatch(name) and name not in _TAKEN else _quoted(name)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _model(model: Model) -> Iterator[str]:
    yield "    versions:"
    for version in sorted(model.versions, key=natural):
        yield f"      {_quoted(version)}:"
        yield from _entry(model.versions[version])
    for name, facts in (
        ("depends_on", model.depends_on),
        ("stages", model.stages),
        ("traffic", model.traffic),
    ):
        if facts:
            yield f"    {name}: {_flow(_sorted(facts))}"
    if model.holds:
        yield "    holds:"
        yield from (f"      {key(stage)}: {_written(hold)}" for stage, hold in _sorted(model.holds))
    for name, reasons in (("released", model.released), ("retired", model.retired)):
        if reasons:
            yield f"    {name}:"
            for version in sorted(reasons, key=natural):
                yield f"      {_quoted(version)}: {_written(reasons[version])}"


def _entry(entry: Entry) -> Iterator[str]:
    yield f"        artifact: {_written(entry.artifact)}"
    facts = list(_facts(entry.lineage))
    if facts:
        yield "        lineage:"
        yield from (f"          {name}: {_written(value)}" for name, value in facts)


def _facts(value: Value | Lineage) -> Iterator[tuple[str, object]]:
    """Yield what is there, in the order of the fields."""
    return ((name, fact) for name, fact in value if fact is not None)


def _sorted(table: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    return ((name, table[name]) for name in sorted(table, key=natural))


def _flow(pairs: Iterable[tuple[str, object]]) -> str:
    return "{" + ", ".join(f"{key(name)}: {_written(value)}" for name, value in pairs) + "}"


def _written(value: object) -> str:
    """Write a value on one line; a whole number is bare, every other scalar is quoted."""
    match value:
        case Value():
            return _flow(_facts(value))
        case dict():
            return _flow(_sorted(value))
        case int():
            return str(value)
        case datetime():
            # In the first and the last year a change of zone may leave the calendar.
            moment = value if value.year in (1, 9999) else value.astimezone(UTC)
            return _quoted(moment.isoformat().replace("+00:00", "Z"))
        case date():
            return _quoted(value.isoformat())
        case _:
            return _quoted(str(value))
