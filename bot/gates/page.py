"""The page about the gates: what each asks, its settings, and how a policy asks it."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

from bot.gates import GATES
from bot.gates.docstrings import documented
from bot.statistics.metrics import METRICS

if TYPE_CHECKING:
    from bot.gates.gate import Gate

Shape = dict[str, Any]
OPENING = """\
# Gates

A gate is a configured question about a promotion.
A policy asks gates by stage, as a list; each entry is the name of a gate with its settings.

```yaml
gates:
  production:
    - outputs
    - compare: {metric: roc_auc, allow_drop: 0.003}
```

A gate answers PASSED, FAILED, INCONCLUSIVE (the data do not decide; the report says how many rows \
would) or ERRORED (something could not be measured).
Only PASSED lets a promotion through.

A gate that compares needs a champion.
Under `registration` and `opening` there is none, and such a gate is refused there.

`confidence` is one-sided: at 0.95 the true value lies beyond the bound in at most 5 % of samples.
A share may be written as `0.95` or `95%`, a size as `500MB` or `2GiB`, a duration as `50ms`, \
`30s`, `5m`, `6h` or `14d`.
With `mode: observe` a gate is reported and does not decide.
With `hard: true` nobody may override it by `/lockstep override`; `artifact` and `unsafe_code` are \
always hard.

This page is made from the code by `python -m bot.gates.describe`.
"""
PATTERNS = {
    "ms|s|m|h|d|w": "duration",
    "%": "share or percent",
    "[A-Za-z]{1,3}": "size",
}
"""A part of each pattern by which a written form is known."""

SHARED = ("mode", "hard")
"""Settings that every gate has."""
KINDS = {"integer": "whole number", "boolean": "true or false", "string": "text"}
LIMITS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}


def gates_page() -> str:
    """Return the reference of all gates in Markdown, one section for each gate."""
    index = "\n".join(f"- [{name}](#{name}): {_first(gate)}" for name, gate in GATES.items())
    sections = "\n".join(_section(name, gate) for name, gate in GATES.items())
    return f"{OPENING}\n{index}\n\n{sections}\n{_metrics()}"


def _first(gate: type[Gate]) -> str:
    """Take the first sentence of the gate's file, which defines it."""
    import sys

    text = sys.modules[gate.__module__].__doc__ or ""
    return text.strip().splitlines()[0].rstrip(".").strip()


def _section(name: str, gate: type[Gate]) -> str:
    shape = documented(gate)
    rows = "\n".join(_row(key, one, shape) for key, one in _ordered(shape).items())
    compares = "It compares with the champion.\n" if gate.compares else ""
    return (
        f"## {name}\n\n{_prose(shape['description'])}\n{compares}{_rules(gate)}\n"
        f"| setting | type | default | meaning |\n| --- | --- | --- | --- |\n{rows}\n\n"
        f"```yaml\n- {gate.example}\n```\n"
    )


def _prose(text: str) -> str:
    """Write a docstring one sentence per line."""
    paragraphs = (" ".join(part.split()) for part in text.split("\n\n"))
    return "\n\n".join(part.replace(". ", ".\n") for part in paragraphs)


def _rules(gate: type[Gate]) -> str:
    if not gate.exactly_one:
        return ""
    names = " and ".join(f"`{name}`" for name in gate.exactly_one)
    return f"A policy gives exactly one of {names}.\n"


def _ordered(shape: Shape) -> Shape:
    """Put what every gate has last."""
    properties = dict(shape["properties"])
    shared = {name: properties.pop(name) for name in SHARED}
    return {**properties, **shared}


def _row(key: str, one: Shape, shape: Shape) -> str:
    default = _default(one) if key not in shape.get("required", ()) else "required"
    meaning = " ".join(one["description"].split())
    return f"| `{key}` | {_words(one, shape)} | {default} | {meaning} |"


def _default(one: Shape) -> str:
    value = one.get("default")
    if value is None or value == {}:
        return ""
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value)}`"


def _words(one: Shape, shape: Shape) -> str:
    """Say a type in words."""
    match one:
        case {"anyOf": [*kinds]}:
            some = [kind for kind in kinds if kind != {"type": "null"}]
            return " ".join([_either(some, shape), *_limits(one)])
        case {"enum": [*names]}:
            return ", ".join(f"`{name}`" for name in names)
        case {"$ref": str(name)}:
            keys = shape["$defs"][name.rpartition("/")[2]]["properties"]
            return "table of " + ", ".join(f"`{key}`" for key in keys)
        case {"type": "array", "items": items}:
            return f"list of {_words(items, shape)}"
        case {"patternProperties": inner}:
            (value,) = inner.values()
            return f"by name, each a {_words(value, shape)}"
        case _:
            return _scalar(one)


def _either(kinds: list[Shape], shape: Shape) -> str:
    written = [name for kind in kinds for part, name in PATTERNS.items() if _has(kind, part)]
    return written[0] if written else " or ".join(_words(kind, shape) for kind in kinds)


def _has(kind: Shape, part: str) -> bool:
    return part in kind.get("pattern", "")


def _scalar(one: Shape) -> str:
    known = [name for part, name in PATTERNS.items() if _has(one, part)]
    word = known[0] if known else str(one.get("format", KINDS.get(one["type"], one["type"])))
    return " ".join([word, *_limits(one)])


def _limits(one: Shape) -> list[str]:
    said = [f"{text} {one[key]:,}" for key, text in LIMITS.items() if key in one]
    return [" and ".join(said)] if said else []


def _metrics() -> str:
    rows = "\n".join(
        f"| `{metric.name}` | {metric.direction.value} | {', '.join(sorted(metric.tasks))} "
        f"| {metric.note} |"
        for metric in METRICS.values()
    )
    text = textwrap.dedent(
        """\
        ## Metrics

        A metric is named as here, or as scikit-learn names its scorer.

        | metric | better | tasks | meaning |
        | --- | --- | --- | --- |
        """
    )
    return f"{text}{rows}\n"
