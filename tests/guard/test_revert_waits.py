"""The guard proposes to take a commit back; a person decides, whatever the policy says."""

from __future__ import annotations

from pathlib import Path

from bot.core.decision import Ruling
from bot.core.waiting import Wait
from tests.guard.yard import Yard


def test_a_revert_that_the_guard_proposed_waits_for_a_person(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard")
    yard.guard()
    yard.land("churn", "1")
    by_hand = yard.push(yard.serving("churn", "2"))
    yard.guard()
    (pull,) = yard.forge.open_pull_requests()

    decision = yard.judge(pull.number).decision

    assert decision.ruling is Ruling.HOLD
    assert [one.kind for one in decision.waiting] == [Wait.REVIEW]
    assert "the guard proposed to take it back" in decision.waiting[0].because
    assert yard.tip() == by_hand
