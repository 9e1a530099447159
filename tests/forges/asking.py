"""The bot at the test server, and the list of what it sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.world.github import GitHub
from bot.world.github_patience import Patience
from bot.world.github_wire import Pace

from .stand import BOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from .server.state import Hosted
    from .server.web import Server
    from .stand import Stand

REPO = "/repos/acme/models"


def at(stand: Stand) -> tuple[Server, Hosted]:
    assert stand.server
    assert stand.hosted
    return stand.server, stand.hosted


def sent(stand: Stand, act: Callable[[], object]) -> list[str]:
    server, _ = at(stand)
    server.log.clear()
    act()
    return [f"{method} {path.replace(REPO, '')}" for method, path in server.log]


def guest(stand: Stand, login: str = BOT, token: str | None = None, **more: str) -> GitHub:
    server, _ = at(stand)
    return GitHub(
        more.get("repository", "acme/models"),
        token or server.state.accounts[login].token,
        api_url=more.get("api_url", server.api_url),
        patience=Patience(sleep=stand.waits.append),
        pace=Pace(between_requests_s=None, between_writes_s=None),
    )
