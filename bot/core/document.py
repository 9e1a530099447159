"""A document is read strictly: what it says is what stands there, or it is refused with its place.

YAML gives the nodes and nothing else; no scalar is guessed at, and the constructs by which one
text can mean two things (anchors, tags, merge keys, doubled keys, unseen characters) are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn

import yaml

from bot.core.errors import Malformed, Problem
from bot.core.nodes import Items, Mark, Node, Table, Text, plain, quoted
from bot.core.typed import Choice, Reading, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Loader = yaml.SafeLoader | yaml.CSafeLoader

__all__ = [
    "Choice",
    "Items",
    "Mark",
    "Node",
    "Reading",
    "Table",
    "Text",
    "comments",
    "load",
    "plain",
    "read",
]

Event = Any
"""An event of either parser; the stubs allow its marks to be missing, and neither parser does."""
ALIAS = "write the value out, or quote it when it is a pattern"
_MAX_DEPTH = 12
_MOST = 50
"""Problems told at once; a person mends those first."""
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml when it is there; the pure parser emits the same events, slower."""
# C0 and C1 controls, soft hyphen, zero-width, bidirectional and tag characters, line and
# paragraph separators, surrogates, non-characters: what a reviewer cannot see.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
_REMEDIES = {
    "mapping values are not allowed": "quote a value that holds ': ', and check the indentation",
    "cannot start any token": "quote the value, and indent with spaces, not tabs",
    "found a tab": "indent with spaces, not tabs",
    "expected ':'": "end the key with a colon and a space",
    "expected ',' or": "close the bracket or brace, and put commas between entries",
    "unexpected end of stream": "close the quote",
    "unknown escape": "double the backslash, or use single quotes",
}


def read(
    text: bytes,
    file: str,
    *,
    line_offset: int = 0,
    max_bytes: int = 256 * 1024,
    max_nodes: int = 20_000,
    loader: type[Loader] = LOADER,
) -> Node:
    """Read one strict YAML document into nodes with their places.

    Args:
        text: The document, UTF-8.
        file: Its name in messages.
        line_offset: Lines that stand before `text` in the file.
        max_bytes: Cap; a larger document is refused unread.
        max_nodes: Cap on values; reading stops there.
        loader: Whose events to read; both parsers read alike.

    Raises:
        Malformed: every problem found up to the first one that makes the rest unreadable.
    """
    if len(text) > max_bytes:
        what = f"the file has {len(text):,} bytes, more than {max_bytes:,}"
        raise Malformed(
            Problem(what=what, remedy="split it or remove what is not needed", file=file)
        )
    composer = _Composer(file, line_offset, max_nodes)
    characters = _decode(text, file, line_offset)
    try:
        composer.run(yaml.parse(characters, Loader=loader))
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # The pure parser meets "\UFFFFFFFF" with a bare ValueError or OverflowError.
        composer.problems.append(_syntax(error, file, line_offset))
    except _Stop:
        pass
    if composer.problems:
        raise Malformed(
            *sorted(composer.problems, key=lambda one: (one.line or 0, one.column or 0))
        )
    return composer.root


def comments(text: bytes, file: str, *, loader: type[Loader] = LOADER) -> tuple[Mark, ...]:
    """Find the comments of a document that `read` accepts.

    Raises:
        Malformed: the text is not UTF-8, or holds invisible characters.
    """
    characters = _decode(text, file, 0)
    bare = list(characters)
    scalars: list[Event] = [
        event
        for event in yaml.parse(characters, Loader=loader)
        if isinstance(event, yaml.ScalarEvent)
    ]
    for event in scalars:
        start, end = event.start_mark.index, event.end_mark.index
        if event.style in ("|", ">"):
            # What follows the sign on its own line may be a comment; what follows below is text.
            start = characters.find("\n", start) % (len(characters) + 1)
        bare[start:end] = [_kept(one) for one in bare[start:end]]
    rows = enumerate("".join(bare).split("\n"), start=1)
    return tuple(Mark(file, line, row.index("#") + 1) for line, row in rows if "#" in row)


def _kept(character: str) -> str:
    return "\n" if character == "\n" else " "


def _decode(text: bytes, file: str, offset: int) -> str:
    try:
        characters = text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1 + offset
        column = len(text[text.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8")) + 1
        what = f"byte 0x{text[error.start]:02x} is not UTF-8"
        raise Malformed(
            Problem(what=what, remedy="save the file as UTF-8", file=file, line=line, column=column)
        ) from None
    found = _invisible(characters.replace("\r\n", " \n"), file, offset)
    problems = list(islice(found, _MOST))
    if problems:
        raise Malformed(*problems)
    return characters


def _invisible(characters: str, file: str, offset: int) -> Iterator[Problem]:
    if _INVISIBLE.search(characters) is None:
        return
    for number, line in enumerate(characters.split("\n"), start=1 + offset):
        found = _INVISIBLE.search(line)
        if found:
            yield _problem(Mark(file, number, found.start() + 1), *_unseen(found[0]))


def _unseen(character: str) -> tuple[str, str]:
    return f"the invisible character U+{ord(character):04X} is not allowed", "delete it"


def _problem(mark: Mark, what: str, remedy: str) -> Problem:
    return Problem(what=what, remedy=remedy, file=mark.file, line=mark.line, column=mark.column)


def _syntax(error: Exception, file: str, offset: int) -> Problem:
    place = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or "a character cannot be read"
    remedy = next(
        (way for sign, way in _REMEDIES.items() if sign in said),
        "check the indentation, quotes and brackets here and above",
    )
    what = f"this is not YAML ({said})"
    if place is None:
        return Problem(what=what, remedy=remedy, file=file)
    return _problem(Mark(file, place.line + 1 + offset, place.column + 1), what, remedy)


class _Stop(Exception):  # noqa: N818 -- it ends the reading; the problems say why
    """The rest of the document is not worth reading."""


@dataclass(slots=True)
class _Open:
    """A list or table whose end has not been met."""

    event: Event
    mark: Mark
    nodes: list[Node] = field(default_factory=list)


class _Composer:
    """Builds nodes from events, so that depth and number are capped before memory is spent."""

    def __init__(self, file: str, offset: int, max_nodes: int) -> None:
        self.file, self.offset, self.left = file, offset, max_nodes
        self.problems: list[Problem] = []
        self.open: list[_Open] = []
        self.documents = 0
        self.root: Node = Text("", plain=True, mark=Mark(file, 1 + offset, 1))

    def run(self, events: Iterable[Event]) -> None:
        for event in events:
            match event:
                case yaml.DocumentStartEvent():
                    self._document(event)
                case yaml.AliasEvent():
                    alias = quoted(f"*{event.anchor}")
                    mark = self._mark(event)
                    self._refuse(mark, f"the alias {alias} is not allowed", ALIAS)
                    self._place(Text("", plain=True, mark=mark))
                case yaml.ScalarEvent():
                    self._count(event)
                    self._place(self._scalar(event))
                case yaml.CollectionStartEvent():
                    self._begin(event)
                case yaml.CollectionEndEvent():
                    self._place(self._close(self.open.pop()))
                case _:  # the stream and the document end
                    pass

    def _mark(self, event: Event) -> Mark:
        return Mark(self.file, event.start_mark.line + 1 + self.offset, event.start_mark.column + 1)

    def _refuse(self, mark: Mark, what: str, remedy: str) -> None:
        self.problems.append(_problem(mark, what, remedy))
        if len(self.problems) >= _MOST:
            raise _Stop

    def _stop(self, event: Event, what: str, remedy: str) -> NoReturn:
        self.problems.append(_problem(self._mark(event), what, remedy))
        raise _Stop

    def _document(self, event: Event) -> None:
        self.documents += 1
        if self.documents > 1:
            self._stop(event, "a second document begins here", "keep one document per file")
        if event.version or event.tags:
            what = "a YAML directive is not allowed"
            self._refuse(self._mark(event), what, "delete the line that begins with %")

    def _count(self, event: Event) -> None:
        self.left -= 1
        if self.left < 0:
            self._stop(event, "the document has too many values", "split it into several files")
        if event.anchor is not None:
            what = f"the anchor {quoted('&' + event.anchor)} is not allowed"
            self._refuse(self._mark(event), what, "write the value out")
        if event.tag is not None:
            what = f"the tag {quoted(event.tag)} is not allowed"
            self._refuse(self._mark(event), what, "delete the tag")

    def _begin(self, event: Event) -> None:
        self._count(event)
        if len(self.open) >= _MAX_DEPTH:
            what = f"values are nested more than {_MAX_DEPTH} deep"
            self._stop(event, what, "flatten the document")
        self.open.append(_Open(event, self._mark(event)))

    def _scalar(self, event: Event) -> Text:
        mark = self._mark(event)
        found = _INVISIBLE.search(event.value)
        if found:
            self._refuse(mark, *_unseen(found[0]))
        return Text(event.value, not event.style, mark)

    def _place(self, node: Node) -> None:
        if self.open:
            self.open[-1].nodes.append(node)
        else:
            self.root = node

    def _close(self, opened: _Open) -> Node:
        if isinstance(opened.event, yaml.SequenceStartEvent):
            return Items(tuple(opened.nodes), opened.mark)
        pairs: dict[str, tuple[Text, Node]] = {}
        for key, value in zip(opened.nodes[::2], opened.nodes[1::2], strict=True):
            if not isinstance(key, Text):
                self._refuse(key.mark, "a key must be text", "write `key: value`")
            elif key.plain and key.text == "":
                self._refuse(key.mark, "a key is empty", "write `key: value`")
            elif key.plain and key.text == "<<":
                self._refuse(key.mark, "the merge key '<<' is not allowed", "write the keys out")
            elif key.text in pairs:
                first = pairs[key.text][0].mark.line
                what = f"the key {quoted(key.text)} stands twice, first on line {first}"
                self._refuse(key.mark, what, "keep one")
            else:
                pairs[key.text] = (key, value)
        return Table(tuple(pairs.values()), opened.mark)
