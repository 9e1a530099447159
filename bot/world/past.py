"""Reading the history of a few models out of a large lock, without reading every lock of it.

A recorded commit says in its trailers which models it changed, and is taken at its word: what
forged trailers hide shows as a change of the next commit that is read, and `lockstep audit`
names the forgery.  A commit without a record is always read.  So the cost follows the model's
own history, not that of the lock.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from bot.core.canonical import HEADER, dump
from bot.core.errors import Refusal
from bot.core.history import Snapshot, claimed
from bot.core.lockblocks import find, split
from bot.core.lockfile import model_in, parse
from bot.core.proposal import LOCK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.core.lock import Model
    from bot.world.git_log import Landed
    from bot.world.repository import Repository

MOST = 20_000
"""Commits of the lock that are looked at."""
AT_ONCE = 128_000_000
"""Bytes of locks that are held in memory at once, about."""


def read_snapshots(
    repository: Repository, tip: str, names: Sequence[str]
) -> dict[str, tuple[Snapshot, ...]]:
    """Read what each model was after every landed commit that changed it, newest first.

    Args:
        repository: Where.
        tip: A commit; its first parents are the landed ones.
        names: Which models.
    """
    landed = [one for one in repository.history(tip, LOCK, most=MOST) if one.oid is not None]
    if not landed or not names:
        return dict.fromkeys(names, ())
    messages = _messages(repository, landed)
    claims = [claimed(message) for message in messages]
    cuts = _Cuts(repository, tuple(names))
    found = {}
    for name in names:
        told = [index for index, claim in enumerate(claims) if claim is None or name in claim]
        found[name] = _snapshots(name, landed, messages, _read(name, landed, told, cuts))
    return found


def recent(repository: Repository, tip: str, commits: int) -> tuple[list[str], list[str]]:
    """Name the newest landed commits of the lock, and the models that they changed.

    Returns:
        Commits, newest first; models, by name.
    """
    history = repository.history(tip, LOCK, most=commits + 1)
    landed = [one for one in history if one.oid is not None]
    names: set[str] = set()
    for one, message in zip(landed[:commits], _messages(repository, landed), strict=False):
        claim = claimed(message)
        if claim is None:
            after = landed.index(one) + 1
            older = landed[after].oid if after < len(landed) else None
            claim = _changed(repository, older, str(one.oid))
        names |= claim
    return [one.commit for one in landed[:commits]], sorted(names)


def _changed(repository: Repository, older: str | None, newer: str) -> frozenset[str]:
    """Name the models whose text differs between two locks."""
    read = [oid for oid in (older, newer) if oid is not None]
    *before, after = (_blocks(text) for text in repository.contents(read))
    was = before[0] if before else {}
    return frozenset(name for name in was.keys() | after if was.get(name) != after.get(name))


def _blocks(text: bytes) -> dict[str, bytes]:
    """Split a lock into its models' texts; nothing when it cannot be read."""
    found = split(text)
    with contextlib.suppress(Refusal):
        found = split(dump(parse(text, LOCK))) if found is None else found
    return {name: block.text for name, block in (found or {}).items()}


class _Cuts:
    """The text of some models in locks that were read, by the lock's object id."""

    def __init__(self, repository: Repository, names: tuple[str, ...]) -> None:
        self._repository, self._names = repository, names
        self._read: dict[str, dict[str, bytes]] = {}
        self._size = AT_ONCE

    def load(self, oids: Iterable[str]) -> None:
        """Read the locks that were not read yet, a few at once."""
        due = [oid for oid in dict.fromkeys(oids) if oid not in self._read]
        while due:
            # The size of a lock is known after the first one; locks grow slowly.
            some = due[: max(1, AT_ONCE // self._size)]
            for oid, text in zip(some, self._repository.contents(some), strict=True):
                self._size = max(len(text), 1)
                self._read[oid] = {name: _cut(text, name) for name in self._names}
            due = due[len(some) :]

    def of(self, oid: str, name: str) -> bytes:
        """Return a model's text in a lock that was loaded; empty when it is not in it."""
        return self._read[oid][name]


def _read(
    name: str, landed: Sequence[Landed], told: Sequence[int], cuts: _Cuts
) -> dict[int, bytes]:
    """Return the text of a model after the commits that may have changed it, by index.

    Args:
        name: Which model.
        landed: Commits that changed the lock, newest first.
        told: Indices of those that may have changed the model.
        cuts: Where texts are read.
    """
    oids = [str(one.oid) for one in landed]
    marks = sorted({0, len(oids) - 1, *told})
    cuts.load(oids[index] for index in marks)
    newest = next(iter(told), marks[-1])
    if cuts.of(oids[0], name) != cuts.of(oids[newest], name):
        # What is current must be right, whatever the commits above say.
        marks += range(1, newest)
        cuts.load(oids[index] for index in marks)
    return {index: cuts.of(oids[index], name) for index in sorted(marks)}


def _snapshots(
    name: str, landed: Sequence[Landed], messages: Sequence[str], texts: dict[int, bytes]
) -> tuple[Snapshot, ...]:
    """Keep the commits after which the model is another one than before, newest first."""
    rows: list[Snapshot] = []
    text, model = b"", None
    for index in sorted(texts, reverse=True):
        if texts[index] == text:
            continue
        text, before, model = texts[index], model, _model(texts[index], name)
        if model is not None and model != before:
            one = landed[index]
            message = messages[index]
            rows.append(Snapshot(commit=one.commit, at=one.at, message=message, model=model))
    return tuple(reversed(rows))


def _messages(repository: Repository, landed: Sequence[Landed]) -> list[str]:
    raw = repository.contents([one.commit for one in landed])
    return [text.partition(b"\n\n")[2].decode("utf-8", "replace") for text in raw]


def _cut(text: bytes, name: str) -> bytes:
    """Return a lock of one model; all of a lock that does not begin as a canonical one does."""
    if not text.startswith(HEADER):
        return text
    block = find(text, name)
    return b"" if block is None else HEADER + block.text


def _model(text: bytes, name: str) -> Model | None:
    """Read a cut; None when the model is not in it or cannot be read any more."""
    with contextlib.suppress(Refusal):
        return model_in(text, name, LOCK)
    return None
