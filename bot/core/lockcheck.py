"""The nodes of a lock become models, and what they say must agree with itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import BeforeValidator

from bot.core.lock import Model, Name, Value
from bot.core.nodes import Mark, Node, Table, Text
from bot.core.typed import Reading, load
from bot.core.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator

_YEARS = range(1970, 3000)


def _format(value: object) -> object:
    if value != "1":
        raise ValueError("write format: 1, or use the Lockstep that wrote this lock")
    return 1


class LockDocument(Value):
    """The whole file."""

    format: Annotated[int, BeforeValidator(_format)]
    models: dict[Name, Model]


class Contradiction(NamedTuple):
    """Two facts of one model that cannot both stand."""

    path: tuple[str, ...]
    what: str
    remedy: str
    unknown: bool


def checked(node: Node) -> dict[str, Model]:
    """Load a lock and refuse what contradicts itself.

    Raises:
        Malformed: a value is wrong, or two facts contradict each other.
        UnknownName: an unknown key, or a version that is named and not registered.
    """
    models = loaded(node)
    reading = Reading()
    for name, model in models.items():
        for path, what, remedy, unknown in contradictions(model):
            reading.refuse(at(node, ("models", name, *path)), what, remedy, unknown=unknown)
    reading.settle()
    return models


def loaded(node: Node) -> dict[str, Model]:
    """Load a lock by its types alone.

    Raises:
        Malformed: a value is wrong.
        UnknownName: an unknown key.
    """
    return load(node, LockDocument).models


def whole(models: Table) -> Table:
    """Wrap models as the document they were cut from."""
    mark = models.mark
    pairs = (
        (Text("format", plain=True, mark=mark), Text("1", plain=True, mark=mark)),
        (Text("models", plain=True, mark=mark), models),
    )
    return Table(pairs, mark)


def at(node: Node, path: tuple[str, ...]) -> Mark:
    """Return the place of a fact, or of the nearest thing above it that is there."""
    mark = node.mark
    for name in path:
        if not isinstance(node, Table):
            break
        key, inner = node.key(name), node.get(name)
        if key is None or inner is None:
            break
        mark = inner.mark if isinstance(inner, Text) else key.mark
        node = inner
    return mark


def contradictions(model: Model) -> Iterator[Contradiction]:
    """Yield what a model says against itself."""
    known = model.versions
    named = [
        *(
            (("stages", stage), f"stage '{stage}'", version)
            for stage, version in model.stages.items()
        ),
        *(
            (("holds", stage, "version"), f"the hold on '{stage}'", hold.version)
            for stage, hold in model.holds.items()
            if hold.version is not None
        ),
        *((("released", version), "this release", version) for version in model.released),
        *((("retired", version), "this retirement", version) for version in model.retired),
    ]
    for path, who, version in named:
        if version not in known:
            what = f"{who} names version '{version}', which is not registered"
            yield Contradiction(path, what, suggestion(version, known), unknown=True)
    for stage, version in model.stages.items():
        if version in model.retired:
            what = f"stage '{stage}' is served by version '{version}', which is retired"
            remedy = "let another version serve it, or take the stage out"
            yield Contradiction(("stages", stage), what, remedy, unknown=False)
    for version, entry in known.items():
        created = entry.lineage.created
        if created is not None and created.year not in _YEARS:
            what = f"version '{version}' was not created in the year {created.year}"
            path = ("versions", version, "lineage", "created")
            yield Contradiction(path, what, "write the moment of training", unknown=False)
