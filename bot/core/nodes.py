"""A document as it was written: text, lists and tables, each with its place.

No scalar has a type here; the declared type of a field decides what a text means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, assert_never

_SHOWN = 60
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Mark(NamedTuple):
    """Where something stands; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """`file:line:column`."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar."""

    text: str
    plain: bool
    """Written without quotes."""
    mark: Mark

    @property
    def empty(self) -> bool:
        """Whether it says "there is none": nothing at all, `~` or `null`, without quotes."""
        return self.plain and self.text in _NULLS


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping, in the order it was written; its keys are text and differ."""

    pairs: tuple[tuple[Text, Node], ...]
    mark: Mark

    def key(self, name: str) -> Text | None:
        """The key of that name, with its place."""
        return next((key for key, _ in self.pairs if key.text == name), None)

    def get(self, name: str) -> Node | None:
        """The value under a key."""
        return next((node for key, node in self.pairs if key.text == name), None)

    def without(self, *names: str) -> Table:
        """The same table less some keys, for a part that is loaded in another way."""
        return Table(tuple(pair for pair in self.pairs if pair[0].text not in names), self.mark)


Node = Text | Items | Table
Plain = str | None | list["Plain"] | dict[str, "Plain"]
"""A document without places, every scalar still text."""


def quoted(text: str) -> str:
    """Quote a text of the document for a message, on one line and shortened."""
    shown = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return "'" + shown.replace("\n", " ") + "'"


def plain(node: Node) -> Plain:
    """Strip the places; unquoted `null`, `~` and nothing become None."""
    match node:
        case Text():
            return None if node.empty else node.text
        case Items():
            return [plain(item) for item in node.items]
        case Table(pairs=pairs):
            return {key.text: plain(value) for key, value in pairs}
        case _:
            assert_never(node)
