"""A lock file is read whole, or only where it changed.

The cost of a change is the cost of the models it touches; a lock that does not split into
models is parsed whole and refused with the place where it is not canonical.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import TYPE_CHECKING

from bot.core.canonical import COMMENT, HEADER, dump, dump_model
from bot.core.document import comments, read
from bot.core.errors import Malformed, NotCanonical, Problem
from bot.core.lock import Model
from bot.core.lockblocks import Block, find, split
from bot.core.lockcheck import at, checked, loaded, whole
from bot.core.nodes import Mark, Node, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "Block",
    "Change",
    "Locate",
    "blocks",
    "changed",
    "dump",
    "dump_model",
    "fmt",
    "locator",
    "model_in",
    "parse",
]

_MAX_BYTES = 64 * 1024 * 1024
_MAX_NODES = 2_000_000
"""A lock of 10,000 models has half a million; a bomb of this many takes seconds, not gigabytes."""
_FIX = "run `lockstep fmt`"

Change = tuple[Model | None, Model | None]
"""A model before and after; None where it is not in the lock."""
Locate = Callable[[str, tuple[str, ...]], Mark | None]
"""Where a model's fact stands, such as `locate("credit-risk", ("stages", "production"))`."""


def parse(text: bytes, file: str) -> dict[str, Model]:
    """Read a whole lock; it need not be canonical.

    Raises:
        Malformed: every problem, with its place.
        UnknownName: unknown keys, or versions that are named and not registered.
    """
    return checked(_read(text, file))


def blocks(text: bytes, file: str) -> dict[str, Block]:
    """Split a canonical lock into its models, in the order they stand, without parsing them.

    Raises:
        NotCanonical: the lock is valid and does not split, or its models are not in order.
        Malformed, UnknownName: the lock is not valid.
    """
    found = split(text)
    if found is None:
        raise _not_canonical(text, dump(parse(text, file)), file)
    for (name, block), due in zip(found.items(), sorted(found), strict=True):
        if name != due:
            place = Mark(file, block.line, 3)
            raise NotCanonical(_problem(place, f"model '{name}' stands before '{due}'", _FIX))
    return found


def changed(base: bytes, head: bytes, file: str) -> dict[str, Change]:
    """Read the models in which two locks differ, and only those.

    Args:
        base: The landed lock; empty when there is none yet. It need not be canonical.
        head: The proposed lock.
        file: Its name in messages.

    Returns:
        The changed models by name, in order; the base's side was judged when it landed, so that
        only its types are checked.

    Raises:
        NotCanonical: the header, the order or a changed model of the head is not canonical.
        Malformed, UnknownName: a changed model of the head is not valid.
    """
    if base == head:
        return {}
    after, base_file = blocks(head, file), f"{file} of the base branch"
    before = _landed(base, base_file)
    names = sorted(name for name in before.keys() | after.keys() if _differs(name, before, after))
    heads = checked(_nodes((after[name] for name in names if name in after), file))
    for name, model in heads.items():
        block = after[name]
        if (due := dump_model(name, model)) != block.text:
            raise _not_canonical(block.text, due, file, offset=block.line - 1)
    bases = loaded(_nodes((before[name] for name in names if name in before), base_file))
    pairs = {name: (bases.get(name), heads.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def model_in(text: bytes, name: str, file: str) -> Model | None:
    """Read one model of a landed lock, for its history; its types are checked, no more.

    Raises:
        Malformed, UnknownName: the model, or a lock that is not canonical, cannot be read.
    """
    block = find(text, name) if text.startswith(HEADER) else None
    if block is not None:
        return loaded(_nodes([block], file)).get(name)
    return None if split(text) is not None else loaded(_read(text, file)).get(name)


def fmt(text: bytes, file: str) -> bytes:
    """Write any valid lock in canonical form.

    Raises:
        Malformed: the lock is not valid, or holds a comment that would be lost.
        UnknownName: as `parse`.
    """
    models = parse(text, file)
    header = text.startswith(f"{COMMENT}\n".encode())
    lost = [mark for mark in comments(text, file) if not (header and mark.line == 1)]
    if lost:
        remedy = "move it to a reason or to the pull request, and delete it here"
        raise Malformed(*(_problem(mark, "this comment would be lost", remedy) for mark in lost))
    return dump(models)


def locator(head: bytes, file: str) -> Locate:
    """Return a search for the place of a fact in a canonical lock, for messages."""

    def locate(name: str, path: tuple[str, ...]) -> Mark | None:
        block = (split(head) or {}).get(name)
        return None if block is None else at(_nodes([block], file), ("models", name, *path))

    return locate


def _read(text: bytes, file: str, *, line_offset: int = 0) -> Node:
    return read(text, file, line_offset=line_offset, max_bytes=_MAX_BYTES, max_nodes=_MAX_NODES)


def _nodes(found: Iterable[Block], file: str) -> Table:
    """Read some models as if they were all of the lock."""
    tables = [_read(block.text, file, line_offset=block.line - 1) for block in found]
    pairs = tuple(pair for table in tables if isinstance(table, Table) for pair in table.pairs)
    return whole(Table(pairs, Mark(file, HEADER.count(b"\n"), 1)))


def _landed(base: bytes, file: str) -> Mapping[str, Block]:
    """Split the landed lock, written anew if it is not canonical."""
    if not base:
        return {}
    return split(base) or split(dump(loaded(_read(base, file)))) or {}


def _differs(name: str, before: Mapping[str, Block], after: Mapping[str, Block]) -> bool:
    old, new = before.get(name), after.get(name)
    return old is None or new is None or old.text != new.text


def _not_canonical(text: bytes, due: bytes, file: str, *, offset: int = 0) -> NotCanonical:
    """Point at the first character that the canonical form writes otherwise."""
    rows = enumerate(zip_longest(text.split(b"\n"), due.split(b"\n")), start=1 + offset)
    line, (found, wanted) = next((line, pair) for line, pair in rows if pair[0] != pair[1])
    if found is None or wanted is None:
        line, column = line - 1, 1
        what = "the file ends in another place than in canonical form"
    else:
        same = len(_shared(found, wanted).decode("utf-8", errors="ignore"))
        column = same + 1
        what = f"this is not canonical, which is: {wanted.decode()[:120].strip() or 'a blank line'}"
    return NotCanonical(_problem(Mark(file, line, column), what, _FIX))


def _shared(one: bytes, other: bytes) -> bytes:
    length = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    return one[:length]


def _problem(mark: Mark, what: str, remedy: str) -> Problem:
    return Problem(what=what, remedy=remedy, file=mark.file, line=mark.line, column=mark.column)
