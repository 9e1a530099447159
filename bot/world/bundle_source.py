"""Where a bundle comes from: a folder, or the artifact of this very workflow run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Protocol

from bot.core.bundle import NotABundle
from bot.core.errors import UnsafeFile
from bot.world.bundle_files import MOST_BYTES, from_folder, from_zip
from bot.world.testimony import NoBundle

if TYPE_CHECKING:
    from pathlib import Path

    from bot.world.github_artifacts import Listed

Fetch = Callable[[], Mapping[str, bytes]]


class Artifacts(Protocol):
    """What a forge with workflow runs keeps of them."""

    def artifacts(self, run: int, name: str) -> tuple[Listed, ...]:
        """List the artifacts of a run that have a name, oldest first."""

    def artifact_zip(self, artifact: int, *, most: int) -> bytes:
        """Fetch one as a zip file."""


def in_folder(folder: Path) -> Fetch:
    """Take the bundle that lies in a folder."""
    return partial(_folder, folder)


def of_run(forge: Artifacts, run: int, name: str) -> Fetch:
    """Take the bundle that this run left under a name; a run that was tried again, the last."""
    return partial(_artifact, forge, run, name)


def _folder(folder: Path) -> Mapping[str, bytes]:
    if not folder.is_dir():
        raise NoBundle(f"there is no folder {folder.name}")
    return from_folder(folder)


def _artifact(forge: Artifacts, run: int, name: str) -> Mapping[str, bytes]:
    listed = [one for one in forge.artifacts(run, name) if one.run == run]
    if not listed:
        raise NoBundle(f"run {run} has no artifact of that name")
    chosen = listed[-1]
    if chosen.digest is None:
        raise NotABundle("the forge does not say the artifact's digest")
    if chosen.size > MOST_BYTES:
        raise NotABundle(f"it has {chosen.size:,} bytes, more than {MOST_BYTES:,}")
    try:
        text = forge.artifact_zip(chosen.id, most=MOST_BYTES)
    except UnsafeFile:
        raise NotABundle(f"it has more than {MOST_BYTES:,} bytes") from None
    if f"sha256:{hashlib.sha256(text).hexdigest()}" != chosen.digest:
        raise NotABundle("its bytes are not those that the forge lists")
    return from_zip(text)
