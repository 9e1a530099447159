"""The list of checks in docs/doctor.md, made from the checks themselves."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

from bot.world.doctor_checks import CHECKS, theme_of

PAGE = Path("docs/doctor.md")
START, END = "<!-- checks -->\n", "<!-- end of checks -->\n"


def listed() -> str:
    """Write every check by theme."""
    lines = [START]
    for theme, names in groupby(CHECKS, key=theme_of):
        lines += ["\n", f"### {theme.value}\n\n", "| check | asks that |\n|:--|:--|\n"]
        lines += [f"| `{name}` | {CHECKS[name][1]} |\n" for name in names]
    return "".join([*lines, "\n", END])


def rewrite(page: Path = PAGE) -> None:
    """Put the list into the page, between its marks."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    page.write_text(before + listed() + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    rewrite(*(Path(one) for one in sys.argv[1:2]))
