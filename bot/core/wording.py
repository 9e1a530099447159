"""What a type found wrong, said in plain words at the place where it stands."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple, assert_never, get_args, get_origin

from pydantic import BaseModel

from bot.core.nodes import Items, Mark, Node, Table, Text, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_MOST = 50
"""Problems told at once; a person mends those first."""
_NUMBER = ("a number", "0.5")
_WHOLE = ("a whole number", "5")
_TRUTH = ("true or false", "true")
_TABLE = ("a table of keys", "{key: value}")
_LIST = ("a list", "[one, two]")
_DAY = ("a date", "2026-11-23")
_MOMENT = ("a moment with its zone", "2026-11-23T09:00:00Z")
_SPAN = ("a duration", "6h")
_KINDS = {
    "string_type": ("text", '"text"'),
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "model_type": _TABLE,
    "dict_type": _TABLE,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "frozen_set_type": _LIST,
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "time_delta_type": _SPAN,
    "time_delta_parsing": _SPAN,
}
"""Error types of pydantic that mean another kind of value was expected, with an example of it."""
_SHAPES = frozenset(
    {"string_type", "int_type", "float_type", "model_type", "dict_type", "list_type"}
)
_BOUNDS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}
_SIZES = {
    "too_short": ("min_length", "too few entries", "at least"),
    "too_long": ("max_length", "too many entries", "at most"),
    "string_too_short": ("min_length", "too short", "at least"),
    "string_too_long": ("max_length", "too long", "at most"),
}
PATTERNS = {
    r"^[a-z0-9][a-z0-9._-]{0,63}$": (
        "a name",
        "use up to 64 lower-case letters, digits, '.', '_' and '-'",
    ),
    r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$": (
        "a version",
        "use up to 64 letters, digits, '.', '_', '+' and '-'",
    ),
    r"^sha256:[0-9a-f]{64}$": ("a digest", "write sha256: and 64 digits 0-9 a-f"),
    r"^[^\x00-\x1f\x7f]*$": ("text on one line", "remove line breaks and control characters"),
    r"^[a-z_][a-z0-9_.]{0,99}$": ("a Python module", "write its name, such as model.predict"),
    r"^[a-z][a-z_]{1,30}$": ("a name", "use up to 31 lower-case letters and '_'"),
    r"^[a-z0-9*?][a-z0-9._*?-]{0,63}$": (
        "a name or pattern",
        "use lower-case letters, digits, '.', '_', '-', '*' and '?'",
    ),
}
"""The patterns of `lock` and the policies in words, each with the way out."""


class Flaw(NamedTuple):
    """One thing wrong, before it is raised."""

    mark: Mark
    what: str
    remedy: str
    unknown: bool
    """A name does not exist; nothing else is wrong."""


class _Place(NamedTuple):
    """Where an error of a type points to."""

    key: Text | None
    node: Node

    @property
    def name(self) -> str:
        return quoted(self.key.text) if self.key else "this"


def suggestion(name: str, known: Iterable[str]) -> str:
    """Say the nearest known name, or all of them."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"write one of {', '.join(names)}" if names else "delete it"


def flaws(
    error: ValidationError, node: Node, shape: type[BaseModel], key: Text | None
) -> Iterator[Flaw]:
    """Say each error of a validation at its place.

    Args:
        error: What pydantic found.
        node: The value that was validated.
        shape: Against which model.
        key: The key that holds the value, if any.
    """
    details = error.errors(include_url=False, include_input=False)[:_MOST]
    for detail in details:
        if detail["type"] in _SHAPES and _spoken_for(detail, details):
            continue
        yield _flaw(detail, node, shape, key)


def _spoken_for(detail: ErrorDetails, details: list[ErrorDetails]) -> bool:
    """Whether another member of a union took the value's shape and says more."""
    parent = detail["loc"][:-1]
    return any(
        other["type"] not in _SHAPES
        and len(other["loc"]) > len(parent) > 0
        and other["loc"][: len(parent)] == parent
        and other["loc"][len(parent)] != detail["loc"][-1]
        for other in details
    )


def _flaw(detail: ErrorDetails, node: Node, shape: type[BaseModel], key: Text | None) -> Flaw:
    loc, kind, context = detail["loc"], detail["type"], detail.get("ctx", {})
    place = _follow(node, key, loc[:-1] if kind == "missing" else loc)
    if kind == "missing":
        mark = (place.key or place.node).mark
        owner = f" to {place.name}" if place.key else ""
        return Flaw(mark, f"'{loc[-1]}' is missing", f"add '{loc[-1]}: …'{owner}", unknown=False)
    if kind == "extra_forbidden":
        remedy = suggestion(str(loc[-1]), _keys(shape, loc[:-1]))
        return Flaw(
            (place.key or place.node).mark,
            f"unknown key {quoted(str(loc[-1]))}",
            remedy,
            unknown=True,
        )
    if loc and loc[-1] == "[key]" and place.key:
        place = _Place(None, place.key)
    what, remedy = _said(kind, context, place)
    return Flaw(place.node.mark, what, remedy, unknown=False)


def _follow(node: Node, key: Text | None, loc: tuple[int | str, ...]) -> _Place:
    """Walk to the node an error points to; parts that name no node are tags of a union."""
    for part in loc:
        if (
            isinstance(node, Table)
            and isinstance(part, str)
            and (found := node.get(part)) is not None
        ):
            key, node = node.key(part), found
        elif isinstance(node, Items) and isinstance(part, int):
            key, node = None, node.items[part]
    return _Place(key, node)


def _said(kind: str, context: dict[str, Any], place: _Place) -> tuple[str, str]:
    """Return what is wrong and what to do about it."""
    shown, colon = _show(place.node), f"{place.key.text}: " if place.key else ""
    what, remedy = "which does not fit", "see `lockstep schema` for what may stand here"
    if kind in _KINDS:
        noun, example = _KINDS[kind]
        what, remedy = f"not {noun}", f"write {noun}, such as {colon}{example}"
    elif kind in _BOUNDS:
        field, word = _BOUNDS[kind]
        what, remedy = f"not {word} {context[field]}", f"write a value {word} {context[field]}"
    elif kind in _SIZES:
        field, what, word = _SIZES[kind]
        remedy = f"give {word} {context[field]}"
    elif kind in ("literal_error", "enum"):
        names = re.findall(r"'([^']*)'", context["expected"])
        found = place.node.text if isinstance(place.node, Text) else ""
        what, remedy = f"not one of {', '.join(names)}", suggestion(found, names)
    elif kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        noun, remedy = PATTERNS.get(pattern, ("in the form asked for", f"match {pattern}"))
        what = f"not {noun}"
    elif "error" in context:
        return _ruled(str(context["error"]), shown, place)
    return f"{place.name} is {shown}, {what}", remedy


def _ruled(reason: str, shown: str, place: _Place) -> tuple[str, str]:
    """Say the words of a rule of our own: a way out for one value, a reason for a table."""
    if isinstance(place.node, Text):
        return f"{place.name} is {shown}, which does not fit", reason
    return reason, f"change {place.name}" if place.key else "change one of its values"


def _show(node: Node) -> str:
    match node:
        case Text() if node.empty:
            return "empty"
        case Text():
            return quoted(node.text)
        case Items():
            return "a list" if node.items else "an empty list"
        case Table():
            return "a table" if node.pairs else "an empty table"
        case _:
            assert_never(node)


def _keys(shape: type[BaseModel], loc: tuple[int | str, ...]) -> set[str]:
    """Name the keys that the models at a place know."""
    here: list[Any] = [shape]
    for part in loc:
        here = [inner for one in here for inner in _inside(one, part)] or here
    return {
        field.alias or name
        for one in here
        for m in _models(one)
        for name, field in m.model_fields.items()
    }


def _inside(annotation: Any, part: int | str) -> Iterator[Any]:
    """Yield what a field, a key or an index leads to."""
    arguments = get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if part == (field.alias or name):
                yield field.annotation
    elif get_origin(annotation) is dict:
        yield arguments[1]
    elif isinstance(part, int):
        yield from arguments
    else:
        for argument in arguments:
            yield from _inside(argument, part)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
