"""A file that a verb was told to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def read(file: Path, most: int, remedy: str) -> bytes:
    """Read a file whole.

    Args:
        file: Where it is.
        most: Bytes it may have.
        remedy: What to do where it cannot be read.

    Raises:
        UnsafeFile: it cannot be read, or is larger.
    """
    from bot.core.errors import Problem, UnsafeFile

    try:
        with file.open("rb") as opened:
            found = opened.read(most + 1)
    except OSError as error:
        what = f"it cannot be read: {error.strerror or error}"
        raise UnsafeFile(Problem(what=what, remedy=remedy, file=str(file))) from None
    if len(found) > most:
        what = f"it has more than {most:,} bytes"
        raise UnsafeFile(Problem(what=what, remedy=remedy, file=str(file)))
    return found
