"""`lockstep doctor`: look at everything a promotion rests on, and say what is wrong."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.arguments import Matching, json_option
from bot.cli.forges import api_url, credential, forge_option, named_on_github, open_forge
from bot.world.github_zones import Zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.cli.worktree import Worktree
    from bot.core.errors import Denied
    from bot.world.doctor_scene import Scene
    from bot.world.forge import Forge
    from bot.world.repository import Repository


APP = Matching(
    "App ID",
    r"[1-9][0-9]{0,17}",
    "write the number on the app's page; its slug, as in github.com/apps/SLUG, is another thing",
)


@click.command(
    epilog="Example: lockstep doctor --repo acme/models",
    short_help="Check settings, files, data and the way back.",
)
@forge_option
@click.option("--fix", is_flag=True, help="Mend what may be mended; nothing is committed.")
@click.option("--drill", is_flag=True, help="Read remote bytes whole, and walk every way back.")
@click.option("--app", type=APP, metavar="ID", help="App ID of the bot's GitHub App, a number.")
@json_option
def command(
    *, forge: str | None, repo: str | None, fix: bool, drill: bool, app: str | None, as_json: bool
) -> None:
    """Check the repository's settings, its files, its data, this machine, and the way back.

    Each finding comes with its remedy.  Leaves with 5 when something is wrong: when somebody
    could get past the gates, or Lockstep could not do its work.  Warnings and what the token may
    not see do not count.

    On GitHub an administrator's token in GH_TOKEN sees most, also beside the app's key:
    GH_TOKEN="$(gh auth token)" lockstep doctor
    """
    from bot.cli import doctor_show
    from bot.cli.outcome import progress
    from bot.core.errors import PASSED, UNHEALTHY
    from bot.world.doctor import examine
    from bot.world.doctor_diagnosis import Level, mends_of
    from bot.world.doctor_mending import mend_all

    zone = Zone.REPAIR if fix else Zone.DOCTOR
    with _scene(forge, repo, _named_app(app), zone, progress()) as opened:
        scene = opened.scene
        scene.drill = drill
        found = examine(scene)
        mended = mend_all(mends_of(found), scene.settings, opened.root) if fix else ()
        if any(one.done for one in mended):
            found = examine(scene)
    if as_json:
        doctor_show.as_json(opened.about, found, mended, opened.left_out)
    else:
        doctor_show.show(opened.about, found, mended, opened.left_out)
    sys.exit(UNHEALTHY if any(one.level is Level.WRONG for one in found) else PASSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A scene, what it is about, and where its files are."""

    scene: Scene
    about: str
    """`acme/models`, or the name of a folder."""
    left_out: str
    """Why the checks of GitHub are left out; empty when they are not."""
    root: Path | None


@contextmanager
def _scene(
    forge: str | None, repo: str | None, app: int | None, zone: Zone, say: Callable[[str], None]
) -> Iterator[Opened]:
    """Set the scene: a forge with a scratch clone of it, or the clone this runs in.

    Raises:
        Denied: what was asked for needs a token, and there is none.
    """
    from bot.world.repository import Repository

    worktree = _worktree()
    origin = worktree.origin if worktree else None
    slug = None if forge else named_on_github(repo, origin)
    auth = credential(slug, zone) if slug else None
    with tempfile.TemporaryDirectory(prefix="lockstep-") as folder:
        if forge is not None or auth is not None or (slug is None and _is_local(origin)):
            chosen = open_forge(forge, repo, origin=origin, zone=zone)
            clone = Repository.create(Path(folder), chosen.git_environment())
            yield _hosted(chosen, clone, worktree, slug, auth, app, say)
        elif slug is not None and (repo is not None or zone is Zone.REPAIR):
            raise _no_token(slug, zone)
        else:
            why = "no repository is named; name it with --repo OWNER/NAME, and set GH_TOKEN"
            if slug is not None:
                why = f"there is no token for {slug}; set GH_TOKEN to an administrator's"
            yield _here(worktree, why, app, say)


def _no_token(slug: str, zone: Zone) -> Denied:
    from bot.core.errors import Denied as NoToken
    from bot.core.errors import Problem

    alone = "" if zone is Zone.REPAIR else "; or leave --repo out, to look at a clone alone"
    return NoToken(
        Problem(
            what=f"there is no token for {slug}",
            remedy=f"set GH_TOKEN to an administrator's: export GH_TOKEN=$(gh auth token){alone}",
        )
    )


def _worktree() -> Worktree | None:
    from bot.cli.worktree import Worktree as Clone
    from bot.core.errors import NotARepository

    try:
        return Clone.here()
    except NotARepository:
        return None


def _is_local(origin: str | None) -> bool:
    from bot.cli.forges import local_folder

    return origin is not None and local_folder(origin) is not None


def _named_app(app: str | None) -> int | None:
    named = app or os.environ.get("LOCKSTEP_APP_ID", "").strip()
    return int(named) if named.isascii() and named.isdigit() else None


def _hosted(
    chosen: Forge,
    clone: Repository,
    worktree: Worktree | None,
    slug: str | None,
    auth: object,
    app: int | None,
    say: Callable[[str], None],
) -> Opened:
    from bot import __version__
    from bot.world.doctor_scene import Scene as Whole
    from bot.world.github_app import Installation
    from bot.world.github_connection import API_URL
    from bot.world.github_settings import Settings
    from bot.world.github_wire import Pace
    from bot.world.here import cache_folder
    from bot.world.store import Store
    from bot.world.store_committed import Committed

    settings = None
    if slug is not None and isinstance(auth, str | Installation):
        # A person's token sees settings that an app should not be allowed to see.
        told = os.environ.get("GH_TOKEN") or auth
        # Two dozen questions one after the other are far below every limit.
        settings = Settings(slug, told, api_url=api_url(), pace=Pace(between_requests_s=None))
    branch = settings.repository["default_branch"] if settings else chosen.default_branch()
    clone.fetch(chosen.remote(), f"+refs/heads/{branch}*:refs/lockstep/tip*")
    tip = clone.resolve("refs/lockstep/tip")
    cache = cache_folder()
    scene = Whole(
        repository=clone,
        tip=tip,
        branch=branch,
        store=Store(lambda path: Committed(clone, str(tip), path), cache),
        cache=cache,
        version=__version__,
        now=datetime.now(UTC),
        say=say,
        forge=chosen,
        settings=settings,
        installation=auth if isinstance(auth, Installation) else None,
        app=app,
        on_github_com=api_url() == API_URL,
        action=_own_action(worktree),
    )
    ours = worktree is not None and (
        worktree.origin == chosen.remote() or named_on_github(None, worktree.origin) == slug
    )
    return Opened(
        scene=scene,
        about=chosen.slug(),
        left_out="" if settings else "this forge is a folder, which has no such settings",
        root=worktree.root if worktree and ours else None,
    )


def _here(
    worktree: Worktree | None, why: str, app: int | None, say: Callable[[str], None]
) -> Opened:
    """Look at the commit that is checked out here.

    Raises:
        NotARepository: this is no clone either.
    """
    from bot import __version__
    from bot.cli.worktree import Worktree as Clone
    from bot.world.doctor_scene import Scene as Whole
    from bot.world.here import cache_folder
    from bot.world.store import Store
    from bot.world.store_committed import Committed

    found = worktree or Clone.here()
    repository, tip = found.repository, found.head
    scene = Whole(
        repository=repository,
        tip=tip,
        branch=found.asked("symbolic-ref", "--short", "HEAD") or "HEAD",
        store=Store(lambda path: Committed(repository, str(tip), path), cache_folder()),
        cache=cache_folder(),
        version=__version__,
        now=datetime.now(UTC),
        say=say,
        app=app,
    )
    return Opened(scene=scene, about=found.root.name, left_out=why, root=found.root)


def _own_action(worktree: Worktree | None) -> str | None:
    """Name the action that missing workflows are to use, if this Lockstep knows its own."""
    import bot
    from bot.cli.worktree import Worktree as Clone
    from bot.core.errors import NotARepository
    from bot.world.github_files import PIN
    from bot.world.github_pin import own_pin

    named = os.environ.get("LOCKSTEP_ACTION", "")
    if PIN.fullmatch(named):
        return named
    if worktree is None:
        return None
    try:
        return own_pin(Clone(Path(bot.__file__).parents[1], worktree.repository).asked)
    except NotARepository:
        return None
