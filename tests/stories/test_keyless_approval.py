"""An approval of what needs no evidence lapses when the policy that asked for it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.waiting import Wait
from tests.guard.yard import POLICY, Yard
from tests.stories.test_moving import hold_comes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bot.core.lock import Model


def retire(models: Mapping[str, Model]) -> Mapping[str, Model]:
    old = models["churn"].model_copy(update={"retired": {"1": "old"}})
    return {**models, "churn": old}


def approved(tmp_path: Path, meanwhile: Callable[[Yard], None]) -> list[Wait]:
    yard = Yard(tmp_path, POLICY.replace("merge: auto", "merge: approved"))
    yard.guard()
    for version in ("1", "2"):
        number = yard.propose("churn", version)
        yard.judge(number)
        yard.forge.approve(number, "ben")
        yard.judge(number)
    number = yard.ana.proposes("retire", "Retire 1", retire).number
    yard.judge(number)
    hold_comes(yard, number)
    yard.forge.approve(number, "ben")
    meanwhile(yard)
    return [one.kind for one in yard.judge(number).decision.waiting]


def another_policy(yard: Yard) -> None:
    text = yard.policy.replace("flavors: [skops]", "flavors: [skops, onnx]")
    yard.push_text(text.encode(), "Allow another flavor", "policies/all.yaml")


def test_an_approval_of_a_retirement_counts(tmp_path: Path) -> None:
    assert approved(tmp_path, lambda _: None) == [Wait.HELD]


def test_an_approval_of_a_retirement_lapses_with_its_policy(tmp_path: Path) -> None:
    assert Wait.STALE_REVIEW in approved(tmp_path, another_policy)
