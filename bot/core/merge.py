"""Three locks are merged by what they say: by model, then by fact; two answers are a conflict.

Nothing is invented: every fact of the result stands in one of the sides, and a fact that both
sides changed in different ways is refused by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from bot.core.canonical import EMPTY, dump_model, join
from bot.core.errors import ForbiddenChange, Problem
from bot.core.lock import Model
from bot.core.lockblocks import split
from bot.core.lockcheck import contradictions
from bot.core.lockfile import changed, fmt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


def merge(base: bytes, ours: bytes, theirs: bytes, *, file: str) -> bytes:
    """Merge two changes of a lock.

    Args:
        base: The lock both sides began with; empty when there was none.
        ours: One side.
        theirs: The other.
        file: The lock's name in messages.

    Returns:
        The merged lock, canonical.

    Raises:
        ForbiddenChange: both sides changed one fact, or what they say together contradicts
            itself; lists every conflict.
        Malformed, UnknownName: one of the locks is not valid.
    """
    first, second = _canonical(ours, file), _canonical(theirs, file)
    here, there = changed(base, first, file), changed(base, second, file)
    conflicts: list[Problem] = []

    def conflict(what: str) -> None:
        conflicts.append(Problem(what=what, remedy="choose one by hand", file=file))

    texts = {name: block.text for name, block in (split(first) or {}).items()}
    for name in sorted(there):
        was, theirs_now = there[name]
        ours_now = here[name][1] if name in here else was
        model = _model(name, was, ours_now, theirs_now, conflict)
        texts.pop(name, None)
        if model is not None:
            texts[name] = dump_model(name, model)
    if conflicts:
        raise ForbiddenChange(*conflicts)
    return join(texts)


def _canonical(text: bytes, file: str) -> bytes:
    """Write a side anew if it does not split; a side that is not there has no models."""
    if not text:
        return EMPTY
    return text if split(text) is not None else fmt(text, file)


def _model(
    name: str,
    base: Model | None,
    ours: Model | None,
    theirs: Model | None,
    conflict: Callable[[str], None],
) -> Model | None:
    if ours is None or theirs is None or ours == theirs or base in (ours, theirs):
        return _one(f"model '{name}'", base, ours, theirs, conflict)
    facts: dict[str, Any] = {}
    for field in Model.model_fields:
        was = getattr(base, field) if base else {}
        now = getattr(ours, field), getattr(theirs, field)
        facts[field] = _table(f"{name}: {field}", was, *now, conflict=conflict)
    model = Model.model_construct(**facts)
    for one in contradictions(model):
        conflict(f"{name}: together, {one.what}")
    return model


def _table(
    what: str,
    base: Mapping[str, T],
    ours: Mapping[str, T],
    theirs: Mapping[str, T],
    *,
    conflict: Callable[[str], None],
) -> dict[str, T]:
    found = {
        key: _one(f"{what} '{key}'", base.get(key), ours.get(key), theirs.get(key), conflict)
        for key in sorted({*base, *ours, *theirs})
    }
    return {key: value for key, value in found.items() if value is not None}


def _one(
    what: str, base: T | None, ours: T | None, theirs: T | None, conflict: Callable[[str], None]
) -> T | None:
    """Return the side that changed; None is a fact that is not there."""
    if theirs in (ours, base):
        return ours
    if ours == base:
        return theirs
    conflict(f"{what} is {_shown(ours)} on our side and {_shown(theirs)} on theirs")
    return None


def _shown(value: object) -> str:
    match value:
        case None:
            return "removed"
        case str() | int():
            return f"'{value}'"
        case _:
            return "changed"
