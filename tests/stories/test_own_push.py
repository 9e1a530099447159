"""Who pushed a head does not let it land by approving of it, whatever its commits say."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.decision import Ruling
from bot.core.waiting import Wait
from tests.forges.stand import GitHubPeople, Stand
from tests.stories import test_on_github
from tests.stories.test_on_github import judge, propose

stand = test_on_github.stand


@pytest.fixture
def reviewed(stand: Stand) -> Stand:
    """Return the stand on which a promotion needs a review."""
    policy = (stand.clone / "policies/churn.yaml").read_text()
    assert "merge: auto" in policy
    stand.push("main", {"policies/churn.yaml": policy.replace("merge: auto", "merge: approved")})
    for who in ("mal", "ben"):
        stand.people.grant(who, "write")
    return stand


def asked_who_pushed(stand: Stand) -> int:
    assert stand.server
    return sum("/activity" in path for _, path in stand.server.log)


def test_who_pushed_the_head_approves_of_it_in_vain(reviewed: Stand, tmp_path: Path) -> None:
    number = propose(reviewed, "1")
    people = reviewed.people
    assert isinstance(people, GitHubPeople)
    hosted = reviewed.hosted
    assert hosted
    (pushed,) = [one for one in hosted.pushes if one[0] == "v1"]
    hosted.pushes.append((*pushed[:3], people.account("mal"), pushed[4]))
    assert judge(reviewed, tmp_path, number).decision.ruling is Ruling.HOLD
    assert asked_who_pushed(reviewed) == 0
    people.approve(number, "mal")
    before = reviewed.tip()

    decision = judge(reviewed, tmp_path, number).decision

    assert decision.ruling is Ruling.HOLD
    assert [one.kind for one in decision.waiting] == [Wait.REVIEW]
    assert reviewed.tip() == before
    assert asked_who_pushed(reviewed) == 1

    people.approve(number, "ben")
    assert judge(reviewed, tmp_path, number).decision.ruling is Ruling.MERGE
    assert reviewed.forge.pull_request(number).merged_as == reviewed.tip()


def test_a_merge_that_an_approval_lets_land_costs_seven_requests(
    reviewed: Stand, tmp_path: Path
) -> None:
    number = propose(reviewed, "1")
    reviewed.people.approve(number, "ben")
    assert reviewed.server
    reviewed.server.log.clear()

    assert judge(reviewed, tmp_path, number).decision.ruling is Ruling.MERGE

    assert len(reviewed.server.log) == 7
    assert asked_who_pushed(reviewed) == 1
