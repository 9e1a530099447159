"""List the types a skops file names, from its schema alone; nothing is imported or built.

`skops.io.get_untrusted_types` answers the same question, and a test compares the two.  It costs
more than a second, because it imports scikit-learn to know what it trusts; that list lies in
`allowed_globals.txt` instead.  The sandbox loads with the same names pinned, so what this reading
would let through skops itself still refuses.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bot.world.scan_unpack import unzipped
from bot.world.scan_values import Tally, Unreadable, allowed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.core.policy import ArtifactRules

_SCHEMA = "schema.json"
_SCHEMA_BYTES = 256_000_000
_ALWAYS_TRUSTED = frozenset({"SliceNode", "JsonNode"})
"""Loaders that make the same thing whatever type their node names."""


def scan_skops(path: Path, rules: ArtifactRules) -> Tally:
    """Return the types that a skops file names.

    Raises:
        Unreadable: no archive, no schema, or a schema that is none.
    """
    tally = Tally(allowed("skops"), frozenset(rules.trusted))
    with unzipped(path, rules.max_bytes) as archive:
        if _SCHEMA not in archive.namelist():
            raise Unreadable("it holds no schema, so it is no skops file")
        if archive.getinfo(_SCHEMA).file_size > _SCHEMA_BYTES:
            raise Unreadable("its schema is too large")
        try:
            schema = json.loads(archive.read(_SCHEMA))
        except (ValueError, RecursionError):
            raise Unreadable("its schema is no JSON") from None
    if not isinstance(schema, dict) or "__loader__" not in schema:
        raise Unreadable("its schema describes no object")
    for node in _nodes(schema):
        _meet(node, tally)
    return tally


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every node of a schema, in the order of the file, without recursion."""
    waiting = [schema]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            if "__loader__" in found or "__class__" in found or "__module__" in found:
                yield found
            waiting += reversed(found.values())
        elif isinstance(found, list):
            waiting += reversed(found)


def _meet(node: dict[str, Any], tally: Tally) -> None:
    module, name, loader = (node.get(key) for key in ("__module__", "__class__", "__loader__"))
    if not (isinstance(module, str) and isinstance(name, str) and isinstance(loader, str)):
        raise Unreadable("a node of its schema has no type")
    if loader in _ALWAYS_TRUSTED or loader == "CachedNode":
        return
    tally.meet(module, name)
    content = node.get("content")
    if loader == "MethodNode" and isinstance(content, dict):
        inner = content.get("obj") or {}
        owner = f"{inner.get('__module__')}.{inner.get('__class__')}"
        tally.note(f"{owner}.{content.get('func')}")
