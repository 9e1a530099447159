"""Mending what the doctor found: settings by GitHub's API, files in the working tree.

Nothing is committed.  A second run finds nothing left to send and nothing left to write.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.world.doctor_diagnosis import Call, Write
from bot.world.github_settings import Unseen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.world.doctor_diagnosis import Mend
    from bot.world.github_settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What became of one mend."""

    mend: Mend
    done: bool
    why: str = ""
    """Why it was not done, or what is left to do about it."""


def mend_all(
    mends: Sequence[Mend], settings: Settings | None, root: Path | None
) -> tuple[Mended, ...]:
    """Do what may be done, in order.

    Args:
        mends: What there is to do.
        settings: Where calls go; None leaves them to a person.
        root: The working tree of this very repository; None leaves files to a person.

    Raises:
        Unavailable: GitHub did not answer.
    """
    return tuple(
        _call(mend, settings) if isinstance(mend, Call) else _write(mend, root) for mend in mends
    )


def _call(call: Call, settings: Settings | None) -> Mended:
    refused = Unseen("there is no token") if settings is None else settings.send(call)
    if refused is None:
        return Mended(mend=call, done=True)
    return Mended(mend=call, done=False, why=refused.because)


def _write(write: Write, root: Path | None) -> Mended:
    if root is None:
        return Mended(mend=write, done=False, why="run it inside a clone of the repository")
    place, path = root / write.path, Path(write.path)
    if any((root / part).is_symlink() for part in (path, *path.parents[:-1])):
        return Mended(mend=write, done=False, why=f"{write.path} is reached by a symlink")
    try:
        found = place.read_text(encoding="utf-8") if place.exists() else None
        if found == write.text:
            return Mended(mend=write, done=False, why="it is written already; commit and push it")
        if found != write.over:
            why = f"{write.path} has changes that are not on the default branch"
            return Mended(mend=write, done=False, why=why)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(write.text, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = f"{write.path} cannot be written: {getattr(error, 'strerror', None) or 'no text'}"
        return Mended(mend=write, done=False, why=why)
    return Mended(mend=write, done=True, why="commit and push it")
