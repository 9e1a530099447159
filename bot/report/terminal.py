"""The same view for a terminal; colour stands only beside a word that says the same."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from bot.core.verdict import Outcome
from bot.report.ladder import lower
from bot.report.markdown import SENTENCE, clean, end_cut, middle_cut, on_screen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, JustifyMethod, RenderableType
    from rich.table import Table as Grid
    from rich.text import Text

    from bot.report.values import Block, Change, Row, Section, View

WIDE = 118
"""Columns from which strips and row counts are shown."""
NARROW = 70
"""Columns below which there are no tables, one line a gate instead."""
NAME = 48
MARKS = {
    Outcome.PASSED: ("✓", "green"),
    Outcome.INCONCLUSIVE: ("?", "yellow"),
    Outcome.ERRORED: ("!", "magenta"),
    Outcome.FAILED: ("✗", "bold red"),
}
RUNG = 3
"""The rung of the ladder that a screen shows: slices only as far as they are worst."""


def show(view: View, console: Console) -> None:
    """Print a view; a console that cannot write a character gets a question mark."""
    encoding = console.encoding
    if encoding.lower().startswith("utf"):
        for part in _parts(view, console.width):
            console.print(part, highlight=False, emoji=False, soft_wrap=False)
        return
    plain = text(view, width=console.width, color=False)
    console.file.write(plain.encode(encoding, "replace").decode(encoding))


def text(view: View, *, width: int, color: bool) -> str:
    """Write a view as the text a terminal of this width would show."""
    from rich.console import Console

    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        legacy_windows=False,
        _environ={},
    )
    show(view, console)
    return "".join(line.rstrip() + "\n" for line in out.getvalue().splitlines())


def _parts(view: View, width: int) -> Iterator[RenderableType]:
    shown = lower(view, RUNG)
    title = f"{view.verdict}: {view.subject}" if view.subject else view.verdict
    yield _words(title, "bold")
    sentences = ((view.deciding, "bold"), (view.counts, ""), (view.standing, ""))
    for sentence, style in sentences:
        if sentence:
            yield _words(sentence.rstrip(".") + ".", style)
    for trouble in view.troubles:
        place = f"{trouble.place}: " if trouble.place else ""
        yield _words(f"  {place}{trouble.sentence}")
    if view.more_troubles:
        yield _words(f"  and {view.more_troubles:,} more")
    if view.changes and width >= NARROW:
        yield ""
        yield _changes(view.changes)
    for section in shown.sections:
        yield from _section(section, width, several=view.several)
    yield from _closing(view)


def _section(section: Section, width: int, *, several: bool) -> Iterator[RenderableType]:
    for table in section.tables:
        yield ""
        if several or section.tables[1:]:
            yield _words(table.subject, "bold")
        for block in (*table.blocks, *table.folded) if width >= NARROW else ():
            yield _gates(block, width)
            yield ""
        for row in (*table.rows, *table.passing):
            told = not row.repeated or width < NARROW
            if told and (row.outcome is not Outcome.PASSED or width < NARROW):
                yield _explained(row)
    if section.slices is not None and width >= NARROW:
        yield ""
        yield _words(section.slices.title, "bold")
        yield _grid_of_slices(section.slices.rows, width)
        for sentence in section.slices.left_out:
            yield _words(sentence, "dim")
    for warning in section.warnings:
        yield _words(f"warning: {warning}", "yellow")


def _closing(view: View) -> Iterator[RenderableType]:
    yield ""
    if view.steps:
        yield _words("What happens next", "bold")
    for step in view.steps:
        yield _words(f"  [{'x' if step.done else ' '}] {step.text}")
    for command in (*view.commands, view.reproduce):
        yield _words(command)
    yield _words(" · ".join(view.footer), "dim")


def _changes(changes: tuple[Change, ...]) -> Grid:
    grid = _grid("Model", "Stage", "From (champion)", "To (challenger)", "Format")
    for change in changes:
        before = " ".join(filter(None, (change.before, change.before_digest)))
        after = " ".join(filter(None, (change.after, change.after_digest)))
        grid.add_row(*map(_name, (change.model, change.stage, before, after, change.artifact)))
    return grid


def _gates(block: Block, width: int) -> Grid:
    if not block.measured:
        grid = _grid("Gate", "Result", "Because")
        for row in block.rows:
            grid.add_row(_name(row.title), _result(row), _words(row.because))
        return grid
    numbers = ["Challenger", "Champion", f"Δ ({block.confidence})"]
    numbers = numbers if block.compared else [f"Measured ({block.confidence})"]
    wide = ["n", "Where it stands"] if width >= (WIDE if block.compared else NARROW) else []
    grid = _grid("Gate", "Result", *numbers, "Limit", *wide, right=len(numbers) + 1)
    for row in block.rows:
        grid.add_row(
            _name(row.title),
            _result(row),
            *_numbers(row, compared=block.compared),
            *(_place(row) if wide else ()),
        )
    return grid


def _grid_of_slices(rows: tuple[Row, ...], width: int) -> Grid:
    wide = ["n", "Where it stands"] if width >= WIDE else []
    grid = _grid("Slice", "Result", "Challenger", "Champion", "Δ", "Limit", *wide, right=4)
    for row in rows:
        grid.add_row(
            _name(row.title),
            _result(row),
            *_numbers(row, compared=True),
            *(_place(row) if wide else ()),
        )
    return grid


def _numbers(row: Row, *, compared: bool) -> tuple[Text, ...]:
    shown = row.figures
    between = (shown.champion, shown.difference) if compared else ()
    return tuple(map(_name, (shown.challenger, *between, shown.limit)))


def _place(row: Row) -> tuple[Text, Text]:
    return _name(row.figures.n), _words(row.strip.text if row.strip else "")


def _explained(row: Row) -> Text:
    parts = [f"{row.because.rstrip('.')}."]
    if row.outcome is not Outcome.PASSED:
        parts += [f"Required: {row.required.rstrip('.')}."] if row.required else []
        parts += [f"To go on: {row.advice.rstrip('.')}."] if row.advice else []
        parts += [f"{row.permission}."] if row.permission else []
    name = middle_cut(row.affected or row.title, NAME)
    return _words("").append_text(_result(row)).append_text(_words(f" {name}: {' '.join(parts)}"))


def _result(row: Row) -> Text:
    mark, style = MARKS[row.outcome]
    return _words(f"{mark} {row.word}", style)


def _grid(*names: str, right: int = 0) -> Grid:
    """Make an empty table; the columns of numbers, which follow the first two, stand right."""
    from rich import box
    from rich.table import Table as RichTable

    grid = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for i, name in enumerate(names):
        justify: JustifyMethod = "right" if 2 <= i < 2 + right else "left"
        whole = name in {"Result", "Where it stands"}
        grid.add_column(name, justify=justify, overflow="fold", no_wrap=whole)
    return grid


def _name(text: str) -> Text:
    return _words(middle_cut(clean(text), NAME))


def _words(sentence: str, style: str = "") -> Text:
    """Style a sentence; names and commands in backticks are bold."""
    from rich.text import Text

    indent = sentence[: len(sentence) - len(sentence.lstrip(" "))]
    styled = Text(style="")
    styled.append(indent + end_cut(on_screen(sentence), 2 * SENTENCE), style=style)
    styled.highlight_regex(r"`[^`]+`", "bold")
    return styled
