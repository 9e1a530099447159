"""The working tree a verb is called in: its root, its lock, and the commit it is judged against."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.errors import NotARepository, Problem, UnsafeFile
from bot.core.proposal import LARGEST, LOCK, Blob, Touched

if TYPE_CHECKING:
    from bot.world.repository import Repository

REVISION = re.compile(r"(?!-)[A-Za-z0-9._/~^@{}-]{1,250}")
LIKELY_BASES = (
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "main",
    "master",
)


@dataclass(frozen=True, slots=True)
class Worktree:
    """A clone's folder and its repository."""

    root: Path
    repository: Repository

    @classmethod
    def here(cls, start: Path | None = None) -> Worktree:
        """Find the clone that holds a folder, the current one by default.

        Raises:
            NotARepository: there is none.
        """
        from bot.world.repository import Repository

        folder = (start or Path.cwd()).resolve()
        for root in (folder, *folder.parents):
            if (root / ".git").exists():
                return cls(root, Repository.at(root))
        raise NotARepository(
            Problem(
                what="this folder is not in a git repository",
                remedy="run inside a clone, or `git init` first",
            )
        )

    @property
    def lock(self) -> Path:
        """Where the lock is."""
        return self.root / LOCK

    def read_lock(self) -> bytes:
        """Read the lock; empty when there is none yet.

        Raises:
            UnsafeFile: it is not a plain file of a sane size.
        """
        try:
            about = os.lstat(self.lock)
        except FileNotFoundError:
            return b""
        if not stat.S_ISREG(about.st_mode):
            kind = "a symlink" if stat.S_ISLNK(about.st_mode) else "not a plain file"
            raise _unsafe(f"{LOCK} is {kind}", "make it a plain file")
        if about.st_size > LARGEST:
            what = f"{LOCK} has {about.st_size:,} bytes, more than {LARGEST:,}"
            raise _unsafe(what, "split the models over several repositories")
        try:
            return self.lock.read_bytes()
        except OSError as error:
            what = f"it cannot be read: {error.strerror or type(error).__name__}"
            raise _unsafe(what, "allow this account to read it") from None

    def write_lock(self, text: bytes, *, over: bytes | None = None) -> None:
        """Replace the lock whole; a cut-short write leaves the old one.

        Args:
            text: The new lock.
            over: What it was made from; another text there by now is not overwritten.

        Raises:
            UnsafeFile: it changed meanwhile, or cannot be written.
        """
        if over is not None and self.read_lock() != over:
            raise _unsafe("it changed while it was edited", "run the same command again")
        draft = self.lock.with_name(f".{LOCK}.{os.getpid()}")
        try:
            with draft.open("wb") as opened:
                opened.write(text)
                opened.flush()
                os.fsync(opened.fileno())
            draft.replace(self.lock)
        except OSError as error:
            draft.unlink(missing_ok=True)
            what = f"it cannot be written: {error.strerror or type(error).__name__}"
            raise _unsafe(what, "free space, or allow this account to write here") from None

    def asked(self, *arguments: str) -> str | None:
        """Ask git as the person has configured it; None when it has no answer."""
        try:
            done = subprocess.run(
                ["git", *arguments], cwd=self.root, capture_output=True, timeout=60, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        said = done.stdout.decode("utf-8", "replace").strip()
        return said if done.returncode == 0 and said else None

    def configure(self, key: str, value: str) -> None:
        """Set a key in the clone's own git configuration.

        Raises:
            UnsafeFile: git cannot write it.
        """
        done = subprocess.run(
            ["git", "config", "--local", key, value],
            cwd=self.root,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()
            what = f"git config {key} was not written: {said}"
            raise UnsafeFile(Problem(what=what, remedy="allow this account to write it"))

    @property
    def head(self) -> str | None:
        """The commit that is checked out here, or None before the first one.

        Asked here and not of the repository: a linked worktree has a HEAD of its own.
        """
        return self.asked("rev-parse", "--verify", "--quiet", "HEAD^{commit}")

    @property
    def origin(self) -> str | None:
        """Address of the remote `origin`, or None."""
        return self.asked("config", "--get", "remote.origin.url")

    @property
    def person(self) -> tuple[str | None, str | None]:
        """Name and address that the person gave git."""
        return self.asked("config", "user.name"), self.asked("config", "user.email")

    def blob(self) -> Blob | None:
        """Read the lock as git would hold it; None when there is none."""
        text = self.read_lock()
        if not text:
            return None
        return Blob(
            text=text,
            oid=hashlib.sha1(b"blob %d\0" % len(text) + text, usedforsecurity=False).hexdigest(),
        )

    def touched(self, base: str) -> tuple[Touched, ...]:
        """Say whether the lock differs from a commit; other files do not matter before a commit."""
        landed = self.repository.blob(base, LOCK, most=LARGEST)
        mode = self._mode()
        if (landed.text if landed else b"") == self.read_lock() and mode != "100755":
            return ()
        return (Touched(path=LOCK, mode=mode),)

    def _mode(self) -> str:
        """Return the mode git would give the lock."""
        try:
            about = os.lstat(self.lock)
        except FileNotFoundError:
            return "000000"
        return "100755" if about.st_mode & stat.S_IXUSR else "100644"

    def base(self, named: str | None = None) -> str:
        """Choose the commit to judge against.

        The one that is named; else HEAD when the lock has uncommitted changes; else where this
        branch left the default branch.

        Raises:
            NotARepository: there is no such commit, or no commit at all.
        """
        if named is not None:
            return self._named(named)
        head = self.head
        if head is None:
            raise NotARepository(
                Problem(
                    what="this repository has no commit yet",
                    remedy="commit `policies/` and an empty lock first: policies "
                    "are read from the commit that is judged against",
                )
            )
        if self.touched(head):
            return head
        for likely in LIKELY_BASES:
            tip = self.repository.resolve(likely)
            if tip is not None:
                return self.repository.merge_base(tip, head) or head
        return head

    def _named(self, revision: str) -> str:
        """Resolve a branch, a tag, a commit or an ancestor of one, such as `HEAD~1`."""
        found = None
        if REVISION.fullmatch(revision):
            closed = ("--end-of-options", f"{revision}^{{commit}}")
            found = self.asked("rev-parse", "--verify", "--quiet", *closed)
        if found is None:
            raise NotARepository(
                Problem(
                    what=f"there is no commit {revision[:80]!r}",
                    remedy="write a branch, a tag or a commit id, or fetch it",
                )
            )
        return found


def _unsafe(what: str, remedy: str) -> UnsafeFile:
    return UnsafeFile(Problem(what=what, remedy=remedy, file=LOCK))
