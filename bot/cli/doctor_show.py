"""How the doctor's findings look: by theme, each with its remedy, and what was mended."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from bot.cli import show as screen
from bot.core.errors import PASSED, UNHEALTHY
from bot.world.doctor import ON_GITHUB
from bot.world.doctor_checks import CHECKS, theme_of
from bot.world.doctor_diagnosis import Call, Level, counted, mends_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, RenderableType
    from rich.table import Table

    from bot.world.doctor_diagnosis import Diagnosis, Mend
    from bot.world.doctor_mending import Mended

MARKS = {
    Level.FINE: ("✓", "green"),
    Level.UNKNOWN: ("?", "magenta"),
    Level.WARNING: ("!", "yellow"),
    Level.WRONG: ("✗", "bold red"),
}
NARROWEST, WIDEST = 40, 120


def show(about: str, found: Sequence[Diagnosis], mended: Sequence[Mended], left_out: str) -> None:
    """Print everything for a person."""
    from rich.console import Console

    console = Console(highlight=False, emoji=False, soft_wrap=False)
    console.width = min(console.width, WIDEST)
    plain = not console.encoding.lower().startswith("utf")
    if plain:
        with console.capture() as capture:
            _print(console, about, found, mended, left_out)
        text = capture.get()
        console.file.write(text.encode(console.encoding, "replace").decode(console.encoding))
        return
    _print(console, about, found, mended, left_out)


def _print(
    console: Console,
    about: str,
    found: Sequence[Diagnosis],
    mended: Sequence[Mended],
    left_out: str,
) -> None:
    for part in _parts(about, found, mended, left_out):
        console.print(part, markup=False)


def as_json(
    about: str, found: Sequence[Diagnosis], mended: Sequence[Mended], left_out: str
) -> None:
    """Print everything for a script."""
    screen.as_json(
        {
            "about": about,
            "findings": [
                {
                    "theme": theme_of(one.check).value,
                    "check": one.check,
                    "level": one.level.value,
                    "what": one.what,
                    "remedy": one.remedy or None,
                    "mends": [_mend(mend, about) for mend in one.mends],
                }
                for one in found
            ],
            "mended": [
                {"does": one.mend.does, "done": one.done, "why": one.why or None} for one in mended
            ],
            "left_out": {theme.value: left_out for theme in ON_GITHUB} if left_out else {},
            "exit_code": UNHEALTHY if any(one.level is Level.WRONG for one in found) else PASSED,
        }
    )


def _mend(mend: Mend, about: str) -> dict[str, Any]:
    if isinstance(mend, Call):
        return {"does": mend.does, "command": mend.shown(about)}
    return {"does": mend.does, "path": mend.path}


def _parts(
    about: str, found: Sequence[Diagnosis], mended: Sequence[Mended], left_out: str
) -> Iterator[RenderableType]:
    yield _words(f"Lockstep doctor: {screen.plain(about)}", "bold")
    for theme, group in groupby(found, key=lambda one: theme_of(one.check)):
        yield ""
        yield _words(theme.value, "bold")
        yield _rows(list(group))
    if left_out:
        names = ", ".join(theme.value.lower() for theme in ON_GITHUB)
        yield ""
        yield _words(f"Left out: {names}: {screen.plain(left_out)}.", "dim")
    if mended:
        yield from _mended(mended, about)
    yield ""
    yield _words(_sum(found), "bold")
    if any(one.level is Level.UNKNOWN and "(403)" in one.what for one in found):
        yield _words("An administrator's token sees more: set GH_TOKEN to one.", "dim")
    mends = mends_of(found)
    if mends and not mended:
        yield _words(f"`lockstep doctor --fix` does {counted(len(mends), 'thing')} about it.")


def _rows(group: Sequence[Diagnosis]) -> Table:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=1)
    grid.add_column(width=len(Level.UNKNOWN.value))
    grid.add_column(overflow="fold")
    for one in group:
        mark, style = MARKS[one.level]
        grid.add_row(Text(mark, style), Text(one.level.value, style), Text(screen.plain(one.what)))
        if one.remedy and one.level is not Level.FINE:
            grid.add_row("", "", Text(f"→ {screen.plain(one.remedy)}", "dim"))
    return grid


def _mended(mended: Sequence[Mended], about: str) -> Iterator[RenderableType]:
    done = [one for one in mended if one.done]
    left = [one for one in mended if not one.done]
    if done:
        yield ""
        yield _words("Mended", "bold")
        for one in done:
            more = f"; {one.why}" if one.why else ""
            yield _words(f"  {screen.plain(one.mend.does)}{more}")
    if left:
        yield ""
        yield _words("Left for a person", "bold")
        for one in left:
            yield _words(f"  {screen.plain(one.mend.does)}: {screen.plain(one.why)}")
            if isinstance(one.mend, Call):
                yield _words(f"    {one.mend.shown(about)}", "dim")


def _sum(found: Sequence[Diagnosis]) -> str:
    """Count by level, the worst first."""
    counts = {level: sum(one.level is level for one in found) for level in Level}
    said = [f"{count} {level.value}" for level, count in counts.items() if count]
    return f"{', '.join(said)}." if said else f"Nothing was looked at of {len(CHECKS)} checks."


def _words(text: str, style: str = "") -> RenderableType:
    from rich.text import Text

    return Text(text, style)
