from __future__ import annotations

import pytest

from bot.core.canonical import dump
from bot.core.docket import LARGEST, in_scope, open_court, rules_of
from bot.core.errors import ForbiddenChange, Malformed, OutOfScope, PolicyMissing, UnsafeFile
from bot.core.planning import plan
from bot.core.proposal import Blob, Standing, Touched
from bot.core.transition import Promotion
from bot.gates import GATES
from tests.core.verdicts import proposal
from tests.landed import MODEL, model, past

BEFORE, AFTER = model("1 2", "1"), model("1 2", "2")
POLICY = b"models: [credit-*]\nladder: [production]\npromotion: {merge: auto}\n"


def blob(models):
    return Blob(text=dump(models), oid="0" * 40)


def asked(before=BEFORE, after=AFTER, *, policy=POLICY, more=(), **changes):
    stated = {
        "base": blob({MODEL: before}),
        "head": blob({MODEL: after}),
        "past": past(before),
        "policies": {"policies/p.yaml": policy, **dict(more)},
    }
    return proposal(**{**stated, **changes})


def test_a_court_knows_what_changed_and_what_it_rests_on():
    court, changes = open_court(asked(), GATES, version="0.1.0")
    assert changes == (Promotion(model=MODEL, stage="production", champion="1", challenger="2"),)
    assert court.base == {MODEL: BEFORE}
    assert court.head == {MODEL: AFTER}
    assert court.version == "0.1.0"
    assert court.gate("loads", {"max_seconds": 3}).max_seconds == 3


def test_a_first_lock_has_no_base():
    court, changes = open_court(asked(base=None), GATES, version="0.1.0")
    assert court.base == {}
    assert len(changes) == 3


def test_a_request_that_leaves_the_lock_alone_reads_no_policy():
    other = asked(policy=b"not a policy", touched=(Touched(path="README.md", mode="100644"),))
    court, changes = open_court(other, GATES, version="0.1.0")
    assert changes == ()
    assert rules_of(plan(changes, court), court).merge == "approved"


def test_a_lock_that_changes_no_model_reads_no_policy():
    same = asked(after=BEFORE, policy=b"not a policy")
    assert open_court(same, GATES, version="0.1.0")[1] == ()


def test_a_broken_policy_stops_a_request_that_changes_a_model():
    with pytest.raises(Malformed):
        open_court(asked(policy=b"not a policy"), GATES, version="0.1.0")
    with pytest.raises(PolicyMissing):
        open_court(asked(policies={}), GATES, version="0.1.0")


def test_a_request_that_changes_more_is_asked_to_split():
    others = tuple(Touched(path=f"src/{number}.py", mode="100644") for number in range(12))
    lock = Touched(path="models.lock", mode="100644")
    with pytest.raises(OutOfScope) as caught:
        in_scope(asked(touched=(*others, lock)))
    assert "src/9.py and 2 more" in str(caught.value)
    assert "split it: a promotion changes models.lock and nothing else" in str(caught.value)
    with pytest.raises(OutOfScope, match=r"also changes README\.md; split"):
        in_scope(asked(touched=(lock, Touched(path="README.md", mode="100644"))))


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("120000", "models.lock is a symlink; commit it as a plain file"),
        ("160000", "models.lock is a submodule; commit it as a plain file"),
        ("100755", "models.lock is executable; commit it as a plain file"),
        ("000000", "models.lock is gone; keep it"),
    ],
)
def test_a_lock_that_is_no_plain_file_is_refused(mode, said):
    with pytest.raises(UnsafeFile, match=said):
        in_scope(asked(touched=(Touched(path="models.lock", mode=mode),)))


def test_a_huge_lock_is_refused_by_its_size():
    huge = Touched(path="models.lock", mode="100644", size=LARGEST + 1)
    with pytest.raises(UnsafeFile, match="32,000,001 bytes, more than 32,000,000"):
        in_scope(asked(touched=(huge,)))


def test_a_lock_that_does_not_merge_is_refused_with_the_way_out():
    clash = asked(standing=Standing(conflict="both sides give production another version"))
    with pytest.raises(ForbiddenChange, match="merge the base branch into yours"):
        in_scope(clash)


def test_a_problem_of_the_lock_has_its_place():
    with pytest.raises(ForbiddenChange) as caught:
        open_court(asked(after=model("2", "2")), GATES, version="0.1.0")
    (problem,) = caught.value.problems
    assert problem.what == "credit-risk: version '1' is removed, and versions are append-only"
    assert problem.line == 4


def test_the_strictest_policy_of_all_models_decides_how_to_merge():
    other = b"models: [fraud]\nladder: [production]\npromotion: {merge: manual}\n"
    before = {MODEL: BEFORE, "fraud": BEFORE}
    two = asked(
        base=blob(before),
        head=blob(dict.fromkeys(before, AFTER)),
        more={"policies/q.yaml": other}.items(),
    )
    court, changes = open_court(two, GATES, version="0.1.0")
    assert rules_of(plan(changes, court), court).merge == "manual"
    court, changes = open_court(asked(), GATES, version="0.1.0")
    assert rules_of(plan(changes, court), court).merge == "auto"


def test_a_freeze_of_today_is_part_of_the_rules():
    text = POLICY + b"freezes: [{from: 2026-11-20, until: 2026-11-30, reason: audit}]\n"
    court, changes = open_court(asked(policy=text), GATES, version="0.1.0")
    freeze = rules_of(plan(changes, court), court).freeze
    assert freeze is not None
    assert freeze.reason == "audit"
