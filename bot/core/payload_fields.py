"""A field of a payload has a type and a form; what has neither is `Wrong`, by its name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import cast

LARGEST = 2**53
"""GitHub writes ids as JSON numbers; beyond this a reader of JSON may have rounded."""
LONGEST_BRANCH = 255
LONGEST_URL = 2_000
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9_-])?(?:\[bot\])?")
_WORD = re.compile(r"[A-Za-z_]{1,64}")
_URL = re.compile(r"https?://[!-~]+")


class Wrong(Exception):  # noqa: N818 -- it is said of a field, and reads so
    """A field is not there, or not what it should be."""


def present(value: object) -> Mapping[str, object]:
    """Take a value for a table."""
    if not isinstance(value, Mapping):
        raise Wrong("the payload is not a table")
    return cast("Mapping[str, object]", value)


def table(within: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Read a table."""
    value = within.get(name)
    if not isinstance(value, Mapping):
        raise Wrong(f"{name} is not a table")
    return cast("Mapping[str, object]", value)


def text(within: Mapping[str, object], name: str, *, most: int) -> str:
    """Read text of a limited length; half a character, which no encoding has, is replaced."""
    value = within.get(name)
    if not isinstance(value, str):
        raise Wrong(f"{name} is not text")
    if len(value) > most:
        raise Wrong(f"{name} is longer than {most:,} characters")
    return value.encode("utf-8", "replace").decode("utf-8")


def word(within: Mapping[str, object], name: str) -> str:
    """Read one of GitHub's own words."""
    value = within.get(name)
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise Wrong(f"{name} is not a word")
    return value


def identity(within: Mapping[str, object], name: str) -> int:
    """Read the id of something."""
    value = within.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= LARGEST:
        raise Wrong(f"{name} is not an id")
    return value


def number(within: Mapping[str, object], name: str) -> int:
    """Read the number of a pull request."""
    found = identity(within, name)
    if found >= 10**9:
        raise Wrong(f"{name} is not the number of a pull request")
    return found


def flag(within: Mapping[str, object], name: str) -> bool:
    """Read whether something is so; what is not said is not so."""
    value = within.get(name, False)
    if not isinstance(value, bool):
        raise Wrong(f"{name} is neither true nor false")
    return value


def commit(within: Mapping[str, object], name: str) -> str:
    """Read the id of a commit."""
    value = within.get(name)
    if not isinstance(value, str) or not _COMMIT.fullmatch(value):
        raise Wrong(f"{name} is not the id of a commit")
    return value


def login(within: Mapping[str, object], name: str) -> str:
    """Read who somebody is."""
    value = within.get(name)
    if not isinstance(value, str) or not _LOGIN.fullmatch(value):
        raise Wrong(f"{name} is not a login")
    return value


def url(within: Mapping[str, object], name: str) -> str:
    """Read an address of the web."""
    value = within.get(name)
    if not isinstance(value, str) or len(value) > LONGEST_URL or not _URL.fullmatch(value):
        raise Wrong(f"{name} is not an address")
    return value


def branch(name: str, field: str) -> str:
    """Take a text for the name of a branch, as git would.

    Source: git-check-ref-format(1), rules 3 to 10.
    """
    parts = name.split("/")
    bad = (
        not name
        or len(name) > LONGEST_BRANCH
        or any(character in " ~^:?*[\\" for character in name)
        or any(unicodedata.category(character) in {"Cc", "Cf", "Cs"} for character in name)
        or ".." in name
        or "@{" in name
        or name == "@"
        or name.endswith(".")
        or any(not part or part.startswith(".") or part.endswith(".lock") for part in parts)
    )
    if bad:
        raise Wrong(f"{field} is not the name of a branch")
    return name
