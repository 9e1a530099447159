"""An engineer's clone in the worked example: real git, a branch, a push, a pull request."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.errors import Unavailable
from bot.core.lockfile import dump, parse
from bot.core.proposal import LOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bot.core.lock import Model
    from bot.world.forge import PullRequest
    from bot.world.local_forge import LocalForge


@dataclass(frozen=True, slots=True)
class Engineer:
    """Somebody who proposes promotions from a clone of their own."""

    name: str
    clone: Path
    forge: LocalForge

    @classmethod
    def joins(cls, name: str, clone: Path, forge: LocalForge) -> Engineer:
        """Clone the repository."""
        someone = cls(name, clone, forge.acting_as(name, f"{name}@localhost"))
        someone._git("clone", "--quiet", forge.remote(), str(clone), at=clone.parent)
        return someone

    def commits(self, files: Mapping[str, Path], lock: bytes, message: str) -> None:
        """Put the first files on the default branch, before there is anything to guard."""
        for name, source in files.items():
            place = self.clone / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(source, place)
        (self.clone / LOCK).write_bytes(lock)
        branch = self.forge.default_branch()
        self._git("checkout", "--quiet", "-B", branch)
        self._git("add", "--all")
        self._git("commit", "--quiet", "-m", message)
        self._git("push", "--quiet", "origin", branch)

    def proposes(
        self, branch: str, title: str, edit: Callable[[dict[str, Model]], dict[str, Model]]
    ) -> PullRequest:
        """Edit the lock on a branch of its own and open the pull request."""
        self._starts(branch)
        path = self.clone / LOCK
        path.write_bytes(dump(edit(parse(path.read_bytes(), LOCK))))
        self._git("commit", "--quiet", "--all", "-m", title)
        return self._opens(branch, title)

    def reverts(self, commit: str, branch: str, title: str) -> PullRequest:
        """Undo a landed promotion with `git revert`, as a pull request."""
        self._starts(branch)
        self._git("revert", "--no-edit", commit)
        return self._opens(branch, title)

    def diff(self) -> str:
        """Show what the branch changes in the lock."""
        return self._git("diff", "--unified=0", "--no-color", "HEAD~1", "--", LOCK)

    def pulls(self) -> str:
        """Bring the default branch up to date; return its newest commit."""
        branch = self.forge.default_branch()
        self._git("fetch", "--quiet", "origin")
        self._git("checkout", "--quiet", "-B", branch, f"origin/{branch}")
        return self._git("rev-parse", "HEAD").strip()

    def _starts(self, branch: str) -> None:
        self.pulls()
        self._git("checkout", "--quiet", "-b", branch)

    def _opens(self, branch: str, title: str) -> PullRequest:
        self._git("push", "--quiet", "origin", branch)
        return self.forge.propose(
            title=title, body="", head=branch, base=self.forge.default_branch()
        )

    def _git(self, *arguments: str, at: Path | None = None) -> str:
        who = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", self.name), ("EMAIL", f"{self.name}@localhost"))
        }
        done = subprocess.run(
            [
                "git",
                "-c",
                "protocol.file.allow=always",
                "-c",
                "commit.gpgSign=false",
                "-c",
                "advice.detachedHead=false",
                *arguments,
            ],
            cwd=at or self.clone,
            capture_output=True,
            text=True,
            check=False,
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "HOME": str(self.clone),
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_TERMINAL_PROMPT": "0",
                **who,
            },
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise Unavailable(f"git {arguments[0]}: {said[0] if said else 'failed'}")
        return done.stdout
