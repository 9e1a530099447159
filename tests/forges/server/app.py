"""Apps: their signed words, their installations, and tokens that are good for a part of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jwt

from . import payloads
from .answers import Answer, Asked, Declined
from .rights import RANKS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from .state import Account, State

HOUR = timedelta(hours=1)
NOT_OURS = (
    "There is at least one repository that does not exist or is not accessible to the parent "
    "installation."
)
NOT_GRANTED = "The permissions requested are not granted to this installation."
UNREADABLE = "A JSON web token could not be decoded"
ISSUED = (
    "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was "
    "issued"
)
EXPIRED = (
    "'Expiration time' claim ('exp') must be a numeric value representing the future time at "
    "which the assertion expires"
)
TOO_LONG = "'Expiration time' claim ('exp') is too far in the future"
LONGEST_S = 600
BY_OUR_CLOCK = {"verify_exp": False, "verify_iat": False}
"""GitHub's clock decides, and may be another one than this machine's."""


@dataclass(kw_only=True)
class InstalledOn:
    """An installation: which repositories, and which rights its owner accepted."""

    id: int
    owner: str
    repositories: set[str] | None = None
    """Full names; None for every repository of the owner."""
    permissions: dict[str, str]
    suspended: bool = False

    def covers(self, full_name: str) -> bool:
        """Tell whether a repository is among them."""
        if self.repositories is None:
            return full_name.split("/", maxsplit=1)[0] == self.owner
        return full_name in self.repositories


@dataclass(kw_only=True)
class App:
    """An app: who it acts as, and the public half of its key."""

    id: int
    slug: str
    account: Account
    public_key: str
    installations: list[InstalledOn] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Minted:
    """A token of an installation: for some repositories, with some rights, for an hour."""

    account: Account
    permissions: dict[str, str]
    installation: InstalledOn
    repositories: frozenset[str] | None
    until: datetime

    def covers(self, full_name: str) -> bool:
        """Tell whether the token reaches a repository."""
        named = self.repositories is None or full_name in self.repositories
        return named and self.installation.covers(full_name)

    def may(self, name: str, level: str) -> bool:
        """Tell whether the token has a right."""
        return RANKS[self.permissions.get(name, "none")] >= RANKS[level]


def signer(state: State, word: str) -> App:
    """Verify an app's word: its signature, its clock, and that it is not good for too long."""
    try:
        said = jwt.decode(word, options={"verify_signature": False})
        app = next(one for one in state.apps if str(one.id) == str(said.get("iss")))
        jwt.decode(word, app.public_key, algorithms=["RS256"], options=BY_OUR_CLOCK)
    except (jwt.PyJWTError, StopIteration):
        raise Declined(401, UNREADABLE) from None
    now = state.time().timestamp()
    if said["iat"] > now:
        raise Declined(401, ISSUED)
    if said["exp"] <= now:
        raise Declined(401, EXPIRED)
    if said["exp"] - now > LONGEST_S:
        raise Declined(401, TOO_LONG)
    return app


def own(asked: Asked) -> Answer:
    """Answer `GET /app`."""
    app = _app(asked)
    at = asked.state.now()
    body = {
        "id": app.id,
        "slug": app.slug,
        "node_id": payloads.node("Integration", app.id),
        "owner": _owner(asked, app.installations[0].owner if app.installations else "acme"),
        "name": app.slug.capitalize(),
        "description": "",
        "external_url": "https://example.org",
        "html_url": f"https://github.com/apps/{app.slug}",
        "created_at": at,
        "updated_at": at,
        "permissions": app.installations[0].permissions if app.installations else {},
        "events": [],
    }
    return Answer(status=200, body=body)


def installation(asked: Asked, owner: str, name: str) -> Answer:
    """Find the app's installation on a repository."""
    app = _app(asked)
    full_name = f"{owner}/{name}"
    found = [one for one in app.installations if one.covers(full_name)]
    if not found or full_name not in asked.state.repositories:
        raise Declined(404, "Not Found")
    return Answer(status=200, body=_installed(asked, app, found[0]))


def token(asked: Asked, identity: str) -> Answer:
    """Mint a token, no wider than what was asked for and what was granted."""
    app = _app(asked)
    found = next((one for one in app.installations if one.id == int(identity)), None)
    if found is None:
        raise Declined(404, "Integration not found")
    if found.suspended:
        raise Declined(403, "This installation has been suspended")
    wanted = dict(asked.body.get("permissions") or found.permissions)
    if any(RANKS[found.permissions.get(n, "none")] < RANKS[level] for n, level in wanted.items()):
        raise Declined(422, NOT_GRANTED)
    named = asked.body.get("repositories")
    reached = None if named is None else frozenset(f"{found.owner}/{one}" for one in named)
    if reached is not None and not all(found.covers(one) for one in reached):
        raise Declined(422, NOT_OURS)
    minted = Minted(
        account=app.account,
        permissions=wanted | {"metadata": "read"},
        installation=found,
        repositories=reached,
        until=asked.state.time() + HOUR,
    )
    secret = f"ghs_{asked.state.next_id()}{'m' * 30}"
    asked.state.tokens[secret] = minted
    body = {
        "token": secret,
        "expires_at": f"{minted.until:%Y-%m-%dT%H:%M:%SZ}",
        "permissions": minted.permissions,
        "repository_selection": "all" if found.repositories is None else "selected",
    }
    return Answer(status=201, body=body)


def _app(asked: Asked) -> App:
    if asked.token.count(".") != 2:
        raise Declined(401, UNREADABLE)
    return signer(asked.state, asked.token)


def _owner(asked: Asked, login: str) -> dict[str, Any]:
    return payloads.user(asked.state.accounts[login], asked.api)


def _installed(asked: Asked, app: App, found: InstalledOn) -> dict[str, Any]:
    at = asked.state.now()
    here = f"{asked.api}/app/installations/{found.id}"
    return {
        "id": found.id,
        "account": _owner(asked, found.owner),
        "repository_selection": "all" if found.repositories is None else "selected",
        "access_tokens_url": f"{here}/access_tokens",
        "repositories_url": f"{asked.api}/installation/repositories",
        "html_url": f"https://github.com/settings/installations/{found.id}",
        "app_id": app.id,
        "app_slug": app.slug,
        "target_id": asked.state.accounts[found.owner].id,
        "target_type": "User",
        "permissions": found.permissions,
        "events": [],
        "created_at": at,
        "updated_at": at,
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": _owner(asked, found.owner) if found.suspended else None,
        "suspended_at": at if found.suspended else None,
    }


ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    ("GET", r"/app", own),
    # The repository is no group of the router here: the app may ask before it is let in.
    ("GET", r"/repos/([^/]+)/([^/]+)/installation", installation),
    ("POST", r"/app/installations/(\d+)/access_tokens", token),
)
