"""The workflows run as GitHub would run them, and their effects are there on the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .acting import ping_completed
from .conftest import propose
from .examples import examples

if TYPE_CHECKING:
    from tests.forges.stand import Stand

    from .acting import Actions

MARKER = "<!-- lockstep:report:v1 "


def test_a_ping_does_nothing(actions: Actions) -> None:
    for payload in examples()["pull_request"][:3]:
        ended = actions.run("pull_request", payload, "lockstep-ping.yml")

        assert ended.jobs in ({"ping": "success"}, {}), ended
    assert actions.stand.server is not None
    assert actions.stand.server.log == []


def test_a_good_challenger_is_reported_recorded_and_merged(actions: Actions, stand: Stand) -> None:
    number, head = propose(stand, "1")

    ended = actions.run("workflow_run", ping_completed(stand, head), "lockstep.yml")

    assert ended.jobs == dict.fromkeys(("predict", "judge", "land"), "success"), str(ended)
    landed = stand.forge.pull_request(number)
    status = stand.forge.status(head, "lockstep/gate: main")
    assert landed.merged_as == stand.tip("main"), ended
    assert status is not None
    assert status.state == "success"
    assert len(stand.forge.reports(number, MARKER)) == 1
    stand.git("fetch", "--quiet", "origin")
    kept = stand.git("ls-tree", "-r", "--name-only", "origin/lockstep/audit").splitlines()
    assert {path.split("/")[0] for path in kept} == {"records", "seals"}
