from __future__ import annotations

import re

import pytest

from bot.core import errors
from bot.core.errors import Fault, Malformed, Problem, Refusal, Stop


def kinds(kind=Stop):
    for one in kind.__subclasses__():
        yield one
        yield from kinds(one)


def test_every_way_to_stop_has_an_exit_code_of_its_own():
    verdicts = [errors.PASSED, errors.FAILED, errors.INCONCLUSIVE, errors.ERRORED, errors.BUG]
    stops = [one.exit_code for one in kinds() if "exit_code" in vars(one)]
    codes = [*verdicts, *stops, *(fault.value for fault in Fault)]
    assert len(set(codes)) == len(codes)
    assert 2 not in codes, "2 is a wrong command line"
    assert all(0 <= code < 126 for code in codes), "a shell keeps 126 and above for itself"


def test_every_kind_of_stop_has_an_exit_code():
    assert {one.__name__ for one in kinds() if not hasattr(one, "exit_code")} == {"Refusal"}


def test_the_exit_codes_stand_in_the_page_of_the_module():
    said = dict(re.findall(r"-- (\w+) +(\d+)", errors.__doc__ or ""))
    assert said == {one.__name__: str(one.exit_code) for one in kinds() if "exit_code" in vars(one)}


def test_a_refusal_names_every_problem_with_its_place_and_way_out():
    refusal = Malformed(
        Problem(what="no format", remedy="add it", file="models.lock", line=1, column=2),
        Problem(what="too long", remedy=""),
    )
    assert str(refusal) == "models.lock:1:2: no format; add it\ntoo long"


def test_a_refusal_without_a_problem_is_a_bug():
    with pytest.raises(TypeError, match="at least one problem"):
        Refusal()
