from __future__ import annotations

import numpy as np
import pytest

from bot.core.questions import Feature, Loaded
from bot.core.transition import Rollback
from bot.core.verdict import Outcome
from bot.gates.schema import Schema
from tests.builders import ABSENT, case, evidence, holdout, rehearsal


def verdict(columns=None, about=None, **found):
    gate, about = Schema.model_validate({"columns": columns or {}}), about or case()
    return gate.judge(about, evidence(gate, about, **found))


def with_feature(**fields):
    return holdout(np.zeros(4), features=(Feature(**{"name": "x", "missing": 0, **fields}),))


def test_a_model_that_asks_for_what_serving_has_passes():
    found = verdict()
    assert found.outcome is Outcome.PASSED
    assert found.because == "it asks for 2 of the 3 columns of serving"


def test_a_model_that_does_not_name_its_columns_takes_them_in_order():
    found = verdict(rehearsal=rehearsal(used=()))
    assert found.because == "it takes the 3 columns of serving in their order"


def test_a_column_serving_does_not_provide_fails():
    found = verdict(rehearsal=rehearsal(unknown_features=1))
    assert found.outcome is Outcome.FAILED
    assert found.because == "it asks for 1 column that serving does not provide"


def test_columns_used_more_or_no_more_than_by_the_champion_are_named():
    found = verdict(before=rehearsal(used=(True, False, True)))
    assert found.outcome is Outcome.PASSED
    assert found.details == ("it uses carrier in addition", "it no longer uses distance")


def test_a_champion_that_does_not_load_changes_nothing():
    assert verdict(before=ABSENT).details == ()
    assert verdict(before=ABSENT).outcome is Outcome.PASSED
    assert verdict(about=case(champion=None)).details == ()


def test_a_rollback_does_not_wait_for_the_version_it_ends():
    back = Rollback(model="credit-risk", stage="production", champion="3", restored="4")
    about = case(transition=back)
    assert len([need for need in Schema().needs(about) if isinstance(need, Loaded)]) == 1
    assert verdict(about=about).details == ()


@pytest.mark.parametrize(
    ("declared", "feature"),
    [
        ({"kind": "number"}, {"kind": "integer"}),
        ({"kind": "number"}, {"kind": "boolean"}),
        ({"min": 0, "max": 9}, {"kind": "number", "minimum": 0.0, "maximum": 9.0}),
        ({"values": ["a", "b"]}, {"kind": "text", "values": ("a",)}),
        ({"missing": True}, {"kind": "text", "missing": 4}),
    ],
)
def test_a_promise_that_holds_passes(declared, feature):
    found = verdict({"x": declared}, holdout=with_feature(**feature))
    assert found.outcome is Outcome.PASSED
    assert found.required == "only the 1 column of holdout, 1 promise kept"


@pytest.mark.parametrize(
    ("declared", "feature", "said"),
    [
        ({"kind": "integer"}, {"kind": "number"}, "column x holds number, not integer"),
        (
            {"min": 0},
            {"kind": "number", "minimum": -2.5, "maximum": 1.0},
            "column x goes down to -2.5, below 0",
        ),
        (
            {"max": 1},
            {"kind": "number", "minimum": 0.0, "maximum": 2.0},
            "column x goes up to 2, above 1",
        ),
        ({"max": 1}, {"kind": "text"}, "column x goes up to nothing that is a number, above 1"),
        (
            {"values": ["a"]},
            {"kind": "text", "values": ("a", "z")},
            "column x holds z, not declared",
        ),
        (
            {"values": ["a"]},
            {"kind": "text", "values": tuple("bcdefgh")},
            "column x holds b, c, d, e, f and 2 more, not declared",
        ),
        (
            {"values": ["a"]},
            {"kind": "text"},
            "column x holds text with too many values to be categories",
        ),
        ({"missing": False}, {"kind": "text", "missing": 2}, "column x misses 2 values"),
    ],
)
def test_a_promise_that_is_broken_fails(declared, feature, said):
    found = verdict({"x": declared}, holdout=with_feature(**feature))
    assert found.outcome is Outcome.FAILED
    assert found.because == said


def test_a_promised_column_that_is_gone_fails():
    assert verdict({"gone": {}}).because == "column gone is gone from the serving data"
