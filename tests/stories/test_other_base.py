"""Requests for the default branch are judged and merged; requests for any other one never are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.cli.evaluate import carry
from bot.core.decision import Ruling
from bot.core.errors import Incident
from bot.core.lockfile import dump
from bot.world.here import Hosted
from bot.world.repository import Repository
from tests.forges.stand import Stand
from tests.guard.yard import Yard
from tests.stories import test_on_github
from tests.stories.clockwork import AtMerge, Ticking
from tests.stories.test_on_github import MARKER, propose
from tests.zones.test_landing import judged, lands

stand = test_on_github.stand


@dataclass
class AtLook:
    """Lets something happen just before a look at a request, once."""

    nth: int
    deed: Callable[[], object]
    looks: int = 0

    def ticks(self, name: str, call: Any, *arguments: Any, **named: Any) -> Any:
        self.looks += name == "pull_request"
        if self.looks == self.nth:
            self.nth = 0
            self.deed()
        return call(*arguments, **named)


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    yard = Yard(tmp_path / "yard")
    yard.ana._git("push", "--quiet", "origin", "origin/main:refs/heads/lax")
    return yard


def for_lax(yard: Yard) -> int:
    """Open a request for a branch that anybody who may push can make."""
    yard.ana._git("checkout", "--quiet", "-b", "mine", "origin/lax")
    (yard.ana.clone / "models.lock").write_bytes(dump(yard.serving("churn", "1")(yard.lock())))
    yard.ana._git("commit", "--quiet", "--all", "-m", "Promote")
    yard.ana._git("push", "--quiet", "origin", "mine")
    mal = yard.forge.acting_as("mal")
    return mal.propose(title="Promote", body="", head="mine", base="lax").number


def test_a_request_for_another_branch_gets_a_status_and_is_neither_merged_nor_recorded(
    yard: Yard,
) -> None:
    number = for_lax(yard)
    head = yard.forge.pull_request(number).head_sha

    conclusion = yard.judge(number)

    assert conclusion.decision.ruling is Ruling.REFUSE
    assert yard.forge.pull_request(number).merged_as is None
    assert yard.audit("records") == []
    assert yard.forge.reports(number, MARKER) == ()
    assert yard.forge.status(head, "lockstep/gate: main") is None
    status = yard.forge.status(head, "lockstep/gate: lax")
    assert status is not None
    assert status.state == "failure"
    assert "Lockstep judges requests for main only" in status.description


def test_what_was_decided_for_the_default_branch_lands_on_no_other(yard: Yard) -> None:
    number = yard.propose("churn", "1")
    _, handed = judged(yard, number)
    yard.forge.retarget(number, "lax")
    before = yard.tip(), yard.bare.commit("lax")

    said = lands(yard, handed)

    assert "another base than it was judged for" in said
    assert (yard.tip(), yard.bare.commit("lax")) == before
    assert yard.forge.status(handed.head, "lockstep/gate: main") is None


def test_a_base_that_changes_before_the_last_look_keeps_it_from_landing(yard: Yard) -> None:
    number = yard.propose("churn", "1")
    before = yard.tip(), yard.bare.commit("lax")
    forge: Any = Ticking(yard.forge, AtLook(2, lambda: yard.forge.retarget(number, "lax")))

    carry(number, Hosted(forge=forge, repository=yard.clone, cache=yard.folder / "cache"))

    assert yard.forge.pull_request(number).merged_as is None
    assert (yard.tip(), yard.bare.commit("lax")) == before


def test_a_local_forge_merges_into_the_judged_branch_alone(yard: Yard) -> None:
    number = yard.propose("churn", "1")
    before = yard.tip(), yard.bare.commit("lax")
    forge: Any = Ticking(yard.forge, AtMerge(lambda: yard.forge.retarget(number, "lax")))

    carry(number, Hosted(forge=forge, repository=yard.clone, cache=yard.folder / "cache"))

    assert (yard.tip(), yard.bare.commit("lax")) == before


def evaluate(stand: Stand, tmp_path: Path, number: int, forge: Any = None) -> None:
    clone = Repository.create(tmp_path / "bot", stand.forge.git_environment())
    carry(number, Hosted(forge=forge or stand.forge, repository=clone, cache=tmp_path / "cache"))


def test_a_base_that_changes_in_the_last_instant_on_github_is_an_incident(
    stand: Stand, tmp_path: Path
) -> None:
    evaluate(stand, tmp_path, propose(stand, "1"))
    number = propose(stand, "2")
    stand.push("release", {"notes.txt": "a release\n"})
    before = stand.tip()
    hosted = stand.hosted
    assert hosted is not None
    late: Any = Ticking(
        stand.forge, AtMerge(lambda: setattr(hosted.pulls[number], "base", "release"))
    )

    with pytest.raises(Incident, match="names the branch that has it"):
        evaluate(stand, tmp_path, number, late)

    assert stand.tip() == before
    landed = stand.forge.pull_request(number).merged_as
    assert landed == stand.tip("release")
    (issue,) = hosted.issues.values()
    assert "landed on another branch than it was judged for" in issue.title
    # Whoever starts it again is told again, and nothing is opened twice.
    with pytest.raises(Incident, match=f"{landed} was judged for main and is not on it"):
        evaluate(stand, tmp_path, number)
    assert len(hosted.issues) == 1


def test_a_base_that_changes_before_the_last_look_on_github_lands_nowhere(
    stand: Stand, tmp_path: Path
) -> None:
    number = propose(stand, "1")
    stand.push("release", {"notes.txt": "a release\n"})
    before = stand.tip(), stand.tip("release")
    hosted = stand.hosted
    assert hosted is not None
    late: Any = Ticking(
        stand.forge, AtLook(2, lambda: setattr(hosted.pulls[number], "base", "release"))
    )

    evaluate(stand, tmp_path, number, late)

    pull = stand.forge.pull_request(number)
    assert pull.merged_as is None
    assert (stand.tip(), stand.tip("release")) == before
    assert stand.forge.status(pull.head_sha, "lockstep/gate: main") is None
    assert hosted.issues == {}
