"""What one evaluation asks of GitHub's API, request by request; there is no hidden one.

Git's own transport does not count against GitHub's limits and is left aside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.core.decision import Ruling
from tests.forges.server.faults import Meanwhile
from tests.forges.server.state import Said
from tests.forges.stand import BOT
from tests.stories import test_on_github
from tests.stories.test_on_github import MARKER, judge, propose

if TYPE_CHECKING:
    from pathlib import Path

    from tests.forges.server.web import Server
    from tests.forges.stand import Stand

stand = test_on_github.stand
REPO = "/repos/acme/models"
LOOK, SAY = "POST /graphql Look", "POST /graphql AddComment"


@pytest.fixture
def ready(stand: Stand, tmp_path: Path) -> Stand:
    """Return the stand with a first version in production."""
    first = propose(stand, "1")
    assert judge(stand, tmp_path, first).decision.ruling is Ruling.MERGE
    return stand


def evaluated(stand: Stand, tmp_path: Path, number: int, ruling: Ruling) -> list[str]:
    """Evaluate a request and return what was asked, ids of comments aside."""
    server = at(stand)
    server.log.clear()
    assert judge(stand, tmp_path, number).decision.ruling is ruling
    assert stand.hosted
    words = [f"{method} {path.replace(REPO, '')}" for method, path in server.log]
    for comment in stand.hosted.comments:
        words = [word.replace(str(comment), "N") for word in words]
    return words


def at(stand: Stand) -> Server:
    assert stand.server
    return stand.server


def test_a_merge_with_its_record_costs_six_requests(ready: Stand, tmp_path: Path) -> None:
    better = propose(ready, "2")
    head = ready.forge.pull_request(better).head_sha
    assert evaluated(ready, tmp_path, better, Ruling.MERGE) == [
        LOOK,
        SAY,
        LOOK,
        f"POST /statuses/{head}",
        f"PUT /pulls/{better}/merge",
        "PATCH /issues/comments/N",
    ]
    assert evaluated(ready, tmp_path, better, Ruling.NOTHING) == [LOOK]


def test_a_refusal_costs_three_requests_and_one_when_nothing_changed(
    ready: Stand, tmp_path: Path
) -> None:
    better, worse = propose(ready, "2"), propose(ready, "3")
    assert judge(ready, tmp_path, better).decision.ruling is Ruling.MERGE
    head = ready.forge.pull_request(worse).head_sha
    refused = evaluated(ready, tmp_path, worse, Ruling.REFUSE)
    assert refused == [LOOK, SAY, f"POST /statuses/{head}"]
    for _ in range(2):
        assert evaluated(ready, tmp_path, worse, Ruling.REFUSE) == [LOOK]


def test_a_request_that_promotes_nothing_costs_two_requests_and_then_one(
    stand: Stand, tmp_path: Path
) -> None:
    sha = stand.push("words", {"notes.txt": "six\n"})
    number = stand.people.proposal("ana", "words")
    assert evaluated(stand, tmp_path, number, Ruling.NOTHING) == [LOOK, f"POST /statuses/{sha}"]
    assert evaluated(stand, tmp_path, number, Ruling.NOTHING) == [LOOK]


def test_a_request_that_was_closed_costs_one_request(stand: Stand, tmp_path: Path) -> None:
    first = propose(stand, "1")
    stand.people.close(first)
    server = at(stand)
    server.log.clear()
    judge(stand, tmp_path, first)
    assert [path for _, path in server.log] == ["/graphql Look"]


def test_a_draft_is_reported_in_three_requests_and_then_one(stand: Stand, tmp_path: Path) -> None:
    first = propose(stand, "1")
    assert stand.hosted
    stand.hosted.pulls[first].draft = True
    head = stand.forge.pull_request(first).head_sha
    waits = evaluated(stand, tmp_path, first, Ruling.HOLD)
    assert waits == [LOOK, SAY, f"POST /statuses/{head}"]
    assert evaluated(stand, tmp_path, first, Ruling.HOLD) == [LOOK]


def test_two_runs_that_report_in_the_same_moment_leave_one_report(
    stand: Stand, tmp_path: Path
) -> None:
    first = propose(stand, "1")
    server, hosted = at(stand), stand.hosted
    assert hosted
    hosted.pulls[first].draft = True
    other = Said(
        id=server.state.next_id(),
        number=first,
        author=server.state.accounts[BOT],
        body=f"{MARKER}another run -->\nA report of its own.",
        created="2026-11-23T09:00:00Z",
        updated="2026-11-23T09:00:00Z",
    )
    server.trouble({1: Meanwhile(act=lambda: hosted.comments.update({other.id: other}))})
    judge(stand, tmp_path, first)
    (left,) = [one for one in hosted.comments.values() if one.number == first]
    assert left.id == other.id
    assert "A report of its own." not in left.body
