"""Files of a commit, read as git objects: nothing is checked out."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from bot.world.store_sources import ONE_FILE, too_many, unreachable

if TYPE_CHECKING:
    from bot.world.repository import Repository

PLAIN = ("100644", "100755")


@dataclass
class Committed:
    """A file or folder of one commit."""

    repository: Repository
    commit: str
    path: str
    remote: bool = False
    _oids: dict[str, str] = field(default_factory=dict)

    def pieces(self, most: int) -> list[str]:
        """List the plain files below the path; symlinks and submodules are refused."""
        for mode, oid, _, name in self.repository.tree(self.commit, self.path):
            if mode not in PLAIN:
                raise unreachable(f"{name} is not a plain file", "commit the file itself")
            piece = ONE_FILE if name == self.path else name.removeprefix(f"{self.path}/")
            self._oids[piece] = oid
            if len(self._oids) > most:
                raise too_many(most)
        if not self._oids:
            raise unreachable(
                "it is not in the base commit",
                "commit it in a pull request before the one that registers it",
            )
        return sorted(self._oids)

    def open(self, piece: str) -> BinaryIO:
        """Open one listed piece."""
        if not self._oids:
            self.pieces(1_000_000)
        return io.BytesIO(self.repository.run("cat-file", "blob", self._oids[piece]))
