"""When to ask GitHub again: reads may be repeated, writes are probed first.

A write whose answer was lost may have happened.  So every write is *probe, attempt,
probe*: look whether it is there, try once, and look again before trying again.

Source: the rate limits of GitHub's REST API: `Retry-After`, then `x-ratelimit-reset`, else
a minute; https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from json import JSONDecodeError
from typing import TYPE_CHECKING, TypeVar

from github import BadAttributeException, GithubException
from requests.exceptions import RequestException

from bot.core.errors import Stop
from bot.world.forge import HeadMoved, NotMergeable
from bot.world.github_wire import NotGitHub, NotReady

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

TOO_MANY_REQUESTS = 429
MINUTE_S = 60.0
_LIMITED = ("rate limit", "abuse detection", "please wait a few minutes", "retry your request")


class GaveUp(Exception):  # noqa: N818 -- internal; the forge turns it into Unavailable
    """GitHub did not answer, after every try that made sense."""


# PyGithub asserts that addresses and fields are GitHub's; those of a proxy's page are not.
_UNLIKE_GITHUB = (NotGitHub, AssertionError, BadAttributeException, JSONDecodeError)
_FAILURES = (RequestException, NotReady, GithubException, *_UNLIKE_GITHUB)
_DECISIONS = (HeadMoved, NotMergeable, Stop)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setback:
    """A failure worth another try: how long to wait first, and why."""

    seconds: float
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often to try and how long to wait."""

    tries: int = 4
    longest_wait_s: float = 120.0
    """A wait that GitHub asks for and that is longer than this ends the run instead."""
    sleep: Callable[[float], None] = time.sleep
    _waits: list[float] = field(default_factory=list)

    def repeat(self, ask: Callable[[], T]) -> T:
        """Ask until there is an answer; only for what may happen twice (GET, PATCH, DELETE).

        Raises:
            GaveUp: no answer after `tries`, or the wait asked for is too long.
            GithubException: GitHub decided, and will decide the same again.
        """
        for tried in range(self.tries):
            try:
                return ask()
            except _FAILURES as error:
                self._wait(setback(error, tried), tried, error)
        raise AssertionError("the last try returns or raises")

    def write_once(
        self,
        probe: Callable[[], T | None],
        attempt: Callable[[], T],
        again: Callable[[], None] | None = None,
    ) -> T:
        """Make something happen at most once: probe, attempt, probe.

        Args:
            probe: Looks whether it is there; None when it is not.
            attempt: Tries once.
            again: Sees, after a wait and before the attempt, that it may still happen.

        Raises:
            GaveUp: it is not there and could not be made to be.
            Exception: what `attempt` raised, when that is a decision and the probe agrees.
        """
        waited = len(self._waits)
        for tried in range(self.tries):
            found = self.repeat(probe)
            if found is not None:
                return found
            if again is not None and len(self._waits) > waited:
                again()
                waited = len(self._waits)
            try:
                return attempt()
            except (*_FAILURES, *_DECISIONS) as error:
                problem = setback(error, tried)
                if problem is None or tried + 1 == self.tries:
                    found = self.repeat(probe)
                    if found is not None:
                        return found
                self._wait(problem, tried, error)
        raise AssertionError("the last try returns or raises")

    def _wait(self, problem: Setback | None, tried: int, error: Exception) -> None:
        """Wait before another try, or raise `error` or GaveUp when there is to be none."""
        if problem is None:
            raise error
        if tried + 1 == self.tries:
            raise GaveUp(f"{problem.because}; tried {self.tries} times") from error
        if problem.seconds > self.longest_wait_s:
            raise GaveUp(f"{problem.because}; it asks to wait {problem.seconds:.0f} s") from error
        self._waits.append(problem.seconds)
        self.sleep(problem.seconds)


def setback(error: Exception, tried: int) -> Setback | None:
    """Tell a failure that another try may mend from a decision (None)."""
    pause = float(2**tried)
    because: str | None = None
    if isinstance(error, RequestException):
        because = f"GitHub was not reached ({type(error).__name__})"
    elif isinstance(error, NotReady):
        because = str(error)
    elif isinstance(error, _UNLIKE_GITHUB):
        because = "the answer is not one of GitHub's"
    elif isinstance(error, GithubException) and error.status >= 500:
        because = f"GitHub answered {error.status}"
    elif isinstance(error, GithubException) and _is_limit(error):
        because = f"GitHub limits our rate ({error.status})"
        pause = max(pause, _asked_wait(error.headers or {}))
    return Setback(seconds=pause, because=because) if because else None


def said(error: GithubException) -> str:
    """Collect what GitHub said, in one line."""
    data = error.data if isinstance(error.data, dict) else {}
    details = data.get("errors") or []
    words = [data.get("message"), *(_words(one) for one in details if one)]
    return "; ".join(str(word) for word in words if word) or f"status {error.status}"


def _words(detail: object) -> str:
    if not isinstance(detail, dict):
        return str(detail)
    return str(detail.get("message") or f"{detail.get('field')}: {detail.get('code')}")


def _is_limit(error: GithubException) -> bool:
    headers = error.headers or {}
    if error.status != 403:
        return error.status == TOO_MANY_REQUESTS
    if "retry-after" in headers:
        return True
    if headers.get("x-ratelimit-remaining") == "0":
        return True
    return any(phrase in said(error).lower() for phrase in _LIMITED)


def _asked_wait(headers: Mapping[str, str]) -> float:
    """Seconds GitHub asks us to wait, by its own clock (its `Date`)."""
    after = headers.get("retry-after", "")
    if after.isdigit():
        return float(after)
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdigit() and "date" in headers:
        try:
            now = parsedate_to_datetime(headers["date"]).timestamp()
        except ValueError:
            return MINUTE_S
        return max(float(reset) - now, 0.0) + 1.0
    return MINUTE_S
