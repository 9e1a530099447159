"""An approval of a report that was never recorded counts for that evidence and no other."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.core.decision import Ruling
from bot.core.waiting import Wait
from tests.guard.yard import Yard
from tests.zones.test_landing import APPROVED, judged


def later(yard: Yard, seconds: int) -> None:
    """Let the forge's clock go on, as it does between what people do."""
    clock = yard.forge.clock
    object.__setattr__(yard.forge, "clock", lambda: clock() + timedelta(seconds=seconds))


def test_it_lapses_when_the_policy_moves_before_anything_is_recorded(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard", APPROVED)
    number = yard.propose("churn", "1")
    judged(yard, number)
    assert yard.audit("records") == []
    later(yard, 2)
    yard.forge.approve(number, "ben")
    looser = yard.policy.replace("flavors: [skops]", "flavors: [skops, joblib]")
    yard.push_text(looser.encode(), "Loosen", "policies/all.yaml")

    decision = judged(yard, number)[0].decision

    assert decision.ruling is Ruling.HOLD
    assert [one.kind for one in decision.waiting] == [Wait.STALE_REVIEW]
    assert "what the report said then was never recorded" in decision.waiting[0].because


def test_it_counts_while_the_evidence_is_the_same(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard", APPROVED)
    number = yard.propose("churn", "1")
    judged(yard, number)
    later(yard, 2)
    yard.forge.approve(number, "ben")

    assert judged(yard, number)[0].decision.ruling is Ruling.MERGE
