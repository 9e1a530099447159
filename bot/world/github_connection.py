"""A connection to one repository on GitHub: what is sent, how often, and what failures mean."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from github import GithubException
from github.Auth import Token

from bot.core.errors import Unavailable
from bot.world.github_graphql import as_rest
from bot.world.github_patience import GaveUp, Patience
from bot.world.github_read import stop_for
from bot.world.github_wire import (
    AGENT,
    API_VERSION,
    NotGitHub,
    Pace,
    Tally,
    line,
    refuse_other_names,
    server_of,
)

if TYPE_CHECKING:
    from github.Auth import Auth
    from github.Repository import Repository

T = TypeVar("T")

API_URL = "https://api.github.com"


class _Header(Mapping[str, str]):
    """The environment of one git command; its token is asked for each time it is read.

    A long run outlives a token of an app, and a clone outlives many commands.
    """

    def __init__(self, key: str, pair: Callable[[], str]) -> None:
        self._key, self._pair = key, pair

    def __getitem__(self, name: str) -> str:
        fixed = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": self._key}
        if name == "GIT_CONFIG_VALUE_0":
            return f"Authorization: Basic {self._pair()}"
        return fixed[name]

    def __iter__(self) -> Iterator[str]:
        return iter(("GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0"))

    def __len__(self) -> int:
        return 3


class Connection:
    """One repository, one token; nothing is sent until something is asked."""

    def __init__(
        self,
        repository: str,
        auth: str | Auth,
        *,
        api_url: str = API_URL,
        server_url: str | None = None,
        patience: Patience | None = None,
        pace: Pace | None = None,
    ) -> None:
        """Open the repository; nothing is sent yet.

        Args:
            repository: `owner/name`.
            auth: A token, or PyGithub's authentication of an app installation.  If it has a
                method `renew`, that is called once when GitHub no longer takes the token.
            api_url: Address of the API; `https://HOST/api/v3` on an Enterprise server.
            server_url: Address of the git server, where it does not follow from the API's.
            patience: How often to try again and how long to wait.
            pace: Seconds between requests.

        Raises:
            NotARepository: the name or the address cannot be right.
        """
        refuse_other_names(repository)
        self._repository = repository
        self._auth = Token(auth) if isinstance(auth, str) else auth
        self._secret = auth if isinstance(auth, str) else ""
        self._tally = Tally()
        self._patience = patience or Patience()
        self._server = server_of(api_url, server_url)
        self._api = api_url.rstrip("/")
        self._github = line(
            auth=self._auth, api_url=self._api, pace=pace or Pace(), tally=self._tally
        )

    @property
    def calls(self) -> int:
        """How many requests were sent so far, repeated ones included."""
        return self._tally.calls

    def slug(self) -> str:
        """Name the repository, `owner/name`."""
        return self._repository

    def remote(self) -> str:
        """Address for git; never holds a credential."""
        return f"{self._server}/{self._repository}.git"

    def git_environment(self) -> Mapping[str, str]:
        """Let git send the token as a header, to this server only."""
        header = _Header(f"http.{self._server}/.extraHeader", self._pair)
        # Asked once here, so that a token that cannot be had is refused before git is started.
        _ = header["GIT_CONFIG_VALUE_0"]
        return header

    def _pair(self) -> str:
        with self.speaking("authenticating"):
            token = self.repeat(lambda: self._auth.token)
        return base64.b64encode(f"x-access-token:{token}".encode()).decode()

    def rest(
        self,
        verb: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: object = None,
    ) -> Any:
        """Send one request below the repository's address; return the JSON of the answer.

        Raises:
            GithubException: GitHub refuses; told in our words inside `speaking`.
        """
        url = f"/repos/{self._repository}{path}"
        asked = dict(query) if query else None
        return self._github.requester.requestJsonAndCheck(verb, url, asked, input=body)[1]

    def ask(self, document: str, read: Callable[[Any], T], **variables: object) -> T:
        """Send one GraphQL document about the repository; return what `read` makes of its data.

        Raises:
            GithubException: GitHub refuses, worded as its REST API would.
            NotGitHub: the answer is not of the form that was asked for.
        """
        owner, name = self._repository.split("/")
        named = {"owner": owner, "name": name, **variables}
        used = {key: value for key, value in named.items() if f"${key}" in document}
        try:
            return read(self._github.requester.graphql_query(document, used)[1]["data"])
        except GithubException as error:
            raise as_rest(error) from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise NotGitHub(f"the answer is not GitHub's: {error!r}") from error

    def repeat(self, ask: Callable[[], T]) -> T:
        """Ask until there is an answer; only for what may happen twice."""
        return self._patience.repeat(partial(self._renewed, ask))

    def write_once(
        self,
        probe: Callable[[], T | None],
        attempt: Callable[[], T],
        again: Callable[[], None] | None = None,
    ) -> T:
        """Make something happen at most once: probe, attempt, probe; after a wait, ask again."""
        return self._patience.write_once(
            partial(self._renewed, probe), partial(self._renewed, attempt), again
        )

    @contextmanager
    def speaking(self, about: str) -> Iterator[None]:
        """Say every failure in our words, without the token."""
        try:
            yield
        except GithubException as error:
            raise stop_for(error, about, self._secret) from error
        except GaveUp as error:
            raise Unavailable(f"{about}: {error}") from error

    def _headers(self) -> dict[str, str]:
        """Make the headers of a request that PyGithub does not send."""
        headers = {"User-Agent": AGENT, "X-GitHub-Api-Version": API_VERSION}
        self._auth.authentication(headers)
        return headers

    @property
    def _repo(self) -> Repository:
        return self._github.get_repo(self._repository)

    def _renewed(self, call: Callable[[], T]) -> T:
        """Call; where the token is no longer taken, call once more with a new one."""
        try:
            return call()
        except GithubException as error:
            renew = getattr(self._auth, "renew", None)
            # A 401 has no effect, so what was refused may be sent again.
            if error.status != 401 or renew is None:
                raise
        renew()
        return call()
