"""Code owners: who must approve of a file, as GitHub reads CODEOWNERS; the last match wins.

Source: GitHub's documentation "About code owners"; the patterns are those of .gitignore without
`!`, `[ ]` and escaped `#`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks, in this order; the first that is there counts."""
LARGEST = 3_000_000
"""Bytes beyond which GitHub does not read the file."""
_LOGIN = re.compile(r"@[A-Za-z0-9][A-Za-z0-9-]{0,38}(?:_[A-Za-z0-9]+)?")
_TEAM = re.compile(r"@[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_REFUSED = re.compile(r"[!\[\]]")
SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """Who owns a file, by the line that matched last."""

    place: str
    """`CODEOWNERS:12`."""
    users: frozenset[str]
    """Logins without `@`, in lower case."""
    teams: frozenset[str]
    """`org/slug`, in lower case."""
    unmatched: tuple[str, ...] = ()
    """Owners that no approval can be matched with, such as e-mail addresses."""
    barred: frozenset[str] = frozenset()
    """Those of the users whose approval does not count: who opened or made the head."""

    def owned_by(self, login: str, teams: tuple[str, ...]) -> bool:
        """Tell whether an approval is an owner's, by name or on behalf of a team."""
        on_behalf = {team.casefold() for team in teams}
        return login.casefold() in self.users or bool(on_behalf & self.teams)

    @property
    def way_out(self) -> str:
        """Say whose approval is asked for."""
        if self.barred and not self.able:
            return (
                f"{' and '.join(sorted(self.barred))} may not approve their own change and nobody "
                f"else owns it: name a further owner in {self.place.partition(':')[0]} on the base "
                "branch, let somebody else propose it, or let a repository administrator merge it"
            )
        if not self.able:
            listed = ", ".join(self.unmatched[:SHOWN])
            return f"name the owners {listed} by login or team: nothing else can be matched"
        aside = "; e-mail owners cannot be matched" if self.unmatched else ""
        return f"a code owner approves it: {self.named()}{aside}"

    @property
    def able(self) -> tuple[str, ...]:
        """Name the owners whose approval would count."""
        return (*sorted(self.users - self.barred), *sorted(self.teams))

    def named(self, most: int = SHOWN) -> str:
        """List those whose approval would count: `ben, cleo or acme/risk`."""
        shown, more = list(self.able[:most]), len(self.able) - most
        shown += [f"{more} more"] if more > 0 else []
        return " or ".join(part for part in (", ".join(shown[:-1]), shown[-1]) if part)


def owners_of(
    files: Mapping[str, bytes], path: str, own: frozenset[str] = frozenset()
) -> Owners | None:
    """Find who owns a path; None when nobody does.

    Args:
        files: Those of `PLACES` that are there, by path.
        path: The file, from the root.
        own: Logins whose own change it is, in lower case.
    """
    place = next((place for place in PLACES if place in files), None)
    if place is None or len(files[place]) > LARGEST:
        return None
    found = None
    text = files[place].decode("utf-8", "replace")
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.split("#", 1)[0].split()
        if words and _matches(words[0], path):
            found = _owners(f"{place}:{number}", words[1:], own)
    return found


def _owners(place: str, names: list[str], own: frozenset[str]) -> Owners | None:
    """Read the owners of a line; a line without any takes the ownership away."""
    if not names:
        return None
    users = frozenset(name[1:].casefold() for name in names if _LOGIN.fullmatch(name))
    teams = frozenset(name[1:].casefold() for name in names if _TEAM.fullmatch(name))
    matched = {f"@{name}" for name in users | teams}
    unmatched = tuple(name for name in names if name.casefold() not in matched)
    return Owners(place=place, users=users, teams=teams, unmatched=unmatched, barred=users & own)


def _matches(pattern: str, path: str) -> bool:
    """Tell whether a pattern of CODEOWNERS matches a file, or a folder above it."""
    if _REFUSED.search(pattern):
        return False
    anchored = "/" in pattern.rstrip("/")
    folder = pattern.endswith("/")
    body = pattern.strip("/")
    if not body:
        return False
    start = "" if anchored else "(?:.*/)?"
    # `docs/*` owns the files of docs and not those of its folders.
    shallow = body.endswith("/*")
    end = "/.+" if folder else "" if shallow else "(?:/.*)?"
    return re.fullmatch(start + _translated(body) + end, path) is not None


def _translated(body: str) -> str:
    """Write a glob as a regular expression: `*` and `?` within a folder, `**` across folders."""
    parts = re.split(r"(\*\*/|/\*\*|\*+|\?)", body)
    known = {"**/": "(?:.*/)?", "/**": "/.*", "?": "[^/]", "*": "[^/]*"}
    return "".join(
        known.get(part, "[^/]*" if part.strip("*") == "" else re.escape(part)) if part else ""
        for part in parts
    )
