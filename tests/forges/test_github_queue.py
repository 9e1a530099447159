"""How the bot meets a merge queue: it is told to use it, enters once, and the queue lands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.world.forge import HeadMoved, NotMergeable, QueueRequired, Status

from .server import queue
from .server.answers import Answer
from .server.faults import Drop, Instead, broken

if TYPE_CHECKING:
    from .server.faults import Fault
    from .server.state import Hosted
    from .server.web import Server
    from .stand import Stand

LOCK = {"models.lock": "format: 1\nmodels: {}\n"}


def queued(stand: Stand) -> tuple[Server, Hosted]:
    """Give the repository a queue."""
    assert stand.server
    assert stand.hosted
    stand.hosted.queue = []
    return stand.server, stand.hosted


def test_a_base_with_a_queue_takes_no_merge(github: Stand) -> None:
    _, hosted = queued(github)
    number, sha = github.proposed(LOCK)
    before = github.tip()
    with pytest.raises(QueueRequired, match="through the merge queue"):
        github.forge.merge(number, sha=sha, title="Land", message="")
    assert (github.tip(), hosted.queue) == (before, [])


def test_entering_twice_is_entering_once(github: Stand) -> None:
    server, hosted = queued(github)
    number, sha = github.proposed(LOCK)
    server.log.clear()
    for _ in range(2):
        github.forge.enqueue(number, sha=sha)
    assert hosted.queue == [number]
    assert [path for _, path in server.log] == [
        "/graphql Queued",
        "/graphql Enqueue",
        "/graphql Queued",
    ]


def test_a_head_that_moved_does_not_enter(github: Stand) -> None:
    _, hosted = queued(github)
    number, judged = github.proposed(LOCK)
    github.push("promote", {"models.lock": "format: 1\n# sneaked in\n"})
    with pytest.raises(HeadMoved):
        github.forge.enqueue(number, sha=judged)
    assert hosted.queue == []


def test_what_the_queue_does_not_take_is_refused_in_its_words(github: Stand) -> None:
    _, hosted = queued(github)
    hosted.required = ("gate",)
    number, sha = github.proposed(LOCK)
    with pytest.raises(NotMergeable, match='Required status check "gate" is expected'):
        github.forge.enqueue(number, sha=sha)


def test_a_server_that_knows_no_queues_is_told_from_one_that_refuses(github: Stand) -> None:
    server, _ = queued(github)
    number, sha = github.proposed(LOCK)
    words = "Field 'isInMergeQueue' doesn't exist on type 'PullRequest'"
    error = {"message": words, "extensions": {"code": "undefinedField"}}
    unknown = Answer(status=200, body={"errors": [error]})
    server.trouble({0: Instead(answer=unknown, when="before")})
    with pytest.raises(NotMergeable, match="isInMergeQueue"):
        github.forge.enqueue(number, sha=sha)


@pytest.mark.parametrize("position", range(3))
@pytest.mark.parametrize(
    "fault", [Drop(when="before"), Drop(when="after"), broken(502, "before"), broken(502, "after")]
)
def test_one_trouble_at_any_request_enters_once(github: Stand, position: int, fault: Fault) -> None:
    server, hosted = queued(github)
    number, sha = github.proposed(LOCK)
    server.trouble({position: fault})
    github.forge.enqueue(number, sha=sha)
    assert hosted.queue == [number]


@pytest.mark.parametrize("state", ["success", "failure"])
def test_a_group_lands_when_what_is_required_is_green_on_its_own_head(
    github: Stand, state: str
) -> None:
    server, hosted = queued(github)
    number, sha = github.proposed(LOCK)
    github.forge.enqueue(number, sha=sha)
    hosted.required = ("gate",)
    group = queue.form(hosted)
    assert group.base_sha == github.tip()
    said = Status(context="gate", state=state, description="", url=None)  # type: ignore[arg-type]  # two of its words
    github.forge.set_status(group.head_sha, said)
    assert queue.land(server.state, hosted, group) == (state == "success")
    pull = github.forge.pull_request(number)
    assert pull.merged_as == (group.head_sha if state == "success" else None)
    assert hosted.queue == []
