"""The line to GitHub: PyGithub with its own retries, waits and redirects switched off.

PyGithub repeats POSTs after a 5xx (a second comment), waits without bound on a 202 and
follows a moved repository silently.  Here every request is sent once, counted, and told
as it went; `github_patience` decides what to repeat.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from github import Github
from github.Requester import (
    HTTPRequestsConnectionClass,
    HTTPSRequestsConnectionClass,
    Requester,
    RequestsResponse,
)

from bot import __version__
from bot.core.errors import NotARepository, Problem
from bot.world.github_turns import turns_of

if TYPE_CHECKING:
    from github.Auth import Auth

API_VERSION = "2022-11-28"
AGENT = f"lockstep/{__version__}"
TIMEOUT_S = 30
PAGE = 100
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}/[A-Za-z0-9._-]{1,100}")
_INJECTING = threading.Lock()


class NotReady(Exception):  # noqa: N818 -- an answer of the server, named as it reads
    """The server is still working on the answer (202)."""


class NotGitHub(Exception):  # noqa: N818 -- as above
    """The answer is not GitHub's, such as the page of a proxy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds between requests; GitHub asks for a second between writes."""

    between_requests_s: float | None = 0.25
    between_writes_s: float | None = 1.0


@dataclass(slots=True)
class Tally:
    """How many requests were sent."""

    calls: int = 0

    def count(self) -> None:
        """Add one."""
        self.calls += 1


def line(*, auth: Auth, api_url: str, pace: Pace, tally: Tally) -> Github:
    """Open a client whose every request is counted and sent exactly once.

    Raises:
        NotARepository: the address would carry the token in the clear.
    """
    _refuse_clear_text(api_url)
    turns = turns_of()

    class Plain(HTTPRequestsConnectionClass):
        def getresponse(self) -> RequestsResponse:
            tally.count()
            turns.take(self.verb, self.url, self.input)
            response = super().getresponse()
            turns.heard(response.status, response.headers)
            return _plainly(response)

    class Secure(HTTPSRequestsConnectionClass):
        def getresponse(self) -> RequestsResponse:
            tally.count()
            turns.take(self.verb, self.url, self.input)
            response = super().getresponse()
            turns.heard(response.status, response.headers)
            return _plainly(response)

    # PyGithub takes its connection classes from the class, and keeps them per instance.
    with _INJECTING:
        Requester.injectConnectionClasses(Plain, Secure)
        try:
            return Github(**_settings(auth, api_url, pace))
        finally:
            Requester.resetConnectionClasses()


def _settings(auth: Auth, api_url: str, pace: Pace) -> dict[str, Any]:
    return {
        "auth": auth,
        "base_url": api_url,
        "lazy": True,
        "per_page": PAGE,
        "timeout": TIMEOUT_S,
        "retry": None,
        "user_agent": AGENT,
        "api_version": API_VERSION,
        "seconds_between_requests": pace.between_requests_s,
        "seconds_between_writes": pace.between_writes_s,
    }


def _plainly(response: RequestsResponse) -> RequestsResponse:
    if response.status == 202:
        raise NotReady("GitHub is still preparing the answer (202)")
    kind = response.headers.get("content-type", "")
    if response.status in {200, 201} and "json" not in kind:
        raise NotGitHub(f"the answer is not GitHub's: {kind or 'no content type'}")
    if response.status in {301, 302, 307, 308}:
        raise NotARepository(
            Problem(
                what="GitHub says that the repository has moved",
                remedy="name it as its page does now",
            )
        )
    return response


def server_of(api_url: str, named: str | None = None) -> str:
    """Return the address of the git server, derived from that of the API unless it is named.

    Covers github.com, GitHub Enterprise Cloud with data residency (`api.NAME.ghe.com`) and
    GitHub Enterprise Server (`HOST/api/v3`).

    Raises:
        NotARepository: the address would carry the token in the clear.
    """
    if named:
        return _refuse_clear_text(named)
    parts = urlsplit(_refuse_clear_text(api_url))
    host = parts.netloc
    if host == "api.github.com" or host.endswith(".ghe.com"):
        host = host.removeprefix("api.")
    return f"{parts.scheme}://{host}"


def _refuse_clear_text(address: str) -> str:
    """Return an address a token may be sent to, without a slash at its end; refuse another."""
    parts = urlsplit(address)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not safe or not parts.hostname:
        raise NotARepository(
            Problem(
                what=f"the address {address!r} is not https",
                remedy="give an https address; a token is never sent in the clear",
            )
        )
    return address.rstrip("/")


def refuse_other_names(repository: str) -> None:
    """Refuse what cannot be the name of a repository on GitHub."""
    if not _SLUG.fullmatch(repository) or repository.split("/")[1] in {".", ".."}:
        raise NotARepository(
            Problem(
                what=f"{repository!r} is not the name of a repository on GitHub",
                remedy="write it as owner/name",
            )
        )
