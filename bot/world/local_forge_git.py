"""The few git commands by which a local forge reads branches and lands commits.

Plumbing only, with a closed environment: no configuration of the user, no hook, no
prompt and no merge driver takes part.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.core.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DATES = ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE")
"""Taken over from the environment, so that a run can be repeated bit for bit."""

_CLOSED = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C",
}
_SERVING = {"pack.window": "0", "pack.compression": "0", "core.bigFileThreshold": "512k"}
"""A fetch from a folder beside us costs no line; packing models tightly for it costs seconds."""
_SETTINGS = ("-c", f"core.hooksPath={os.devnull}", "-c", f"core.attributesFile={os.devnull}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two commits that git cannot merge by itself."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bare:
    """A bare repository."""

    path: Path
    identity: Mapping[str, str] = field(default_factory=dict)
    """GIT_AUTHOR_* and GIT_COMMITTER_* of the commits made here."""

    def create(self, default_branch: str) -> None:
        """Make the repository, empty."""
        self._said("init", "--quiet", "--bare", f"--initial-branch={default_branch}")
        for key, value in _SERVING.items():
            self._said("config", key, value)

    def branch(self, name: str) -> str | None:
        """Read the tip of a branch, or None if there is no such branch."""
        shown = self._asked("show-ref", "--verify", "--hash", f"refs/heads/{name}")
        return shown.stdout.decode().strip() if shown.returncode == 0 else None

    def branches_at(self, sha: str) -> frozenset[str]:
        """Name the branches whose tip is exactly this commit."""
        listed = self._asked(
            "for-each-ref", "--format=%(refname:lstrip=2)", f"--points-at={sha}", "refs/heads"
        )
        return frozenset(listed.stdout.decode().splitlines())

    def commit_exists(self, sha: str) -> bool:
        """Tell whether the repository holds this commit."""
        return self._asked("cat-file", "-e", f"{sha}^{{commit}}").returncode == 0

    def contains(self, branch: str, commit: str) -> bool:
        """Tell whether a commit is in the history of a branch."""
        ancestry = ("merge-base", "--is-ancestor", commit, f"refs/heads/{branch}")
        return self._asked(*ancestry).returncode == 0

    def follow(self, reference: str, branch: str) -> None:
        """Make a reference that always points where a branch points."""
        self._said("symbolic-ref", reference, f"refs/heads/{branch}")

    def fix(self, reference: str, sha: str) -> None:
        """Make a reference point at a commit for good."""
        self._said("update-ref", "--no-deref", reference, sha)

    def merged_tree(self, ours: str, theirs: str) -> str | Conflict:
        """Merge two commits into a tree without touching any branch."""
        merged = self._asked(
            "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs
        )
        tree, *paths = merged.stdout.decode(errors="replace").rstrip("\0").split("\0")
        if merged.returncode == 0:
            return tree
        if merged.returncode == 1:
            return Conflict(paths=tuple(paths))
        raise Unavailable(f"git merge-tree: {_complaint(merged)}")

    def commit(self, tree: str, parent: str, message: str) -> str:
        """Write a commit of a tree on one parent; no branch moves."""
        return self._said("commit-tree", tree, "-p", parent, "-F", "-", text=message)

    def advance(self, branch: str, *, to: str, at: str) -> bool:
        """Move a branch if it still stands where it is believed to; say whether it moved."""
        return self._asked("update-ref", f"refs/heads/{branch}", to, at).returncode == 0

    def _said(self, *arguments: str, text: str = "") -> str:
        done = self._asked(*arguments, text=text)
        if done.returncode != 0:
            raise Unavailable(f"git {arguments[0]}: {_complaint(done)}")
        return done.stdout.decode().strip()

    def _asked(self, *arguments: str, text: str = "") -> subprocess.CompletedProcess[bytes]:
        kept = {name: os.environ[name] for name in ("PATH", *DATES) if name in os.environ}
        try:
            return subprocess.run(
                ("git", *_SETTINGS, f"--git-dir={self.path}", *arguments),
                input=text.encode(),
                env=kept | _CLOSED | dict(self.identity),
                capture_output=True,
                check=False,
                timeout=120,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"git {arguments[0]} did not run: {error}") from error


def _complaint(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
