"""The schemas of a policy and of the lock, and the page about the gates, made from the code.

`python -m bot.gates.describe` writes them; with `--check` it only tells whether they are stale.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from bot.core.lock import Model, Name, Value
from bot.core.policy import BESIDE_THE_LADDER, Head
from bot.gates import GATES
from bot.gates.docstrings import documented
from bot.gates.page import gates_page

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ABOUT = "Which gates guard which stage of which models, and what happens afterwards."
ROOT = Path(__file__).resolve().parents[2]
TYPED = ("format", "enum", "const")
"""What makes a text more than any text."""
UNQUOTED = {"number": "1", "boolean": "true"}
"""What an editor takes an unquoted text for, each with such a text."""
Shape = dict[str, Any]


class Lock(Value):
    """Which version of each model serves each stage."""

    format: Literal[1]
    """Version of this format."""
    models: dict[Name, Model] = Field(default_factory=dict)
    """The models by name."""


def policy_schema() -> Shape:
    """Return the JSON Schema (2020-12) of a policy file, as its reader reads it."""
    schema = _lenient(documented(Head))
    schema["description"] = ABOUT
    shared = schema.pop("$defs")
    for name, gate in GATES.items():
        shape = _lenient(documented(gate))
        shared |= shape.pop("$defs", {})
        if gate.exactly_one:
            shape["oneOf"] = [{"required": [setting]} for setting in gate.exactly_one]
        shared[f"gate.{name}"] = shape
    absolute = [name for name, gate in GATES.items() if not gate.compares]
    shared |= _asked("gates", list(GATES)) | _asked("absolute", absolute)
    beside = {name: {"$ref": "#/$defs/absolute"} for name in BESIDE_THE_LADDER}
    schema["properties"]["gates"] = {
        "description": "Gates by stage; `registration` and `opening` have no champion.",
        "type": ["object", "null"],
        "properties": beside,
        "additionalProperties": {"$ref": "#/$defs/gates"},
    }
    return {"$schema": DIALECT, "title": "A policy of Lockstep", **schema, "$defs": shared}


def lock_schema() -> Shape:
    """Return the JSON Schema (2020-12) of `models.lock`."""
    return {"$schema": DIALECT, "title": "models.lock", **_lenient(documented(Lock))}


def _asked(section: str, names: list[str]) -> Shape:
    """Shape a section: a list of gates, or a single one; a bare name has no settings."""
    bare = [name for name in names if _needs_nothing(name)]
    settings: Shape = {name: {"$ref": f"#/$defs/gate.{name}"} for name in names}
    for name in bare:
        settings[name] = {"anyOf": [settings[name], {"type": "null"}]}
    single = {
        "type": "object",
        "properties": settings,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    one = {"$ref": f"#/$defs/{section}.one"}
    several = {"type": "array", "items": {"anyOf": [{"enum": bare}, one]}}
    return {
        f"{section}.one": single,
        section: {"anyOf": [{"type": "null"}, several, one]},
    }


def _needs_nothing(name: str) -> bool:
    gate = GATES[name]
    return not gate.exactly_one and not any(
        field.is_required() for field in gate.model_fields.values()
    )


def _lenient(shape: Any) -> Any:
    """Let a text stand unquoted: the declared type decides a scalar, so `1` may be a text."""
    if isinstance(shape, list):
        return [_lenient(item) for item in shape]
    if not isinstance(shape, dict):
        return shape
    eased = {key: _lenient(value) for key, value in shape.items()}
    if eased.get("type") == "string" and not any(key in eased for key in TYPED):
        fits = [
            kind for kind, text in UNQUOTED.items() if re.search(eased.get("pattern", ""), text)
        ]
        eased["type"] = ["string", *fits]
    return eased


def written() -> dict[str, str]:
    """Return the generated files by their path in the repository."""
    return {
        "policies/schema.json": _json(policy_schema()),
        "docs/lock.schema.json": _json(lock_schema()),
        "docs/gates.md": gates_page(),
    }


def _json(schema: Shape) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main(*arguments: str, root: Path = ROOT) -> int:
    """Write the files, or with `--check` name those that are stale and return 1."""
    stale = {
        path: text
        for path, text in written().items()
        if not (root / path).exists() or (root / path).read_text("utf-8") != text
    }
    if "--check" in arguments:
        for path in stale:
            sys.stderr.write(f"{path} is stale; run `python -m bot.gates.describe`\n")
        return 1 if stale else 0
    for path, text in stale.items():
        (root / path).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":  # pragma: no cover -- a test runs `main`
    raise SystemExit(main(*sys.argv[1:]))
