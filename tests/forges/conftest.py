"""Fixtures of the forge tests; every exchange with the test server is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .description import Description, description
from .server.web import Server
from .stand import Stand, github_stand, local_stand
from .wire import Wire

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
    """Watch the exchange; whatever GitHub would not do fails the test at its end.

    Where its description cannot be had, the forge is still tested, and `test_wire.py` skips.
    """
    try:
        watch = Wire(description())
    except pytest.skip.Exception:
        yield Wire(Description((), {}, {}))
        return
    with watch.watched() as watching:
        yield watching
    assert watching.complaints == []


@pytest.fixture
def github(tmp_path: Path, server: Server, wire: Wire) -> Stand:
    """Return the bot at GitHub."""
    assert not wire.seen
    return github_stand(tmp_path, server)


@pytest.fixture
def local(tmp_path: Path) -> Stand:
    """Return the bot at a local forge."""
    return local_stand(tmp_path)


@pytest.fixture(params=["local", "github"])
def stand(request: pytest.FixtureRequest) -> Stand:
    """Return the bot at each forge in turn."""
    chosen: Stand = request.getfixturevalue(request.param)
    return chosen
