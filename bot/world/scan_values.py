"""What a static reading of a pickle knows of the values that loading it would make."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

OPAQUE = object()
"""A value whose content does not matter: bytes, lists, sets, arrays."""
_SHOWN = 120
_LISTED = 50


class Unreadable(Exception):  # noqa: N818 -- read as a sentence
    """A part of an artifact cannot be read without loading it, so it is not known to be safe."""

    def __init__(self, reason: str) -> None:
        """Carry the reason."""
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Global:
    """An importable thing that a pickle names."""

    module: str
    name: str

    @property
    def dotted(self) -> str:
        """Name it as people write it."""
        return f"{self.module}.{self.name}"


@dataclass(eq=False, slots=True)
class Made:
    """What calling something returned, and the states it was given afterwards."""

    maker: Any
    args: Any
    states: list[Any] = field(default_factory=list)


class Table(dict[str, Any]):
    """A dict of which only text keys are kept; `lossy` once it may hold others."""

    lossy = False

    def keep(self, key: object, value: object) -> None:
        """Keep an item if it may be a field of an array's description."""
        if isinstance(key, str) and (key in self or len(self) < _LISTED):
            self[key] = value
        else:
            self.lossy = True


@dataclass(slots=True)
class Tally:
    """The names met so far, and those that nothing allows."""

    allowed: frozenset[str]
    """`module:name`, exactly."""
    trusted: frozenset[str] = frozenset()
    """Dotted names that the policy allows besides."""
    met: set[str] = field(default_factory=set)
    findings: list[str] = field(default_factory=list)

    def meet(self, module: str, name: str) -> None:
        """Count a global, and note it unless it is allowed."""
        self.note(f"{module}.{name}", known=f"{module}:{name}" in self.allowed)

    def note(self, dotted: str, *, known: bool = False) -> None:
        """Count a name, and note it unless it is known or trusted."""
        self.met.add(dotted)
        shown = "".join(one if one.isprintable() else "?" for one in dotted[:_SHOWN])
        if known or dotted in self.trusted or shown in self.findings:
            return
        if len(self.findings) < _LISTED:
            self.findings.append(shown)


@cache
def allowed(*sections: str) -> frozenset[str]:
    """Read the exact names of some sections of the allow-list beside this file."""
    text = Path(__file__).with_name("allowed_globals.txt").read_text(encoding="utf-8")
    return frozenset(_names(text.splitlines(), sections))


def _names(lines: Iterable[str], sections: tuple[str, ...]) -> Iterable[str]:
    section = ""
    for line in lines:
        if line.startswith("["):
            section = line.strip("[]")
        elif section in sections and line and not line.startswith("#"):
            yield line
