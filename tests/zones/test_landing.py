"""What was decided lands only while everything it rests on is as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.bundle import MODELS
from bot.core.decision import Ruling
from bot.core.errors import Malformed
from bot.core.handover import Handover, digest_of, read
from bot.core.proposal import Request
from bot.flow import Conclusion, handle
from bot.world.landing import land, world_of
from bot.world.queue import Group, Queued
from bot.world.testimony import NoBundle
from bot.world.zones import Judging
from tests.guard.test_queue import grouped
from tests.guard.yard import POLICY, Yard

CONTEXT = "lockstep/gate: main"
APPROVED = POLICY.replace("merge: auto", "merge: approved")


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path / "yard")


def nothing() -> dict[str, bytes]:
    raise NoBundle("no model was asked")


def judged(yard: Yard, number: int, group: Group | None = None) -> tuple[Conclusion, Handover]:
    there = yard.world
    if group is not None:
        there = Queued(forge=yard.forge, repository=yard.clone, cache=there.cache, group=group)
    world = Judging(there, nothing)
    conclusion = handle(Request(number=number), world)
    assert world.handed is not None
    return conclusion, world.handed


def lands(yard: Yard, handed: Handover) -> str:
    """Read the decision as the next job does, and land it."""
    again = read(handed.bytes, digest_of(handed.bytes))
    assert again == handed
    return land(again, world_of(again, yard.forge, yard.clone, print))


def light(yard: Yard, sha: str) -> str | None:
    status = yard.forge.status(sha, CONTEXT)
    return None if status is None else status.state


def test_what_is_as_it_was_lands_and_landing_twice_is_landing_once(yard: Yard) -> None:
    number = yard.propose("churn", "1")
    conclusion, handed = judged(yard, number)
    assert conclusion.decision.ruling is Ruling.MERGE
    assert light(yard, handed.head) is None
    assert yard.audit("records") == []

    assert "landed as" in lands(yard, handed)
    once = yard.tip(), yard.audit("records")
    assert "had landed as" in lands(yard, handed)

    assert (yard.tip(), yard.audit("records")) == once
    assert light(yard, handed.head) == "success"


def moves_the_head(yard: Yard, number: int) -> None:
    head = yard.forge.pull_request(number).head
    yard.ana._git("checkout", "--quiet", head)
    yard.ana._git("commit", "--quiet", "--allow-empty", "-m", "more")
    yard.ana._git("push", "--quiet", "origin", head)


def moves_the_base(yard: Yard, _: int) -> None:
    yard.push_text(b"words", path="notes.txt")


def closes(yard: Yard, number: int) -> None:
    yard.forge.close(number)


@pytest.mark.parametrize(
    ("change", "says"),
    [(moves_the_head, "head moved"), (moves_the_base, "base moved"), (closes, "open")],
)
def test_what_moved_is_left_alone(
    yard: Yard, change: Callable[[Yard, int], None], says: str
) -> None:
    number = yard.propose("churn", "1")
    _, handed = judged(yard, number)
    change(yard, number)
    before = yard.tip()

    assert says in lands(yard, handed)

    assert yard.tip() == before
    assert light(yard, handed.head) is None


@pytest.mark.parametrize("part", ["day", "lockstep", "repository"])
def test_another_day_version_or_place_is_another_judgement(yard: Yard, part: str) -> None:
    number = yard.propose("churn", "1")
    _, handed = judged(yard, number)

    said = lands(yard, replace(handed, **{part: "2001-01-01"}))

    assert "judged" in said
    assert yard.forge.pull_request(number).merged_as is None
    assert yard.audit("records") == []


def test_an_approval_that_counted_has_to_be_there_and_one_more_does_no_harm(
    tmp_path: Path,
) -> None:
    yard = Yard(tmp_path / "approved", APPROVED)
    number = yard.propose("churn", "1")
    yard.forge.approve(number, "ben")
    conclusion, handed = judged(yard, number)
    assert conclusion.decision.ruling is Ruling.MERGE
    yard.forge.withdraw(number, "ben")

    assert "approved by" in lands(yard, handed)
    assert yard.forge.pull_request(number).merged_as is None

    yard.forge.approve(number, "ben")
    _, handed = judged(yard, number)
    yard.forge.approve(number, "eva")
    assert "landed as" in lands(yard, handed)


def test_what_waits_for_people_is_recorded_and_green_and_not_merged(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "approved", APPROVED)
    number = yard.propose("churn", "1")
    conclusion, handed = judged(yard, number)
    assert conclusion.decision.ruling is Ruling.HOLD

    assert lands(yard, handed) == f"pull request {number}: recorded"

    assert yard.forge.pull_request(number).merged_as is None
    assert [path.split("/")[0] for path in yard.audit("records")] == ["records"]


def test_a_group_of_the_queue_turns_green_in_the_third_zone(yard: Yard) -> None:
    number = yard.propose("churn", "1")
    group = grouped(yard, number)
    _, handed = judged(yard, number, group)
    assert handed.group == group.ref
    assert light(yard, group.head_sha) is None

    assert lands(yard, handed) == f"pull request {number}: recorded"

    assert light(yard, group.head_sha) == "success"
    assert yard.forge.pull_request(number).merged_as is None


def test_a_group_that_was_built_anew_is_left_alone(yard: Yard) -> None:
    number = yard.propose("churn", "1")
    group = grouped(yard, number)
    _, handed = judged(yard, number, group)
    moves_the_base(yard, number)

    assert "builds its group anew" in lands(yard, handed)

    assert light(yard, group.head_sha) is None


def test_a_group_that_is_none_is_refused(yard: Yard) -> None:
    _, handed = judged(yard, yard.propose("churn", "1"))

    with pytest.raises(Malformed, match="no group of a queue"):
        world_of(replace(handed, group="refs/heads/main"), yard.forge, yard.clone, print)


def test_a_base_that_moves_in_the_last_moment_is_no_error(yard: Yard) -> None:
    number = yard.propose("churn", "1")
    _, handed = judged(yard, number)
    world = world_of(handed, yard.forge, yard.clone, print)

    class Late(type(world)):  # type: ignore[misc]  # a world in which somebody pushes late
        def perform(self, actions, fresh=None):
            moves_the_base(yard, number)
            super().perform(actions, fresh)

    said = land(handed, Late(**{name: getattr(world, name) for name in ("forge", "repository")}))

    assert "the base moved" in said
    assert yard.forge.pull_request(number).merged_as is None


def test_a_bundle_that_nobody_needs_is_not_fetched(yard: Yard) -> None:
    conclusion, _ = judged(yard, yard.propose("churn", "1"))

    needs = [need for one in conclusion.judgements for need in one.trial.needs]
    assert needs
    assert [need for need in needs if isinstance(need, MODELS)] == []
    assert conclusion.decision.ruling is Ruling.MERGE
