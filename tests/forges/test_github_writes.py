"""Whatever goes wrong at whichever request: what is written to GitHub is written once."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from bot.core.errors import Unavailable
from bot.world.forge import Status

from .server.faults import Drop, Fault, accepted, broken, cut_short, page_of_a_proxy, slow_down

if TYPE_CHECKING:
    from .server.state import Hosted
    from .server.web import Server
    from .stand import Stand

LOCK = {"models.lock": "format: 1\nmodels: {}\n"}
BODY = "<!-- lockstep:report -->\nPassed."
TROUBLES: dict[str, Fault] = {
    "dropped before": Drop(when="before"),
    "dropped after": Drop(when="after"),
    "502 before": broken(502, "before"),
    "502 after": broken(502, "after"),
    "500 after": broken(500, "after"),
    "proxy page before": page_of_a_proxy("before"),
    "proxy page after": page_of_a_proxy("after"),
    "secondary limit": slow_down(403, retry_after=3),
    "too many requests": slow_down(429, retry_after=None),
    "not ready": accepted(),
    "cut short before": cut_short("before"),
    "cut short after": cut_short("after"),
}
SINGLE = [(position, name) for position in range(3) for name in TROUBLES]
WORST = ("dropped before", "dropped after", "502 after", "proxy page after")


def at(stand: Stand) -> tuple[Server, Hosted]:
    assert stand.server
    assert stand.hosted
    return stand.server, stand.hosted


def test_one_trouble_at_any_request_leaves_one_comment(github: Stand) -> None:
    number, _ = github.proposed(LOCK)
    server, hosted = at(github)
    for position, name in SINGLE:
        hosted.comments.clear()
        server.trouble({position: TROUBLES[name]})
        github.forge.pull_request(number)
        github.forge.comment(number, BODY)
        assert [said.body for said in hosted.comments.values()] == [BODY], (position, name)


def test_one_trouble_at_any_request_leaves_one_status(github: Stand) -> None:
    _, sha = github.proposed(LOCK)
    server, hosted = at(github)
    status = Status(context="gate", state="success", description="PASS", url=None)
    for position, name in SINGLE:
        hosted.statuses.clear()
        server.trouble({position: TROUBLES[name]})
        github.forge.set_status(sha, status)
        assert [(mark.context, mark.state) for mark in hosted.statuses] == [("gate", "success")]


def test_one_trouble_at_any_request_leaves_one_pull_request(github: Stand) -> None:
    server, hosted = at(github)
    sha = github.push("promote", LOCK)
    for position, name in SINGLE:
        hosted.pulls.clear()
        server.trouble({position: TROUBLES[name]})
        pull = github.forge.propose(title="Promote", body="", head="promote", base="main")
        assert pull.head_sha == sha
        assert list(hosted.pulls) == [pull.number]


@pytest.mark.parametrize("name", TROUBLES)
def test_one_trouble_at_any_request_leaves_one_merge(github: Stand, name: str) -> None:
    server, _ = at(github)
    for position in range(3):
        number, sha = github.proposed({"models.lock": f"format: 1\n# {position}\n"})
        before = github.tip()
        server.trouble({position: TROUBLES[name]})
        landed = github.forge.merge(number, sha=sha, title="Land", message="")
        server.trouble({})
        github.git("fetch", "--quiet", "origin")
        assert github.tip() == landed
        assert github.git("rev-list", f"{before}..{landed}") == landed


@pytest.mark.slow
def test_two_troubles_anywhere_leave_one_comment(github: Stand) -> None:
    server, hosted = at(github)
    number, _ = github.proposed(LOCK)
    places = list(itertools.combinations(range(4), 2))
    for (first, second), one, other in itertools.product(places, WORST, WORST):
        hosted.comments.clear()
        server.trouble({first: TROUBLES[one], second: TROUBLES[other]})
        github.forge.pull_request(number)
        github.forge.comment(number, BODY)
        assert len(hosted.comments) == 1, (first, one, second, other)


def test_a_run_that_gave_up_and_starts_again_still_writes_once(github: Stand) -> None:
    server, hosted = at(github)
    number, _ = github.proposed(LOCK)
    server.trouble({0: TROUBLES["502 before"]} | dict.fromkeys(range(1, 9), TROUBLES["502 after"]))
    with pytest.raises(Unavailable, match="502; tried 4 times"):
        github.forge.comment(number, BODY)
    server.trouble({})
    github.forge.comment(number, BODY)
    assert len(hosted.comments) == 1


def test_a_merge_whose_answer_was_lost_is_known_by_the_pull_request(github: Stand) -> None:
    number, sha = github.proposed(LOCK)
    server, _ = at(github)
    github.forge.pull_request(number)
    server.log.clear()
    server.trouble({0: TROUBLES["502 after"]})
    landed = github.forge.merge(number, sha=sha, title="Land", message="")
    assert landed == github.tip()
    merge = f"/repos/acme/models/pulls/{number}/merge"
    assert server.log == [("PUT", merge), ("POST", "/graphql Look")]


def test_somebody_else_merging_the_same_head_first_is_found_out(github: Stand) -> None:
    number, sha = github.proposed(LOCK)
    theirs = github.people.send(  # type: ignore[attr-defined]  # these are people at GitHub
        "ana", "PUT", f"/pulls/{number}/merge", sha=sha, merge_method="squash"
    )
    assert github.forge.merge(number, sha=sha, title="Land", message="") == theirs["sha"]
