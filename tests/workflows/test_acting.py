"""The workflows run as GitHub would run them, and their effects are there on the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .examples import examples

if TYPE_CHECKING:
    from .acting import Actions

MARKER = "<!-- lockstep:report:v1 "


def test_a_ping_does_nothing(actions: Actions) -> None:
    for payload in examples()["pull_request"][:3]:
        ended = actions.run("pull_request", payload, "lockstep-ping.yml")

        assert ended.jobs in ({"ping": "success"}, {}), ended
    assert actions.stand.server is not None
    assert actions.stand.server.log == []
