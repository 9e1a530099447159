"""The audit branch: files are appended to it by compare-and-swap, and none is ever changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.core.errors import Incident, Unavailable
from bot.core.record import BRANCH
from bot.core.sameness import agree
from bot.world.reading import MOST_LOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.world.forge import Forge
    from bot.world.repository import Repository

ATTEMPTS = 5
AUDIT = "refs/lockstep/audit"


@dataclass(frozen=True, slots=True)
class AuditBranch:
    """The branch `lockstep/audit` of one forge."""

    forge: Forge
    repository: Repository

    def tip(self) -> str | None:
        """Fetch the branch; None while nothing was ever written to it."""
        # A branch that was deleted must not be seen as it was before.
        self.repository.run("update-ref", "-d", AUDIT)
        # A wildcard fetches nothing, without an error, when the branch does not exist yet.
        self.repository.fetch(self.forge.remote(), f"+refs/heads/{BRANCH}*:{AUDIT}*")
        return self.repository.resolve(AUDIT)

    def stored(self, path: str) -> bytes | None:
        """Fetch the branch and read one of its files; None when it is not there."""
        tip = self.tip()
        return self.read(tip, path) if tip else None

    def read(self, tip: str, path: str) -> bytes | None:
        """Read one file of a fetched tip; None when it is not there."""
        blob = self.repository.blob(tip, path, most=MOST_LOCK)
        return blob.text if blob else None

    def append(self, path: str, text: bytes, message: str) -> bytes:
        """Add a file unless it is there; return what is stored.

        A push that is not a fast-forward is refused, and tried again on the branch as it is then.

        Raises:
            Incident: what is stored says another thing: it was not written by us.
            Unavailable: others wrote first, every time.
        """
        for _ in range(ATTEMPTS):
            tip = self.tip()
            if tip is not None:
                stored = self.read(tip, path)
                if stored is not None:
                    if not agree(path, stored, text):
                        raise Incident(_planted(path))
                    return stored
            commit = self.repository.append(tip, {path: text}, message, datetime.now(UTC))
            if self.repository.push(self.forge.remote(), commit, BRANCH):
                return text
        raise Unavailable(f"the branch {BRANCH} moved {ATTEMPTS} times while writing to it")

    def below(self, tip: str, folder: str) -> Iterator[tuple[str, bytes]]:
        """Read every file of a folder of a fetched tip: (path, text)."""
        return below(self.repository, tip, folder)


def _planted(path: str) -> str:
    return (
        f"{path} on {BRANCH} does not say what Lockstep writes there, so somebody else wrote it; "
        f"nothing was done on it; see who: git log -p origin/{BRANCH} -- {path}"
    )


def below(repository: Repository, tip: str, folder: str) -> Iterator[tuple[str, bytes]]:
    """Read every file of a folder of a commit: (path, text)."""
    rows = [
        (path, oid)
        for _, oid, size, path in repository.tree(tip, f"{folder}/")
        if size <= MOST_LOCK
    ]
    texts = repository.contents([oid for _, oid in rows])
    for (path, _), text in zip(rows, texts, strict=True):
        yield path, text
