"""What is told of a landing is there, whatever became of the report meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.cli.evaluate import carry
from bot.world.here import Hosted
from tests.stories.clockwork import AtMerge, Ticking

if TYPE_CHECKING:
    from .yard import Yard


def test_a_report_that_is_deleted_before_the_merge_is_there_after_it(yard: Yard) -> None:
    number = yard.propose("churn", "1")
    marker = "<!-- lockstep:report:v1 "

    def delete() -> None:
        for ours in yard.forge.reports(number, marker):
            yard.forge.delete_comment(number, ours)

    forge = Ticking(yard.forge, AtMerge(delete))
    world = Hosted(forge=forge, repository=yard.clone, cache=yard.folder / "cache")  # type: ignore[arg-type] -- passes every call on
    carry(number, world)

    (report,) = yard.forge.reports(number, marker)
    assert "Merged as" in report.body
