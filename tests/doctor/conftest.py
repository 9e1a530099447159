"""Fixtures of the doctor's tests: a repository on the test server, every exchange checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.doctor.operations import SETTINGS
from tests.forges.description import OPERATIONS, PEOPLE, Description, cut
from tests.forges.keys import registered
from tests.forges.server.web import Server
from tests.forges.stand import Stand, github_stand
from tests.forges.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Return a running server."""
    with Server(tmp_path / "server") as running:
        yield running


@pytest.fixture
def wire() -> Iterator[Wire]:
    """Watch the exchange; whatever GitHub would not do fails the test at its end."""
    try:
        watch = Wire(cut(tuple(sorted(OPERATIONS.keys() | PEOPLE | SETTINGS))))
    except pytest.skip.Exception:
        yield Wire(Description((), {}, {}))
        return
    with watch.watched() as watching:
        yield watching
    assert watching.complaints == []


@pytest.fixture
def github(tmp_path: Path, server: Server, wire: Wire) -> Stand:
    """Return a repository on which the bot's app is installed as it should be."""
    assert not wire.seen
    stand = github_stand(tmp_path, server)
    registered(server)
    return stand
