"""The docstrings under fields, read from the source, as descriptions in a schema."""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator

Shape = dict[str, Any]
NOISE = ("gt", "ge", "lt", "le")
"""Bounds that pydantic repeats outside of the number they bind; ours are said in numbers."""
BOUNDS = {
    "gt": "exclusiveMinimum",
    "ge": "minimum",
    "lt": "exclusiveMaximum",
    "le": "maximum",
}


def documented(model: type[BaseModel]) -> Shape:
    """Return a model's JSON Schema, every field described by the docstring under it."""
    schema = model.model_json_schema()
    for one in models_in(model):
        name = one.__name__
        shape = schema if one is model else schema.get("$defs", {}).get(name, {})
        for field, text in field_docstrings(one).items():
            shape["properties"][field]["description"] = text
    plain: Shape = _plain(schema)
    return plain


def field_docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstring of each field as a policy names it, those of parents included."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if issubclass(one, BaseModel) and one is not BaseModel:
            found |= dict(_in_class(one))
    named = {name: field.alias or name for name, field in model.model_fields.items()}
    return {named[name]: text for name, text in found.items() if name in named}


def _in_class(model: type) -> Iterator[tuple[str, str]]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(model)))
    (body,) = (node.body for node in tree.body if isinstance(node, ast.ClassDef))
    for line, below in pairwise(body):
        match line, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, inspect.cleandoc(text)
            case _:
                pass


def models_in(model: type[BaseModel]) -> set[type[BaseModel]]:
    """Return a model and every model its fields hold."""
    found = {model}
    for field in model.model_fields.values():
        for inner in _held(field.annotation):
            found |= models_in(inner)
    return found


def _held(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _held(argument)


def _plain(shape: Any) -> Any:
    """Drop the titles that only repeat names, and say bounds as JSON Schema does."""
    if isinstance(shape, list):
        return [_plain(item) for item in shape]
    if not isinstance(shape, dict):
        return shape
    kept = {key: _plain(value) for key, value in shape.items() if not _noise(key, value)}
    if kept.get("type") == "array" and "minLength" in kept:
        # pydantic does not look behind the reader that makes a tuple of a list.
        kept["minItems"] = kept.pop("minLength")
    if "patternProperties" in kept:
        kept["additionalProperties"] = False
    for key in NOISE:
        if isinstance(shape.get(key), int | float):
            kept[BOUNDS[key]] = shape[key]
    return kept


def _noise(key: str, value: Any) -> bool:
    return (key == "title" and isinstance(value, str)) or (
        key in NOISE and not isinstance(value, dict)
    )
