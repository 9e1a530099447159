from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.action import SetStatus
from bot.core.lock import Hold
from bot.core.proposal import Blob
from bot.core.transition import Hold as Held
from bot.core.transition import Release
from bot.core.verdict import Measure, Outcome
from bot.report import render
from bot.report.change import change, lock_diff
from bot.report.render import comment, summary
from bot.report.steps import quoted
from tests.report.builders import (
    BEFORE,
    DOCUMENTATION,
    compare,
    decided,
    gate,
    judgement,
    latency,
    promoted,
    proposal,
    seen,
    slice_of,
)


def only(verdict):
    judged = (promoted(verdict),)
    return seen(decided(*judged), judged).sections[0]


def test_the_whole_report_is_written_at_once(templates):
    judged = (promoted(compare()),)
    report = render(
        decided(*judged),
        judged,
        proposal(),
        templates=templates,
        documentation=DOCUMENTATION,
        version="0.1.0",
    )
    assert report.comment == comment(report.view, templates)
    assert report.status == SetStatus(
        sha=proposal().head_sha,
        context="lockstep/gate: main",
        state="success",
        description="PASS 1/1 gates: credit-risk 3 -> 4 in production. "
        "Cleared to merge. @def567800000",
    )


def test_failures_stand_before_errors_before_doubts_before_passes():
    outcomes = [Outcome.PASSED, Outcome.INCONCLUSIVE, Outcome.ERRORED, Outcome.FAILED]
    judged = (promoted(*(gate(o.name.lower(), o.name, o) for o in outcomes)),)
    rows = seen(decided(*judged), judged).sections[0].tables[0].rows
    assert [row.word for row in rows] == ["fail", "error", "inconclusive", "pass"]


def test_the_model_with_the_worst_outcome_stands_first():
    judged = (
        promoted(compare(), model="a"),
        promoted(gate("g", "g", Outcome.ERRORED), model="b"),
        promoted(compare(-0.1, -0.2, -0.09), model="c"),
    )
    assert [s.model for s in seen(decided(*judged), judged).sections] == ["c", "b", "a"]


def test_a_failing_gate_without_numbers_stands_before_passing_ones_with_numbers():
    judged = (promoted(compare(), gate("lineage", "lineage", Outcome.FAILED)),)
    blocks = seen(decided(*judged), judged).sections[0].tables[0].blocks
    assert [block.measured for block in blocks] == [False, True]


def test_a_blocking_failure_stands_before_a_waived_one():
    observed = replace(compare(-0.1, -0.2, -0.09), observed=True)
    judged = (promoted(observed, gate("lineage", "lineage", Outcome.FAILED)),)
    words = [row.word for row in seen(decided(*judged), judged).sections[0].tables[0].rows]
    assert words == ["fail", "fail (observed)"]


def test_a_verdict_is_shown_by_the_measure_nearest_to_its_limit():
    near, far = (
        Measure(name=n, challenger=v, limit=10.0, direction="lower", n=n_rows)
        for n, v, n_rows in (("near", 9.0, 100), ("far", 1.0, 100))
    )
    section = only(gate("latency", "latency", measured=(far, near, Measure(name="p50", note="n"))))
    row = section.tables[0].rows[0]
    assert row.figures.challenger == "9.0"
    assert row.details == ("far: challenger 1.0, limit ≤ 10.0, n = 100", "p50: n")
    assert section.slices is None


def test_small_slices_are_counted_and_never_shown(templates):
    tiny = slice_of("recall [id=only-one]", 19, -0.9, Outcome.FAILED)
    judged = (promoted(gate("slices", "slices", measured=(tiny, slice_of("b", 20, 0.1)))),)
    view = seen(decided(*judged), judged)
    assert [row.title for row in view.sections[0].slices.rows] == ["b"]
    assert view.sections[0].slices.left_out == ("1 slice of fewer than 20 rows not shown.",)
    assert "only-one" not in summary(view, templates)


def test_a_gate_of_small_slices_alone_shows_no_number():
    section = only(gate("slices", "slices", measured=(slice_of("a", 5, -0.9, Outcome.FAILED),)))
    assert section.tables[0].blocks[0].measured is False
    assert section.slices.rows == ()


def test_slices_are_shown_worst_first_and_at_most_two_hundred():
    cut = [slice_of(f"s{i}", 100, i / 1000) for i in range(300)]
    shown = only(gate("slices", "slices", measured=tuple(cut))).slices
    assert [row.title for row in shown.rows[:2]] == ["s0", "s1"]
    assert len(shown.rows) == 200
    assert shown.left_out == ("100 more, none of them worse.",)


def test_the_level_of_the_bounds_is_named_when_it_is_one():
    assert only(compare()).tables[0].blocks[0].confidence == "95 % bounds"
    measure = replace(latency().measured[0], confidence=0.99)
    judged = (promoted(compare(), replace(latency(), measured=(measure,))),)
    mixed = seen(decided(*judged), judged).sections[0].tables[0].blocks[0]
    assert mixed.confidence == "bounds"


def test_missing_sandbox_layers_are_said_aloud_and_once(templates):
    missing = "sandbox layer missing: net"
    judged = (promoted(gate("a", "a", notes=(missing, "n")), gate("b", "b", notes=(missing,))),)
    text = summary(seen(decided(*judged), judged), templates)
    assert text.count("⚠️ sandbox layer missing: net.") == 1
    assert text.index("⚠️") < text.index("<details>")


def test_an_error_says_how_to_repair_it_and_a_doubt_what_would_end_it(templates):
    repair = gate("a", "a", Outcome.ERRORED, remedy="mend it")
    doubt = gate("b", "b", Outcome.INCONCLUSIVE, unblock="900 rows")
    judged = (promoted(repair, doubt),)
    text = summary(seen(decided(*judged), judged), templates)
    assert "To go on: mend it." in text
    assert "To go on: 900 rows." in text


def test_every_gate_links_to_its_page(templates):
    text = summary(seen(decided(promoted(compare())), (promoted(compare()),)), templates)
    assert f"[compare pr_auc]({DOCUMENTATION}/gates.md#compare)" in text


@pytest.mark.parametrize(
    ("transition", "subject"),
    [
        (Release(model="m", version=None, stage="canary"), "`m` in canary released"),
        (Release(model="m", version="4", stage=None), "`m` 4 released"),
        (
            Held(model="m", stage=None, hold=Hold(reason="r", by="b", version="4")),
            "`m` 4 held",
        ),
    ],
)
def test_restrictions_name_what_they_restrict(transition, subject):
    assert change(judgement(transition).trial).subject == subject


def test_a_promotion_without_a_case_is_still_a_row():
    from tests.report.builders import promotion

    row = change(judgement(promotion()).trial)
    assert (row.before_digest, row.after_digest, row.artifact) == ("", "", "")


def test_a_diff_shows_changed_hunks_alone():
    lines = [f"line {i}" for i in range(1000)]
    after = [*lines[:500], "new", *lines[500:]]
    read = proposal(
        base=Blob(text="\n".join(lines).encode(), oid="b"),
        head=Blob(text="\n".join(after).encode(), oid="a"),
    )
    assert lock_diff(read) == (
        ("@@", " line 498", " line 499", "+new", " line 500", " line 501"),
        "",
    )


def test_a_long_diff_is_cut_and_a_huge_one_left_to_git():
    def new(count):
        text = "\n".join(f"line {i}" for i in range(count)).encode()
        return proposal(base=None, head=Blob(text=text, oid="a"))

    shown, more = lock_diff(new(400))
    assert len(shown) == 120
    assert more == "281 more lines not shown."
    assert lock_diff(new(5000)) == ((), "The change spans 5,000 lines; `git diff` shows it.")


def test_no_change_is_no_diff(templates):
    same = Blob(text=BEFORE, oid="b")
    read = proposal(base=same, head=same)
    assert lock_diff(read) == ((), "")
    assert "Lock change" not in summary(seen(decided(), (), read), templates)


def test_a_huge_change_is_left_to_git_in_the_comment(templates):
    text = "\n".join(f"line {i}" for i in range(5000)).encode()
    read = proposal(base=None, head=Blob(text=text, oid="a"))
    assert "The change spans 5,000 lines; `git diff` shows it." in summary(
        seen(decided(), (), read), templates
    )


def test_a_branch_cannot_end_its_quotes():
    assert quoted("a`b") == "`a'b`"


def test_one_error_that_stops_several_gates_is_said_once_and_names_them(templates):
    broken = [gate(n, n, Outcome.ERRORED, because="no such file", remedy="add it") for n in "abc"]
    other = gate("d", "d", Outcome.ERRORED, because="too slow")
    judged = (promoted(*broken, other),)
    shown = summary(seen(decided(*judged), judged), templates)
    assert shown.count("`a, b, c`: no such file. To go on: add it.") == 1
    assert shown.count("To go on: add it") == 1
    assert "| as b |" not in shown
    assert shown.count("| as a |") == 2
    assert "- ⛔ `d`: too slow." in shown
