"""The line in `.gitattributes` that lets git merge the lock by meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.core.proposal import LOCK

if TYPE_CHECKING:
    from pathlib import Path

DRIVER = "lockstep"
LINE = f"{LOCK} text eol=lf merge={DRIVER}"


def add_attribute(root: Path) -> bool:
    """Add the line to `.gitattributes`, whose other lines stay; tell whether it was missing.

    Raises:
        click.FileError: the file cannot be read or written.
    """
    file = root / ".gitattributes"
    try:
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        if any(
            line.split()[:1] == [LOCK] and f"merge={DRIVER}" in line for line in text.splitlines()
        ):
            return False
        gap = "" if not text or text.endswith("\n") else "\n"
        file.write_text(f"{text}{gap}{LINE}\n", encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.FileError(str(file), hint=str(error)) from None
    return True
