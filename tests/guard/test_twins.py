"""Two requests with one head share every status, so that neither is judged beside the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.decision import Ruling
from bot.world.sweep import planned
from tests.forges.stand import Stand
from tests.guard.yard import Yard
from tests.stories import test_on_github
from tests.stories.test_moving import hold_comes
from tests.stories.test_on_github import judge, propose
from tests.zones.test_landing import judged, lands

CONTEXT = "lockstep/gate: main"
stand = test_on_github.stand


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path / "yard")


def again(yard: Yard, number: int) -> int:
    """Open another request with the head of a request."""
    head = yard.forge.pull_request(number).head
    yard.ana._git("push", "--quiet", "origin", f"{head}:again")
    mal = yard.forge.acting_as("mal")
    return mal.propose(title="again", body="", head="again", base="main").number


def light(yard: Yard, number: int) -> str | None:
    status = yard.forge.status(yard.forge.pull_request(number).head_sha, CONTEXT)
    return None if status is None else status.state


def test_what_a_person_holds_does_not_land_as_its_twin(yard: Yard) -> None:
    held = yard.propose("churn", "1")
    hold_comes(yard, held)
    yard.judge(held)
    assert light(yard, held) == "pending"
    before = yard.tip()

    twin = again(yard, held)
    decisions = [yard.judge(number).decision for number in (twin, held, twin)]

    assert [one.ruling for one in decisions] == [Ruling.REFUSE] * 3
    assert f"another open request ({held}) has the same head" in decisions[0].because
    assert yard.tip() == before
    assert light(yard, held) == "failure"


def test_of_two_with_one_head_the_one_that_stays_open_is_judged(yard: Yard) -> None:
    first = yard.propose("churn", "1")
    twin = again(yard, first)
    assert yard.judge(first).decision.ruling is Ruling.REFUSE

    yard.forge.close(twin)

    assert yard.judge(first).decision.ruling is Ruling.MERGE
    assert yard.forge.pull_request(first).merged_as == yard.tip()


def test_a_sweep_judges_the_one_that_stays_open_when_nobody_asks(yard: Yard) -> None:
    first = yard.propose("churn", "1")
    twin = again(yard, first)
    yard.judge(first)
    assert planned(yard.forge, yard.clone, "main").due == ()

    yard.forge.close(twin)

    due = planned(yard.forge, yard.clone, "main").due
    assert [(one.number, one.why) for one in due] == [
        (first, "the other request with its head is closed")
    ]
    yard.judge(first)
    assert yard.forge.pull_request(first).merged_as == yard.tip()


def test_a_twin_that_comes_after_the_judgement_keeps_it_from_landing(yard: Yard) -> None:
    number = yard.propose("churn", "1")
    _, handed = judged(yard, number)
    before = yard.tip()
    again(yard, number)

    assert "what it rested on changed since it was judged: twins" in lands(yard, handed)

    assert yard.tip() == before
    assert light(yard, number) is None


def test_two_with_one_head_are_seen_on_github_in_the_one_look(stand: Stand, tmp_path: Path) -> None:
    first = propose(stand, "1")
    stand.git("push", "--quiet", "origin", "v1:again")
    twin = stand.people.proposal("mal", "again")
    before = stand.tip()

    assert stand.forge.pull_request(first).twins == (twin,)
    assert stand.forge.pull_request(twin).twins == (first,)
    for number in (first, twin):
        assert judge(stand, tmp_path, number).decision.ruling is Ruling.REFUSE

    assert stand.tip() == before
    stand.people.close(twin)
    assert judge(stand, tmp_path, first).decision.ruling is Ruling.MERGE
