"""Real git for the test server, by its plumbing commands."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CLOSED = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


def ask(
    path: Path, *arguments: str, text: str = "", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run git in a bare repository and return what happened."""
    return subprocess.run(
        ["git", f"--git-dir={path}", *arguments],
        input=text,
        text=True,
        capture_output=True,
        check=False,
        env=CLOSED | (env or {}),
    )


def say(path: Path, *arguments: str, text: str = "", env: dict[str, str] | None = None) -> str:
    """Run git in a bare repository and return its words; it must succeed."""
    done = ask(path, *arguments, text=text, env=env)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout.strip()


def create(path: Path, default_branch: str) -> None:
    """Make a bare repository that takes pushes over HTTP."""
    path.parent.mkdir(parents=True, exist_ok=True)
    say(path, "init", "--quiet", "--bare", f"--initial-branch={default_branch}")
    say(path, "config", "http.receivepack", "true")


def branch(path: Path, name: str) -> str | None:
    """Read the tip of a branch."""
    done = ask(path, "show-ref", "--verify", "--hash", f"refs/heads/{name}")
    return done.stdout.strip() if done.returncode == 0 else None


def tips(path: Path) -> dict[str, str]:
    """Read the tips of all branches at once."""
    listed = say(path, "for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads")
    return dict(line.split(" ") for line in listed.splitlines())


def exists(path: Path, sha: str) -> bool:
    """Tell whether a commit is there."""
    return ask(path, "cat-file", "-e", f"{sha}^{{commit}}").returncode == 0


def above(path: Path, sha: str) -> frozenset[str]:
    """List the heads of branches and pull requests whose history holds a commit."""
    listed = say(path, "for-each-ref", "--format=%(objectname)", f"--contains={sha}", "refs")
    return frozenset(listed.splitlines())


def bring(path: Path, source: Path, sha: str, number: int) -> None:
    """Bring a pull request's head into the repository it asks to be merged into."""
    say(path, "fetch", "--quiet", str(source), f"+{sha}:refs/pull/{number}/head")


def ahead(path: Path, base: str, head: str) -> int:
    """Count the commits of `head` that `base` lacks."""
    return int(say(path, "rev-list", "--count", f"{base}..{head}"))


def merged_tree(path: Path, base: str, head: str) -> str | None:
    """Merge two commits into a tree; None when they conflict."""
    done = ask(path, "merge-tree", "--write-tree", base, head)
    return done.stdout.split("\n")[0] if done.returncode == 0 else None


def squash(path: Path, tree: str, parent: str, message: str, author: tuple[str, str]) -> str:
    """Write the one commit that a pull request becomes."""
    env = {
        "GIT_AUTHOR_NAME": author[0],
        "GIT_AUTHOR_EMAIL": author[1],
        "GIT_COMMITTER_NAME": "web-flow",
        "GIT_COMMITTER_EMAIL": "noreply@localhost",
    }
    return say(path, "commit-tree", tree, "-p", parent, "-F", "-", text=message, env=env)


def advance(path: Path, name: str, to: str, at: str) -> bool:
    """Move a branch if it still is where we believe."""
    return ask(path, "update-ref", f"refs/heads/{name}", to, at).returncode == 0
