from __future__ import annotations

from pathlib import Path

from bot.core.record import BRANCH
from bot.report.landed import with_landing

GOLDEN = Path(__file__).parent.parent / "golden"


def without_marker(name: str) -> str:
    return (GOLDEN / f"{name}.md").read_text().split("\n", 1)[1]


def test_a_comment_that_learns_of_its_landing_reads_as_one_written_afterwards() -> None:
    landed = without_marker("landed")
    commit = landed.split("`git revert ")[1].split("`")[0]

    told = with_landing(without_marker("passed-merges"), commit, BRANCH)

    assert told == landed
    assert with_landing(told, commit, BRANCH) == told
