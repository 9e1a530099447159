"""The files that let a repository on GitHub run Lockstep, as this version writes them.

One source: `lockstep init --github` writes them, this repository's own are made from it, and
the doctor compares with it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from bot.world.github_workflows import HERE, Identity, Setting, evaluation, main_entry, ping
from bot.world.github_workflows_more import commands, guard, sweep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FOLDER = ".github/workflows"
_FILES = {
    "lockstep-ping.yml": ping,
    "lockstep.yml": main_entry,
    "lockstep-evaluate.yml": evaluation,
    "lockstep-commands.yml": commands,
    "lockstep-main.yml": guard,
    "lockstep-sweep.yml": sweep,
}
GUARDED = ("/models.lock", "/policies/", "/.github/")
"""What its owners approve: the lock, the bar it is held to, and the workflows that hold it."""
OWNER_FILES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks for owners; the first that is there counts."""
EXTRAS = ("http", "lightgbm", "onnx", "xgboost")
"""Extras with a lock beside the action."""
PIN = re.compile(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}@[0-9a-f]{40}")
_USED = re.compile(r"^ *- uses: ((?!actions/)\S+@[0-9a-f]{40}|\./)$", re.MULTILINE)
_EXTRAS = re.compile(r"^ *extras: ([a-z0-9 ]{1,80})$", re.MULTILINE)


def workflow_files(
    action: str,
    *,
    branch: str = "main",
    identity: Identity = "app",
    extras: Sequence[str] = (),
) -> dict[str, str]:
    """Write every workflow, by its path in the repository.

    Args:
        action: `OWNER/REPO@<40 hex>` of the action to use, or `./` in its own repository.
        branch: The default branch.
        identity: Who writes to GitHub.
        extras: Which of `EXTRAS` are installed.
    """
    setting = Setting(action=action, branch=branch, identity=identity, extras=tuple(extras))
    return {f"{FOLDER}/{name}": text(setting) for name, text in _FILES.items()}


def differing(found: Mapping[str, str | None], *, branch: str = "main") -> dict[str, str]:
    """Say which workflows of a repository are not as this version writes them.

    Whatever action, extras and identity most of them name is taken as meant.

    Args:
        found: Every path of `workflow_files`, with the text that is there, or None.
        branch: The default branch.

    Returns:
        By path: `missing`, or `differs`.
    """
    action, extras = _most(_USED, found) or HERE, (_most(_EXTRAS, found) or "").split()
    choices = (
        workflow_files(action, branch=branch, identity=identity, extras=extras)
        for identity in get_args(Identity)
    )
    verdicts = (
        {path: _compared(found.get(path), text) for path, text in files.items()}
        for files in choices
    )
    return min(
        ({path: said for path, said in verdict.items() if said} for verdict in verdicts), key=len
    )


def owner_lines(text: str, owners: Sequence[str], file: str) -> str:
    """Return the lines that a CODEOWNERS file still lacks for what is guarded; empty if none."""
    named = {line.split()[0] for line in text.splitlines() if line.split()[1:]}
    itself = () if file.startswith(".github/") else (f"/{file}",)
    lacking = [path for path in (*GUARDED, *itself) if path not in named]
    return "".join(f"{path} {' '.join(owners)}\n" for path in lacking)


def _most(pattern: re.Pattern[str], found: Mapping[str, str | None]) -> str | None:
    """Return what a pattern finds most often in the files."""
    seen = [one for text in found.values() for one in pattern.findall(text or "")]
    return max(set(seen), key=seen.count) if seen else None


def _compared(found: str | None, meant: str) -> str | None:
    if found is None:
        return "missing"
    return None if found.replace("\r\n", "\n").strip() == meant.strip() else "differs"
