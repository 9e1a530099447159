"""How many requests each question and each write costs, named one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.world.forge import Status

from .asking import at, guest, sent

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.world.forge import Comment

    from .stand import Stand

LOCK = {"models.lock": "format: 1\nmodels: {}\n"}
STATUS = Status(context="gate", state="success", description="PASS", url=None)
LOOK = "POST /graphql Look"


def test_opening_a_forge_sends_nothing(github: Stand) -> None:
    assert sent(github, lambda: guest(github)) == []
    assert guest(github).calls == 0


def test_reading_a_pull_request_costs_one_request_approvals_and_own_words_included(
    github: Stand,
) -> None:
    number, sha = github.proposed(LOCK)
    for login in ("ana", "ben"):
        github.people.approve(number, login)
    guest(github).comment(number, "<!-- mark --> hello")
    guest(github).set_status(sha, STATUS)
    forge = guest(github)

    def act() -> None:
        assert len(forge.pull_request(number).approvals) == 2
        assert [one.body for one in forge.reports(number, "<!-- mark")] == ["<!-- mark --> hello"]
        assert forge.status(sha, "GATE") == STATUS
        assert forge.status(sha, "other") is None

    assert sent(github, act) == [LOOK]
    assert sent(github, act) == [LOOK]


def test_what_is_there_already_is_not_written_again(github: Stand) -> None:
    number, sha = github.proposed(LOCK)
    forge = guest(github)
    forge.comment(number, "hello")
    forge.set_status(sha, STATUS)

    def act() -> None:
        forge.pull_request(number)
        forge.comment(number, "hello")
        forge.set_status(sha, STATUS)

    assert sent(github, act) == [LOOK]


def test_after_a_look_each_write_costs_one_request(github: Stand) -> None:
    number, sha = github.proposed(LOCK)
    forge = github.forge
    forge.pull_request(number)
    said: list[Comment] = []
    assert sent(github, lambda: said.append(forge.comment(number, "hello"))) == [
        "POST /graphql AddComment"
    ]
    assert sent(github, lambda: forge.edit_comment(number, said[0], "new")) == [
        f"PATCH /issues/comments/{said[0].id}"
    ]
    assert sent(github, lambda: forge.set_status(sha, STATUS)) == [f"POST /statuses/{sha}"]
    assert sent(github, lambda: forge.reports(number, "new")) == []
    assert sent(github, lambda: forge.delete_comment(number, said[0])) == [
        f"DELETE /issues/comments/{said[0].id}"
    ]
    assert sent(github, lambda: forge.reports(number, "new")) == []
    merge = sent(github, lambda: forge.merge(number, sha=sha, title="t", message=""))
    assert merge == [f"PUT /pulls/{number}/merge"]


def test_without_a_look_a_write_looks_first(github: Stand) -> None:
    number, sha = github.proposed(LOCK)
    assert sent(github, lambda: guest(github).comment(number, "hello")) == [
        LOOK,
        "POST /graphql AddComment",
    ]
    assert sent(github, lambda: guest(github).set_status(sha, STATUS)) == [
        f"GET /commits/{sha}/statuses?per_page=100",
        f"POST /statuses/{sha}",
    ]
    forge = guest(github)
    merge = sent(github, lambda: forge.merge(number, sha=sha, title="t", message=""))
    assert merge == [LOOK, f"PUT /pulls/{number}/merge"]
    assert forge.calls == 2


def test_finding_the_pull_request_of_a_head_costs_one_request_its_look_included(
    github: Stand,
) -> None:
    number, sha = github.proposed(LOCK)
    forge = guest(github)

    def act() -> None:
        (found,) = forge.asked_with(sha)
        assert forge.pull_request(number) == found
        assert forge.reports(number, "<!--") == ()
        assert forge.status(sha, "gate") is None

    assert sent(github, act) == ["POST /graphql AskedWith"]
    assert sent(github, lambda: forge.pull_request(number)) == [LOOK]


@pytest.mark.parametrize(("ask", "name"), [("open_pull_requests", "List"), ("survey", "Survey")])
def test_a_list_costs_one_request_for_fifty_pull_requests(
    github: Stand, ask: str, name: str
) -> None:
    forge = guest(github)
    acts: dict[str, Callable[[], tuple[object, ...]]] = {
        "open_pull_requests": forge.open_pull_requests,
        "survey": lambda: forge.survey("gate"),
    }
    for turn in range(2):
        github.proposed({"models.lock": f"# {turn}\n"}, branch=f"b{turn}")
    assert sent(github, acts[ask]) == [f"POST /graphql {name}"]
    _, hosted = at(github)
    for number in range(3, 52):
        hosted.pulls[number] = replace(hosted.pulls[2], number=number)
    assert sent(github, acts[ask]) == [f"POST /graphql {name}"] * 2
    assert len(acts[ask]()) == 51


def test_small_questions_cost_one_request_each(github: Stand) -> None:
    number, _ = github.proposed(LOCK)
    said = github.people.say(number, "ana", "/lockstep status")
    forge = guest(github)
    assert sent(github, lambda: forge.role("ana")) == ["GET /collaborators/ana/permission"]
    assert sent(github, lambda: forge.react(number, said, "eyes")) == [
        f"POST /issues/comments/{said}/reactions"
    ]
    issue = {"marker": "<!-- a -->", "title": "t", "body": "<!-- a -->"}
    look, opens = "POST /graphql Issues", "POST /issues"
    assert sent(github, lambda: forge.issue(**issue)) == [look, opens, look]
    assert sent(github, lambda: forge.issue(**issue)) == ["POST /graphql Issues"]
