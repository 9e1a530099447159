"""The ladder: smaller views of one decision, for reports that must stay within a budget.

Each rung is a whole view, rendered anew; nothing is ever cut out of finished text.
Headline, steps, reproduction and footer stand on every rung.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.report.numbers import plural

if TYPE_CHECKING:
    from bot.report.values import Block, Section, Slices, Table, View

RUNGS = (1, 2, 3, 4, 5, 6, 7)
WORST_SLICES = 10
FEW_FACTS = 3
FIRST_PASSES = 10
FEW_ROWS = 40
FEW_CHANGES = 20
FEW_TROUBLES = 20
FEWEST_TROUBLES = 5
FEWEST_STEPS = 4
LEFT_OUT = {
    1: "",
    2: "strips",
    3: "strips and most slices",
    4: "strips, most slices and part of the evidence",
    5: "strips, most slices, part of the evidence and passing gates",
    6: "all details and part of the gates",
    7: "everything but the decision",
}


def lower(view: View, rung: int) -> View:
    """Make the view of a rung: 1 shows everything, 7 the decision alone."""
    if rung >= 2:
        view = replace(view, drawn=False, shortened=LEFT_OUT[rung])
    if rung >= 3:
        view = replace(view, sections=tuple(_fewer_slices(section) for section in view.sections))
    if rung >= 4:
        view = replace(view, evidence=view.evidence[:FEW_FACTS])
    if rung >= 5:
        view = replace(view, sections=tuple(_fewer_passes(section) for section in view.sections))
    if rung >= 6:
        view = _without_details(view)
    return _decision_alone(view) if rung >= 7 else view


def _fewer_slices(section: Section) -> Section:
    slices = section.slices
    return section if slices is None else replace(section, slices=_worst(slices))


def _worst(slices: Slices) -> Slices:
    more = len(slices.rows) - WORST_SLICES
    if more <= 0:
        return slices
    sentence = f"{plural(more, 'slice')} no worse than these left out."
    return replace(slices, rows=slices.rows[:WORST_SLICES], left_out=(*slices.left_out, sentence))


def _fewer_passes(section: Section) -> Section:
    return replace(section, tables=tuple(_first_passes(table) for table in section.tables))


def _first_passes(table: Table) -> Table:
    if len(table.passing) <= FIRST_PASSES:
        return table
    words = f"{table.folded_words}, the first {FIRST_PASSES} here"
    return replace(table, folded=_first(table.folded, FIRST_PASSES), folded_words=words)


def _first(blocks: tuple[Block, ...], room: int) -> tuple[Block, ...]:
    """Keep the first rows, over all blocks."""
    kept = []
    for block in blocks:
        rows = block.rows[: max(0, room)]
        room -= len(rows)
        kept.append(replace(block, rows=rows))
    return tuple(block for block in kept if block.rows)


def _without_details(view: View) -> View:
    room = FEW_ROWS
    sections = []
    for section in view.sections:
        tables = []
        for table in section.tables:
            blocks = _first(table.blocks, room)
            shown = replace(table, blocks=blocks, folded=(), folded_words="")
            room -= len(shown.rows)
            more = len(table.rows) + len(table.passing) - len(shown.rows)
            tables.append(replace(shown, more=more))
        tables = [table for table in tables if table.blocks]
        sections.append(replace(section, tables=tuple(tables), slices=None, notes=()))
    return replace(
        view,
        detailed=False,
        sections=tuple(section for section in sections if section.tables),
        diff=(),
        more_diff="",
        evidence=(),
        changes=view.changes[:FEW_CHANGES],
        more_changes=view.more_changes + max(0, len(view.changes) - FEW_CHANGES),
        troubles=view.troubles[:FEW_TROUBLES],
        more_troubles=view.more_troubles + max(0, len(view.troubles) - FEW_TROUBLES),
    )


def _decision_alone(view: View) -> View:
    return replace(
        view,
        sections=(),
        changes=(),
        more_changes=0,
        troubles=view.troubles[:FEWEST_TROUBLES],
        more_troubles=view.more_troubles + max(0, len(view.troubles) - FEWEST_TROUBLES),
        steps=view.steps[:FEWEST_STEPS],
    )
