"""What a report shows, flat and already in words; templates print these and compute nothing.

Strings are as they came, outside text included: each printer filters for its own medium.
A pair of backticks marks a name or a command.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.core.verdict import Outcome
    from bot.report.numbers import Figures
    from bot.report.strip import Strip


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One problem of a refused input."""

    place: str
    """`file:line:column`, or empty."""
    sentence: str
    """What is wrong; what to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One transition as a row; also what headlines are made of."""

    model: str
    subject: str
    """The transition in a few words, such as "`credit-risk` 3 → 4 in production"."""
    stage: str = ""
    before: str = ""
    before_digest: str = ""
    after: str = ""
    after_digest: str = ""
    artifact: str = ""
    """Flavor of the version that asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One gate, or one slice of a gate, with its numbers."""

    title: str
    gate: str
    """Name in the gate table: the anchor of its documentation."""
    address: str
    outcome: Outcome
    mark: str
    word: str
    """`pass`, `fail`, `inconclusive` or `error`, with `(waived)` or `(observed)`."""
    figures: Figures
    strip: Strip | None
    because: str
    required: str
    advice: str
    """What would change the answer, or how to repair an error."""
    permission: str
    """Who waived the gate, why and until when."""
    place: str
    method: str
    details: tuple[str, ...]
    affected: str = ""
    """The gates that `because` is about: this one, and those that share its error."""
    repeated: bool = False
    """Another row says it for this one."""

    @property
    def result(self) -> str:
        """Mark and word together."""
        return f"{self.mark} {self.word}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Gates that fit one table: all with numbers, or all without."""

    measured: bool
    compared: bool
    """A champion stands beside the challenger."""
    confidence: str
    """`95 % bounds`, or `bounds` when they differ."""
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The gates of one transition, failures first."""

    subject: str
    blocks: tuple[Block, ...]
    folded: tuple[Block, ...]
    """Passing gates of a long table, shown in the details."""
    folded_words: str
    """`9 gates passed`."""
    more: int = 0
    """Gates left out to stay in the budget."""

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every visible gate."""
        return tuple(row for block in self.blocks for row in block.rows)

    @property
    def passing(self) -> tuple[Row, ...]:
        """Every folded gate."""
        return tuple(row for block in self.folded for row in block.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """Slices of all gates of a model, worst first."""

    title: str
    rows: tuple[Row, ...]
    left_out: tuple[str, ...]
    """What the table does not show, one sentence each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One model."""

    model: str
    tables: tuple[Table, ...]
    slices: Slices | None
    warnings: tuple[str, ...]
    """What must be said aloud: sandbox layers that are missing."""
    notes: tuple[str, ...]
    """What else gates say beside their answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of what happens next."""

    done: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of the evidence."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything a report shows."""

    mark: str
    verdict: str
    """`Promotion gates passed`."""
    subject: str
    deciding: str
    """The sentence with the number that decided."""
    counts: str
    """`7 of 7 gates pass`."""
    standing: str
    """`Merges now.`, or why not."""
    troubles: tuple[Trouble, ...]
    more_troubles: int
    changes: tuple[Change, ...]
    more_changes: int
    sections: tuple[Section, ...]
    several: bool
    """More than one model: sections have headings."""
    steps: tuple[Step, ...]
    commands: tuple[str, ...]
    """How to stop, repeat and undo, one sentence each."""
    reproduce: str
    diff: tuple[str, ...]
    more_diff: str
    evidence: tuple[Fact, ...]
    footer: tuple[str, ...]
    marker: Mapping[str, str | int]
    """What a machine may read from the first line; JSON strings and integers."""
    shortened: str = ""
    """What was left out to stay in the budget."""
    drawn: bool = True
    """Strips are shown."""
    detailed: bool = True
    """Folded details are shown."""
