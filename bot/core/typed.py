"""A typed value is loaded from nodes: the declared type decides what each scalar means.

Every wrong one is reported with its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from bot.core.errors import Malformed, Problem, UnknownName
from bot.core.nodes import Items, Mark, Node, Table, Text, plain, quoted
from bot.core.wording import Flaw, flaws, suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Choice(Generic[M]):
    """One entry of a list in which each entry names its kind, `- name: {settings}`."""

    name: str
    settings: M
    mark: Mark
    """Where the name stands."""


def load(node: Node, shape: type[M]) -> M:
    """Load one typed value.

    Raises:
        Malformed: a value is missing or wrong; lists every problem, unknown keys as well.
        UnknownName: unknown keys are all that is wrong.
    """
    reading = Reading()
    value = reading.load(node, shape)
    reading.settle()
    assert value is not None, "what did not load has a problem"  # noqa: S101 -- narrows a type
    return value


class Reading:
    """Loads several parts of a document and refuses once, with every problem in order of place."""

    def __init__(self) -> None:
        """Begin with nothing wrong."""
        self._flaws: list[Flaw] = []

    def load(self, node: Node, shape: type[M], *, key: Text | None = None) -> M | None:
        """Load one typed value; None after a problem, which `settle` will raise.

        Args:
            node: What stands there; an empty text is an empty table.
            shape: The pydantic model.
            key: The key whose value this is; a missing field is reported there.
        """
        if isinstance(node, Text) and node.empty and key is not None:
            node = Table((), key.mark)
        try:
            return shape.model_validate(plain(node))
        except ValidationError as error:
            self._flaws += flaws(error, node, shape, key)
        except ArithmeticError:
            self.refuse((key or node).mark, "a number here is too large", "write a smaller number")
        return None

    def choices(
        self, node: Node, table: Mapping[str, type[M]], *, kind: str
    ) -> tuple[Choice[M], ...]:
        """Load a list of single-key mappings, each key a name of `table`.

        Args:
            node: `[name, name: {…}, {name: {…}}]`; a bare name has no settings.
            table: The model of each name's settings.
            kind: What a name is called in messages, such as `gate`.
        """
        if isinstance(node, Text) and node.empty:
            return ()
        if not isinstance(node, Items):
            self.refuse(
                node.mark, f"this is not a list of {kind}s", f"write `- {kind}: {{…}}`, one a line"
            )
            return ()
        found = (self._choice(item, table, kind) for item in node.items)
        return tuple(choice for choice in found if choice is not None)

    def _choice(self, item: Node, table: Mapping[str, type[M]], kind: str) -> Choice[M] | None:
        match item:
            case Text() if not item.empty:
                name, settings = item, Text("", plain=True, mark=item.mark)
            case Table(pairs=((name, settings),)):
                pass
            case _:
                self.refuse(
                    item.mark, f"this is not one {kind}", f"write `- {kind}: {{…}}`, one a line"
                )
                return None
        shape = table.get(name.text)
        if shape is None:
            remedy = suggestion(name.text, table)
            self.refuse(name.mark, f"unknown {kind} {quoted(name.text)}", remedy, unknown=True)
            return None
        value = self.load(settings, shape, key=name)
        return None if value is None else Choice(name.text, value, name.mark)

    def refuse(self, mark: Mark, what: str, remedy: str, *, unknown: bool = False) -> None:
        """Note a problem that types cannot see; `unknown` when a name does not exist."""
        self._flaws.append(Flaw(mark, what, remedy, unknown=unknown))

    def settle(self) -> None:
        """Raise what was found, in order of place.

        Raises:
            Malformed: at least one problem is more than an unknown name.
            UnknownName: every problem is an unknown name.
        """
        if not self._flaws:
            return
        ordered = sorted(self._flaws, key=lambda flaw: flaw.mark)
        kind = UnknownName if all(flaw.unknown for flaw in ordered) else Malformed
        raise kind(*dict.fromkeys(_problem(flaw) for flaw in ordered))


def _problem(flaw: Flaw) -> Problem:
    file, line, column = flaw.mark
    return Problem(what=flaw.what, remedy=flaw.remedy, file=file, line=line, column=column)
