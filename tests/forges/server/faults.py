"""Trouble on order: what goes wrong at which request.

A schedule maps the position of a request (0 is the first) to one fault.  *Before* means the
request had no effect; *after* means it had, and only its answer is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from .answers import Answer, declined

if TYPE_CHECKING:
    from collections.abc import Callable

When = Literal["before", "after"]


@dataclass(frozen=True, kw_only=True)
class Drop:
    """The connection is cut without an answer."""

    when: When


@dataclass(frozen=True, kw_only=True)
class Instead:
    """Another answer is sent than the operation's own."""

    answer: Answer
    when: When


@dataclass(frozen=True, kw_only=True)
class Meanwhile:
    """Something else happens just before the request is answered as usual."""

    act: Callable[[], object]
    when: When = "before"


Fault = Drop | Instead | Meanwhile


@dataclass
class Schedule:
    """Faults by position, counted from when the schedule was set."""

    faults: dict[int, Fault] = field(default_factory=dict)
    seen: int = 0

    def next(self) -> Fault | None:
        """Return what goes wrong with this request."""
        fault = self.faults.get(self.seen)
        self.seen += 1
        return fault


def broken(status: int, when: When) -> Fault:
    """Answer a 5xx, as a gateway does."""
    return Instead(answer=declined(status, "Server Error"), when=when)


def accepted() -> Fault:
    """Answer 202 to a question: the result is still being made."""
    return Instead(answer=Answer(status=202, body={}), when="before")


def slow_down(status: int, *, retry_after: int | None) -> Fault:
    """Answer that a secondary limit was met, with or without how long to wait."""
    words = (
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    )
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Instead(answer=declined(status, words, **headers), when="before")


def used_up(*, seconds_left: int, now: int) -> Fault:
    """Answer that the hour's requests are spent."""
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(now + seconds_left)}
    words = "API rate limit exceeded for installation."
    return Instead(answer=declined(403, words, **headers), when="before")


def page_of_a_proxy(when: When) -> Fault:
    """Answer 200 with a page that is not GitHub's."""
    page = Answer(status=200, body="sign in to continue", headers={"Content-Type": "text/html"})
    return Instead(answer=page, when=when)


def cut_short(when: When) -> Fault:
    """Answer 200 with JSON that breaks off."""
    half = Answer(status=200, text='{"data": {"repository": {"pullRe')
    return Instead(answer=half, when=when)
