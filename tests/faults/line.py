"""The line between the bot and the world: every call on it has a position, and one goes wrong."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from requests.adapters import HTTPAdapter

from bot.world.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from requests import PreparedRequest, Response


class Killed(BaseException):
    """The process ends here; nothing below may catch it."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of the bot: what it is, whether it writes, and how it is made."""

    name: str
    writes: bool
    git: bool
    make: Callable[..., Any]
    """Makes the call; takes other options than the bot's, such as a shorter time-out."""
    asked: Any = None


class Strike(Protocol):
    """What goes wrong with a call."""

    def __call__(self, call: Call) -> Any:
        """Make the call, or not, and answer or end."""


@dataclass
class Line:
    """Counts calls, and lets one of them go wrong."""

    at: int = -1
    strike: Strike | None = None
    calls: list[Call] = field(default_factory=list)
    quiet: bool = False

    def make(self, call: Call) -> Any:
        """Let a call happen, or strike it."""
        if self.quiet:
            return call.make()
        self.calls.append(call)
        if len(self.calls) - 1 != self.at or self.strike is None:
            return call.make()
        return self.strike(call)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Let what happens meanwhile pass uncounted."""
        before, self.quiet = self.quiet, True
        try:
            yield
        finally:
            self.quiet = before


@contextmanager
def listening(line: Line) -> Iterator[Line]:
    """Count everything that `requests` sends."""
    send = HTTPAdapter.send

    def counted(adapter: HTTPAdapter, request: PreparedRequest, **options: Any) -> Response:
        def make(**other: Any) -> Response:
            return send(adapter, request, **{**options, **other})

        text = request.body or b""
        text = text.decode() if isinstance(text, bytes) else str(text)
        path = str(request.path_url).split("?")[0]
        graph = path.endswith("/graphql")
        writes = "mutation" in text if graph else request.method != "GET"
        words = text.split('query": "', 1)[-1].replace("\\n", " ").split() if graph else []
        shown = f"{path.rsplit('/api/v3', 1)[-1]} {words[1].split('(')[0] if words else ''}"
        name = f"{request.method} {shown}".strip()
        answer: Response = line.make(
            Call(name=name, writes=writes, git=False, make=make, asked=request)
        )
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HTTPAdapter, "send", counted)
        yield line


@dataclass(frozen=True, slots=True)
class MortalRepository(Repository):
    """A repository whose every fetch and push is a call on the line."""

    line: Line = field(default_factory=Line)

    def fetch(self, remote: str, *refspecs: str) -> None:
        def make(place: str = remote) -> None:
            Repository.fetch(self, place, *refspecs)

        what = " ".join(one.split(":")[0].rsplit("/", 1)[-1] for one in refspecs)
        self.line.make(Call(name=f"git fetch {what}", writes=False, git=True, make=make))

    def push(self, remote: str, oid: str, branch: str) -> bool:
        def make() -> bool:
            return Repository.push(self, remote, oid, branch)

        pushed: bool = self.line.make(
            Call(name=f"git push {branch}", writes=True, git=True, make=make)
        )
        return pushed
