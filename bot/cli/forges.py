"""Which forge a verb speaks with: named by an option, by the environment, or by `origin`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click

from bot.world.github_zones import Zone

if TYPE_CHECKING:
    from bot.world.forge import Forge
    from bot.world.github_app import Installation
    from bot.world.local_forge import LocalForge

Verb = TypeVar("Verb", bound=Callable[..., Any])
LOCAL = "local:"
SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
FOLDER_FILE, BARE = "forge.json", "repository.git"


def forge_option(command: Verb) -> Verb:
    """Add `--forge` and `--repo` to a verb; it receives `forge` and `repo`, for `open_forge`."""
    repo = click.option(
        "--repo",
        metavar="OWNER/NAME",
        envvar="GITHUB_REPOSITORY",
        callback=_slug,
        help="The repository on GitHub.  Default: $GITHUB_REPOSITORY, else what `origin` names.",
    )
    forge = click.option(
        "--forge",
        metavar="local:PATH",
        envvar="LOCKSTEP_FORGE",
        help="A forge in a folder of this machine instead of GitHub.",
    )
    return forge(repo(command))


def _slug(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Check the form of a repository's name.

    Raises:
        click.BadParameter: it is none.
    """
    if value is not None and not SLUG.fullmatch(value):
        raise click.BadParameter(
            f"{value[:120]!r} is no repository; write OWNER/NAME, such as acme/models"
        )
    return value


def open_forge(
    forge: str | None,
    repo: str | None,
    *,
    origin: str | None = None,
    actor: str | None = None,
    zone: Zone = Zone.PROPOSE,
) -> Forge:
    """Open the forge that was named, else the one the clone's `origin` lies on.

    Args:
        forge: `local:PATH`, or None.
        repo: `owner/name`, or None.
        origin: Address of the clone's remote `origin`, or None.
        actor: Who acts on a local forge; the bot itself by default.  GitHub knows from the token.
        zone: What an app's token is to be good for.  A token that was given is good for what it is.

    Raises:
        click.UsageError: no forge is named, or its name cannot be right.
        NotARepository: there is no such forge.
        Denied: there is no token, or an app is named and cannot sign.
    """
    if forge is not None:
        return _local(_folder_of(forge), actor)
    if repo is not None:
        return _github(repo, zone)
    if origin is not None and (folder := local_folder(origin)) is not None:
        return _local(folder, actor)
    if origin is not None and (named := _named_on_github(origin)) is not None:
        return _github(named, zone)
    raise click.UsageError(
        "it is not clear where the pull request lives; "
        "name it with --repo OWNER/NAME or --forge local:PATH"
    )


def create_local(forge: str, branch: str) -> LocalForge:
    """Make a forge in an absent or empty folder, or open the one that is there.

    Args:
        forge: `local:PATH`.
        branch: What production is to follow.

    Raises:
        click.UsageError: it is not named as `local:PATH`, or the folder holds something else.
        click.FileError: it cannot be written.
    """
    from bot.world.local_forge import LocalForge

    folder = _folder_of(forge).absolute()
    try:
        if folder.exists() and not (folder / FOLDER_FILE).is_file() and any(folder.iterdir()):
            raise click.UsageError(f"{folder} is not empty; name a new folder")
        folder.mkdir(parents=True, exist_ok=True)
        return LocalForge.create(folder, branch)
    except OSError as error:
        raise click.FileError(str(folder), hint=error.strerror) from None


def _folder_of(forge: str) -> Path:
    if not forge.startswith(LOCAL) or forge == LOCAL:
        raise click.UsageError(f"--forge {forge!r} is no forge; write --forge local:PATH")
    return Path(forge.removeprefix(LOCAL))


def _local(folder: Path, actor: str | None) -> Forge:
    from bot.core.errors import NotARepository, Problem
    from bot.world.local_forge import LocalForge

    if not (folder / FOLDER_FILE).is_file():
        raise NotARepository(
            Problem(
                what=f"there is no forge in {folder}",
                remedy=f"make one: lockstep init --forge {LOCAL}{folder}",
            )
        )
    opened = LocalForge(folder)
    return opened if actor is None else opened.acting_as(actor)


def api_url() -> str:
    """Address of GitHub's API: GITHUB_API_URL on an Enterprise server."""
    from bot.world.github import API_URL

    return os.environ.get("GITHUB_API_URL") or API_URL


def credential(repo: str, zone: Zone) -> str | Installation | None:
    """Choose what speaks to GitHub: the app, else a token; None when there is neither.

    Raises:
        Denied: an app is named and cannot sign.
    """
    from bot.world import github_app

    app = github_app.App.named()
    if app is not None:
        return github_app.Installation(app, repo, zone, api_url=api_url())
    return os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN") or None


def _github(repo: str, zone: Zone) -> Forge:
    from bot.core.errors import Denied, Problem
    from bot.world.github import GitHub
    from bot.world.github_zones import shown

    auth = credential(repo, zone)
    if auth is None:
        raise Denied(
            Problem(
                what=f"there is no token for {repo}",
                remedy="set LOCKSTEP_APP_ID and LOCKSTEP_APP_PRIVATE_KEY, or GITHUB_TOKEN to a "
                f"token with the rights {shown(zone.permissions)}",
            )
        )
    return GitHub(
        repo,
        auth,
        api_url=api_url(),
        server_url=os.environ.get("GITHUB_SERVER_URL") or None,
    )


def named_on_github(repo: str | None, origin: str | None) -> str | None:
    """Return `owner/name` on GitHub, where an option or the clone's `origin` names it."""
    return repo or (None if origin is None else _named_on_github(origin))


def local_folder(origin: str) -> Path | None:
    """Return the folder of a local forge whose bare repository an address is."""
    bare = Path(origin.removeprefix("file://"))
    found = bare.name == BARE and (bare.parent / FOLDER_FILE).is_file()
    return bare.parent if found else None


def _named_on_github(origin: str) -> str | None:
    """Return `owner/name` when an address lies on the GitHub server of this environment."""
    server = urlsplit(os.environ.get("GITHUB_SERVER_URL") or "https://github.com").netloc
    pattern = (
        rf"(?:https://(?:[^@/]*@)?|ssh://git@|git@){re.escape(server)}[:/]"
        r"([\w.-]+/[\w.-]+?)(?:\.git)?/?"
    )
    match = re.fullmatch(pattern, origin)
    return match[1] if match else None
