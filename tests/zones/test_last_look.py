"""Whatever people say while a record is stored is heard before anything turns green."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.cli.evaluate import carry
from bot.core.decision import Ruling
from bot.world.github_patience import Patience
from bot.world.here import Hosted
from bot.world.landing import land, world_of
from bot.world.queue import Queued
from bot.world.repository import Repository
from tests.faults.line import Call, Line, listening
from tests.forges.server.faults import slow_down
from tests.forges.stand import Stand
from tests.guard.test_queue import grouped
from tests.guard.yard import POLICY, Yard
from tests.stories import test_on_github
from tests.stories.clockwork import TickingRepository
from tests.stories.test_moving import approval_goes, hold_comes, is_held
from tests.stories.test_on_github import judge, propose
from tests.zones.test_landing import APPROVED, judged, light

stand = test_on_github.stand
MANUAL = POLICY.replace("merge: auto", "merge: manual")


@dataclass
class AtPush:
    """Lets something happen just before the first push, which is that of the record."""

    deed: Callable[[], object]
    done: bool = False

    def ticks(self, name: str, call: Any, *arguments: Any, **named: Any) -> Any:
        if name == "push" and not self.done:
            self.done = True
            self.deed()
        return call(*arguments, **named)


def clone(yard: Yard, deed: Callable[[], object]) -> Repository:
    """Return the bot's clone, from which a push takes long enough for a deed."""
    late: Any = AtPush(deed)
    return TickingRepository(yard.clone.folder, {}, late)


@pytest.mark.parametrize("says", [approval_goes, hold_comes])
def test_what_is_said_while_the_record_is_stored_keeps_it_from_landing(
    tmp_path: Path, says: Callable[[Yard, int], None]
) -> None:
    yard = Yard(tmp_path / "yard", APPROVED)
    number = yard.propose("churn", "1")
    yard.forge.approve(number, "ben")
    conclusion, handed = judged(yard, number)
    assert conclusion.decision.ruling is Ruling.MERGE
    before = yard.tip()
    late = clone(yard, lambda: says(yard, number))

    said = land(handed, world_of(handed, yard.forge, late, print))

    assert "what it rested on changed since it was judged" in said
    assert yard.tip() == before
    assert light(yard, handed.head) is None


@pytest.mark.parametrize("says", [approval_goes, hold_comes])
def test_in_one_run_nothing_turns_green_on_what_was_said_meanwhile(
    tmp_path: Path, says: Callable[[Yard, int], None]
) -> None:
    yard = Yard(tmp_path / "yard", APPROVED)
    number = yard.propose("churn", "1")
    yard.forge.approve(number, "ben")
    head, before = yard.forge.pull_request(number).head_sha, yard.tip()
    green: list[str | None] = []

    def deed() -> None:
        says(yard, number)
        green.append(light(yard, head))

    world = Hosted(forge=yard.forge, repository=clone(yard, deed), cache=yard.folder / "cache")
    conclusion = carry(number, world)

    assert green == [None]
    assert conclusion.decision.ruling is Ruling.HOLD
    assert yard.tip() == before


def test_a_hold_that_comes_while_the_record_is_stored_keeps_what_waits_from_turning_green(
    tmp_path: Path,
) -> None:
    yard = Yard(tmp_path / "yard", MANUAL)
    number = yard.propose("churn", "1")
    head = yard.forge.pull_request(number).head_sha
    world = Hosted(
        forge=yard.forge,
        repository=clone(yard, lambda: hold_comes(yard, number)),
        cache=yard.folder / "cache",
    )

    carry(number, world)

    assert light(yard, head) == "pending"


def test_a_hold_that_comes_while_the_record_is_stored_keeps_a_group_of_the_queue_red(
    tmp_path: Path,
) -> None:
    yard = Yard(tmp_path / "yard")
    number = yard.propose("churn", "1")
    group = grouped(yard, number)
    world = Queued(
        forge=yard.forge,
        repository=clone(yard, lambda: hold_comes(yard, number)),
        cache=yard.folder / "cache",
        group=group,
    )

    conclusion = carry(number, world)

    assert conclusion.decision.ruling is Ruling.HOLD
    assert light(yard, group.head_sha) == "failure"


@pytest.mark.parametrize("slow", ["/statuses/", "/merge"])
def test_what_is_said_while_a_forge_has_us_wait_keeps_it_from_landing(
    stand: Stand, tmp_path: Path, slow: str
) -> None:
    number = propose(stand, "1")
    line = Slow(stand, slow)
    bens = Repository.create(tmp_path / "bens", stand.forge.git_environment())
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 1:
            with line.silent():
                is_held(stand.forge, bens, number)

    object.__setattr__(stand.forge, "_patience", Patience(sleep=sleep))
    before = stand.tip("main")

    with listening(line):
        conclusion = judge(stand, tmp_path, number)

    assert waits == [110.0]
    assert conclusion.decision.ruling is Ruling.HOLD
    assert stand.tip("main") == before


class Slow(Line):
    """A server that has us wait before one kind of write."""

    def __init__(self, stand: Stand, part: str) -> None:
        super().__init__()
        self.stand, self.part, self.met = stand, part, False

    def make(self, call: Call) -> object:
        if self.part in call.name and call.writes and not self.met:
            self.met = True
            assert self.stand.server
            self.stand.server.trouble({0: slow_down(429, retry_after=110)})
        return call.make()
