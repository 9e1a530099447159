"""What one evaluation asks of GitHub's API, request by request; there is no hidden one.

Git's own transport does not count against GitHub's limits and is left aside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.core.decision import Ruling
from tests.stories import test_on_github
from tests.stories.test_on_github import judge, propose

if TYPE_CHECKING:
    from pathlib import Path

    from .server.web import Server
    from .stand import Stand

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
        f"POST /statuses/{head}",
        LOOK,
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
    ready: Stand, tmp_path: Path
) -> None:
    sha = ready.push("words", {"notes.txt": "six\n"})
    number = ready.people.proposal("ana", "words")
    assert evaluated(ready, tmp_path, number, Ruling.NOTHING) == [LOOK, f"POST /statuses/{sha}"]
    assert evaluated(ready, tmp_path, number, Ruling.NOTHING) == [LOOK]


def test_a_request_that_was_closed_costs_one_request(ready: Stand, tmp_path: Path) -> None:
    better = propose(ready, "2")
    ready.people.close(better)
    server = at(ready)
    server.log.clear()
    judge(ready, tmp_path, better)
    assert [path for _, path in server.log] == ["/graphql Look"]


def test_a_draft_is_reported_in_three_requests_and_then_one(ready: Stand, tmp_path: Path) -> None:
    better = propose(ready, "2")
    assert ready.hosted
    ready.hosted.pulls[better].draft = True
    head = ready.forge.pull_request(better).head_sha
    waits = evaluated(ready, tmp_path, better, Ruling.HOLD)
    assert waits == [LOOK, SAY, f"POST /statuses/{head}"]
    assert evaluated(ready, tmp_path, better, Ruling.HOLD) == [LOOK]
