"""The artifacts that a workflow run left, fetched without trust and up to a size."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from github import GithubException

from bot.core.errors import NotARepository, Problem, UnsafeFile
from bot.world.github_wire import LOOPBACK, TIMEOUT_S, NotGitHub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PIECE = 1 << 16
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An artifact of a workflow run as GitHub lists it."""

    id: int
    name: str
    size: int
    """Bytes of the zip file."""
    digest: str | None
    """`sha256:...` of the zip file; None where the server does not say."""
    run: int


def listed(answer: Any, run: int, name: str) -> tuple[Listed, ...]:
    """Translate a listing; artifacts of other names and expired ones are left out."""
    found = (
        Listed(
            id=int(one["id"]),
            name=str(one["name"]),
            size=int(one["size_in_bytes"]),
            digest=one.get("digest") or None,
            run=int((one.get("workflow_run") or {}).get("id") or run),
        )
        for one in answer["artifacts"]
        if one["name"] == name and not one["expired"]
    )
    return tuple(sorted(found, key=lambda one: one.id))


def fetched(url: str, headers: dict[str, str], *, most: int, sent: Callable[[], object]) -> bytes:
    """Fetch a zip file: one question to GitHub, one to the place it names, no token there.

    Args:
        url: Where GitHub's API gives the artifact.
        headers: For GitHub only.
        most: Bytes after which it is refused.
        sent: Told of the question to GitHub, to count it.

    Raises:
        UnsafeFile: it is longer than `most`.
        NotARepository: GitHub names a place that is not safe to ask.
        GithubException: GitHub refuses.
    """
    sent()
    with requests.get(
        url, headers=headers, allow_redirects=False, stream=True, timeout=TIMEOUT_S
    ) as answer:
        if answer.status_code not in _REDIRECTS:
            return _body(answer, most)
        there = answer.headers.get("Location", "")
    _refuse_unsafe(there, url)
    with requests.get(there, allow_redirects=False, stream=True, timeout=TIMEOUT_S) as answer:
        if answer.status_code in _REDIRECTS:
            raise NotGitHub("the place of an artifact sends elsewhere")
        return _body(answer, most)


def _body(answer: requests.Response, most: int) -> bytes:
    if answer.status_code != 200:
        raise GithubException(answer.status_code, _words(answer), dict(_lower(answer)))
    declared = answer.headers.get("Content-Length", "")
    if declared.isdigit() and int(declared) > most:
        raise _too_long(most)
    kept = bytearray()
    for piece in answer.iter_content(PIECE):
        kept += piece
        if len(kept) > most:
            raise _too_long(most)
    return bytes(kept)


def _words(answer: requests.Response) -> Any:
    text = next(answer.iter_content(PIECE), b"")
    try:
        return json.loads(text)
    except ValueError:
        return {"message": f"status {answer.status_code}"}


def _lower(answer: requests.Response) -> Iterator[tuple[str, str]]:
    return ((name.lower(), value) for name, value in answer.headers.items())


def _refuse_unsafe(there: str, asked: str) -> None:
    """Follow to https only; from a server on the loopback also to the loopback."""
    place, host = urlsplit(there), urlsplit(asked).hostname
    local = place.hostname in LOOPBACK and host in LOOPBACK
    if not place.hostname or not (place.scheme == "https" or (place.scheme == "http" and local)):
        what = "GitHub sends to a place for an artifact that is not https"
        raise NotARepository(Problem(what=what, remedy="look at the server's storage settings"))


def _too_long(most: int) -> UnsafeFile:
    what = f"the artifact is larger than {most:,} bytes"
    return UnsafeFile(Problem(what=what, remedy="look at what the workflow run uploaded"))
