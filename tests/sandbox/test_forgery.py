"""Whatever a hostile model leaves in the results folder, only checked numbers are read."""

from __future__ import annotations

import pytest

from bot.core.errors import Fault
from bot.core.evidence import Absent

FORGED = {
    "verdict on the screen": "does not belong there",
    "pickle instead of numbers": "another type",
    "bare pickle": "header cannot be read",
    "class that does not exist": "not one of the classes",
    "too many rows": "has shape",
    "another type": "another type",
    "huge header": "larger than its rows can be",
    "huge shape": "has shape …,",
    "header that is code": "header cannot be read",
    "folder": "instead of a file",
    "too large": "larger than its rows can be",
    "no account": "account of the run is gone",
    "text in the account": "something other than numbers",
    "nested account": "not JSON of numbers",
    "infinite account": "not JSON of numbers",
    "large account": "larger than its rows can be",
    "more time than passed": "more time than passed",
    "no answers": "left no answers",
    "not a number": "not one of the classes",
}


@pytest.mark.parametrize("trick", FORGED)
def test_forged_output_is_refused(trick, hostile, ask, prey):
    answer = ask(hostile("forges", trick=trick), classes=("0", "1"))
    assert isinstance(answer, Absent)
    assert answer.fault is Fault.FORGED_OUTPUT
    assert FORGED[trick] in answer.reason
    assert not (prey.folder / "outside").exists()
    assert "PASSED" not in answer.reason


@pytest.mark.parametrize("trick", ["link", "pipe"])
def test_links_and_pipes_cannot_even_be_made(trick, hostile, ask):
    answer = ask(hostile("forges", trick=trick), classes=("0", "1"))
    assert isinstance(answer, Absent)
    assert "tried something the sandbox forbids" in answer.reason


@pytest.mark.parametrize("trick", ["link", "pipe"])
def test_links_and_pipes_are_refused_where_they_can_be_made(trick, room, hostile, ask):
    from bot.core.policy import SandboxRules

    weak = room((), without=("landlock", "seccomp"))
    loose = SandboxRules(require=(), seconds=20.0)
    answer = ask(hostile("forges", trick=trick), classes=("0", "1"), within=weak, limits=loose)
    assert isinstance(answer, Absent)
    assert answer.fault is Fault.FORGED_OUTPUT
    assert "instead of a file" in answer.reason


def test_values_that_are_not_finite_are_told_from_forgery(hostile, ask):
    answer = ask(hostile("forges", trick="not a number"))
    assert isinstance(answer, Absent)
    assert answer.fault is Fault.SCORES_NOT_FINITE
