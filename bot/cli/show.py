"""Showing on a terminal: tables that align, and text from outside without control characters."""

from __future__ import annotations

import json
import os
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def plain(text: str) -> str:
    """Return one line that cannot steer a terminal."""
    return _CONTROL.sub("\ufffd", text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print columns that align, without lines around them; nothing is cut."""
    every = [tuple(head), *(tuple(plain(cell) for cell in row) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*every, strict=True)]
    for number, row in enumerate(every):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        line = "  ".join(cells).rstrip()
        bold = number == 0 and not os.environ.get("NO_COLOR")
        click.echo(click.style(line, bold=True) if bold else line)


def as_json(value: Any) -> None:
    """Print JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def day(moment: datetime) -> str:
    """Write a moment as its day, in UTC as git stores it."""
    return moment.date().isoformat()
