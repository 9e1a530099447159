"""The action that workflows are to use: this very Lockstep, by repository and commit."""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

import bot
from bot.core.errors import NotARepository, Problem
from bot.world.github_files import PIN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Asked = Callable[..., str | None]
    """Asks git in the folder Lockstep lies in; None when it has no answer."""

PACKAGE = "lockstep-bot"
REMEDY = "name the action of a Lockstep that is on GitHub: --action OWNER/REPO@COMMIT (40 hex)"
_ADDRESS = re.compile(
    r"(?:https://|ssh://git@|git@|git\+https://)[^/:@\s]+[:/](?P<slug>[\w.-]+/[\w.-]+?)(?:\.git)?/?"
)


def own_pin(ask: Asked, folder: Path | None = None) -> str:
    """Name this Lockstep as an action, `OWNER/REPO@<40 hex>`.

    Installed from git it knows its commit (PEP 610); in a checkout git does.

    Args:
        ask: Asks git in `folder`.
        folder: Where the package's own checkout would be.

    Raises:
        NotARepository: neither knows, or nobody else has the commit.
    """
    named = pin_installed(_direct_url())
    if named is not None:
        return named
    home = folder or Path(bot.__file__).parents[1]
    if not (home / "action.yml").is_file() or ask("rev-parse", "--show-prefix") is not None:
        raise _unknown("this Lockstep was not installed from git")
    commit, origin = ask("rev-parse", "HEAD"), ask("config", "--get", "remote.origin.url")
    slug = _ADDRESS.fullmatch(origin or "")
    if commit is None or slug is None:
        raise _unknown("the checkout this Lockstep runs from has no origin on GitHub")
    if not ask("branch", "--remotes", "--contains", commit):
        raise _unknown(f"commit {commit[:12]} of this Lockstep is on no branch of its origin")
    return f"{slug['slug']}@{commit}"


def pin_installed(source: Mapping[str, object] | None) -> str | None:
    """Read the pin off an installation's record of its origin (PEP 610), or None."""
    if source is None:
        return None
    version_control, url = source.get("vcs_info"), source.get("url")
    if not isinstance(version_control, dict) or not isinstance(url, str):
        return None
    slug = _ADDRESS.fullmatch(url)
    named = f"{slug['slug']}@{version_control.get('commit_id')}" if slug else ""
    return named if PIN.fullmatch(named) else None


def _direct_url() -> dict[str, object] | None:
    try:
        text = distribution(PACKAGE).read_text("direct_url.json")
        read = json.loads(text) if text else None
    except (PackageNotFoundError, ValueError):
        return None
    return read if isinstance(read, dict) else None


def _unknown(what: str) -> NotARepository:
    return NotARepository(Problem(what=what, remedy=REMEDY))
