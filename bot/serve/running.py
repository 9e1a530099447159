"""Running puts the parts together and lets uvicorn serve them until it is told to stop."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import signal
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import uvicorn

from bot.core.errors import Malformed, Problem
from bot.serve.app import Door, application
from bot.serve.crew import Crew, Terms
from bot.serve.figures import Figures
from bot.serve.intake import Intake
from bot.serve.journal import Journal
from bot.serve.ledger import Ledger
from bot.serve.patience import PAUSE_S, Patience, impatient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
    from pathlib import Path

    from starlette.applications import Starlette

BACKLOG = 256
"""Callers in line, and most taken at one turn of the loop: all fit a process's 1,024 files."""
LINGER_S = 5
"""How long open connections may take to end when the server stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Everything a server is told."""

    host: str
    port: int
    folder: Path
    """Kept between runs."""
    repositories: tuple[str, ...]
    secrets: tuple[bytes, ...]
    verb: Sequence[str]
    environment: Mapping[str, str]
    """Of the jobs."""
    most: int = 1_000
    """Jobs that may wait."""
    terms: Terms = field(default_factory=Terms)
    patience: Patience = field(default_factory=Patience)


def serve(setting: Setting, journal: Journal) -> None:
    """Serve until a signal ends it.

    Raises:
        Malformed: another server uses the folder, or the address is taken.
    """
    setting.folder.mkdir(parents=True, exist_ok=True)
    with _alone(setting.folder), _listening(setting.host, setting.port) as listening:
        ledger = Ledger(setting.folder / "ledger.sqlite", most=setting.most)
        figures = Figures()
        app = _application(setting, ledger, figures, journal)
        host, port = listening.getsockname()[:2]
        journal.say("listening", host=host, port=port, repositories=" ".join(setting.repositories))
        config = uvicorn.Config(
            app,
            http=impatient(setting.patience, figures.closed),
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=PAUSE_S,
            timeout_graceful_shutdown=LINGER_S,
        )
        with _told(journal), _stopped_by(signal.SIGTERM):
            uvicorn.Server(config).run(sockets=[listening])
        ledger.close()


def _application(setting: Setting, ledger: Ledger, figures: Figures, journal: Journal) -> Starlette:
    crew = Crew(
        ledger=ledger,
        figures=figures,
        journal=journal,
        repositories=setting.repositories,
        folder=setting.folder,
        verb=setting.verb,
        environment=setting.environment,
        terms=setting.terms,
    )

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        crew.start()
        yield
        await crew.stop()

    def ready() -> str | None:
        return crew.trouble() or (None if ledger.has_room() else "the queue is full")

    intake = Intake(
        ledger=ledger,
        secrets=setting.secrets,
        repositories=frozenset(one.casefold() for one in setting.repositories),
        wake=crew.wake,
        forks=setting.terms.forks,
    )
    return application(Door(intake, figures, journal, ready), lifespan)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a folder for one server."""
    with (folder / "lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Malformed(
                Problem(
                    what=f"another server uses {folder}",
                    remedy="stop it, or name another folder with --state",
                )
            ) from None
        yield


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """Take the address before anything else is begun."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        # Who calls before the loop turns waits in line and is not refused.
        listening.listen(BACKLOG)
    except OSError as error:
        raise Malformed(
            Problem(
                what=f"{host}:{port} cannot be listened at ({error.strerror})",
                remedy="name another address with --listen",
            )
        ) from None
    with listening:
        yield listening


@contextlib.contextmanager
def _stopped_by(number: signal.Signals) -> Iterator[None]:
    """Let a signal that uvicorn hands on after its end do nothing more."""
    before = signal.signal(number, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(number, before)


class _Lines(logging.Handler):
    """Writes what uvicorn and asyncio say into the journal."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(logging.WARNING)
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        self._journal.say("said", by=record.name, level=record.levelname, words=self.format(record))


@contextlib.contextmanager
def _told(journal: Journal) -> Iterator[None]:
    """Send the logs of libraries to the journal."""
    lines, root = _Lines(journal), logging.getLogger()
    root.addHandler(lines)
    try:
        yield
    finally:
        root.removeHandler(lines)
