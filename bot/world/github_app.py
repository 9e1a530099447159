"""A GitHub App signs for itself with its key and acts by short tokens, one narrowed to a zone.

The key never leaves this module: it signs a word that is valid for minutes, the word buys a
token that is valid for an hour, for one repository and a zone's permissions.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from github import GithubException
from github.Auth import AppAuth, Auth

from bot.core.errors import Denied, Problem
from bot.world.github_app_refusals import unminted, unseen, without_rights
from bot.world.github_wire import Pace, Tally, line
from bot.world.github_zones import Zone, granted, missing

APP_ID, KEY, KEY_FILE = (
    "LOCKSTEP_APP_ID",
    "LOCKSTEP_APP_PRIVATE_KEY",
    "LOCKSTEP_APP_PRIVATE_KEY_FILE",
)
EARLY = timedelta(minutes=5)
"""A token is renewed this long before it ends: a run must not lose it between two writes."""
LARGEST_KEY = 64 * 1024
_IDENTITY = re.compile(r"[A-Za-z0-9._-]{1,64}")
NEW_KEY = "make a new key on the app's page, and give the whole .pem file"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class App:
    """An app: its id, or its client id, and what signs for it."""

    identity: str
    key: str = field(repr=False)

    @classmethod
    def named(cls, environment: Mapping[str, str] = os.environ) -> App | None:
        """Read the app that the environment names, or None when it names none.

        Raises:
            Denied: half of it is there, or the key cannot sign.
        """
        identity = environment.get(APP_ID, "").strip()
        key = environment.get(KEY, "")
        file = environment.get(KEY_FILE, "")
        if not key.strip() and file:
            key = _read(Path(file))
        if not identity and not key.strip():
            return None
        if not identity:
            raise _refused(
                f"there is a private key and no {APP_ID}", f"set {APP_ID} to the app's id"
            )
        if not key.strip():
            what = f"{APP_ID} is set and there is no private key for it"
            raise _refused(
                what,
                f"set {KEY}, or {KEY_FILE}; in Actions the job must name the environment "
                "that holds the secret",
            )
        if not _IDENTITY.fullmatch(identity):
            raise _refused(f"{APP_ID} is no id of an app", "copy the App ID from the app's page")
        # A variable of many systems holds one line; its line ends are then written out.
        app = cls(identity, key.replace("\\n", "\n").strip() + "\n")
        app.signs()
        return app

    def signs(self) -> AppAuth:
        """Return what signs as the app.

        Raises:
            Denied: the key is no private RSA key in PEM form.
        """
        auth = AppAuth(self.identity, self.key)
        try:
            _ = auth.token
        except Exception:  # noqa: BLE001 -- two libraries, many kinds of errors, and some quote the key
            raise _refused(f"the app's private key {_why(self.key)}", NEW_KEY) from None
        return auth


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """An app's installation, as GitHub tells it."""

    id: int
    app_id: int
    slug: str
    permissions: Mapping[str, str]
    every_repository: bool
    suspended: bool


class Installation(Auth):
    """The app's installation on one repository, with the rights of one zone.

    Nothing is sent before a token is needed.  Safe for several threads.
    """

    def __init__(
        self,
        app: App,
        repository: str,
        zone: Zone,
        *,
        api_url: str,
        now: Callable[[], datetime] = _now,
        pace: Pace | None = None,
    ) -> None:
        """Take an app, `owner/name`, a zone and the address of the API."""
        self._repository, self._zone, self._now = repository, zone, now
        self._line = line(
            auth=app.signs(), api_url=api_url.rstrip("/"), pace=pace or Pace(), tally=Tally()
        )
        self._installed: Installed | None = None
        self._token = ""
        self._until = datetime.min.replace(tzinfo=UTC)
        self._minting = threading.RLock()

    @property
    def token_type(self) -> str:
        """Say how the token is announced."""
        return "token"

    @property
    def token(self) -> str:
        """Return a token that is still good for minutes; mint one when there is none.

        Raises:
            Denied, NotARepository: the app is not installed here, or lacks a right.
            GithubException, RequestException: GitHub did not answer; another try may help.
        """
        with self._minting:
            if self._now() + EARLY >= self._until:
                self._mint()
            return self._token

    @property
    def login(self) -> str:
        """Whom the tokens speak for."""
        return f"{self.installed.slug}[bot]"

    @property
    def zone(self) -> Zone:
        """Which zone the tokens are for."""
        return self._zone

    @property
    def installed(self) -> Installed:
        """Find the installation, once.

        Raises:
            Denied: the app's word is not accepted, or it is suspended.
            NotARepository: the app is not installed on this repository.
        """
        with self._minting:
            if self._installed is None:
                self._installed = self._find()
            return self._installed

    def renew(self) -> None:
        """Forget the token: GitHub did not accept it.  The next use mints another."""
        with self._minting:
            self._until = datetime.min.replace(tzinfo=UTC)

    def _find(self) -> Installed:
        try:
            body = self._asked("GET", f"/repos/{self._repository}/installation")
        except GithubException as error:
            raise unseen(error, self._repository, self._now()) from error
        return Installed(
            id=int(body["id"]),
            app_id=int(body["app_id"]),
            slug=str(body["app_slug"]),
            permissions={str(name): str(level) for name, level in body["permissions"].items()},
            every_repository=body.get("repository_selection") == "all",
            suspended=bool(body.get("suspended_at")),
        )

    def _mint(self) -> None:
        installed = self.installed
        if installed.suspended:
            raise _refused(
                f"the app {installed.slug} is suspended for {self._repository}",
                "an owner lifts that on the installation's page",
            )
        wanted = dict(self._zone.permissions)
        if self._zone.optional:
            wanted = granted(wanted, installed.permissions)
        elif lacking := missing(wanted, installed.permissions):
            raise without_rights(installed.slug, self._zone, lacking)
        # The repository by its name: one that was deleted and made anew is another one.
        asked = {"repositories": [self._repository.split("/")[1]], "permissions": wanted}
        try:
            body = self._asked("POST", f"/app/installations/{installed.id}/access_tokens", asked)
        except GithubException as error:
            self._installed = None
            raise unminted(error, installed.slug, self._zone, self._now()) from error
        self._token = str(body["token"])
        self._until = datetime.fromisoformat(str(body["expires_at"]))

    def _asked(self, method: str, address: str, body: object = None) -> dict[str, Any]:
        _, answer = self._line.requester.requestJsonAndCheck(method, address, input=body)
        return dict(answer)


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            text = opened.read(LARGEST_KEY + 1)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise _refused(f"the file that {KEY_FILE} names cannot be read: {why}", NEW_KEY) from None
    if len(text) > LARGEST_KEY:
        raise _refused(f"the file that {KEY_FILE} names is no key: it is too large", NEW_KEY)
    return text.decode("utf-8", "replace")


def _why(key: str) -> str:
    """Say what is wrong with a key, from its first line alone."""
    first = key.strip().splitlines()[0] if key.strip() else ""
    if "PUBLIC KEY" in first:
        return "is a public key"
    if "ENCRYPTED" in key:
        return "is encrypted with a password"
    if "OPENSSH" in first:
        return "is an OpenSSH key"
    if not first.startswith("-----BEGIN"):
        return "does not begin with -----BEGIN RSA PRIVATE KEY-----"
    return "cannot be read as an RSA key in PEM form"


def _refused(what: str, remedy: str) -> Denied:
    return Denied(Problem(what=what, remedy=remedy))
