from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.action import OpenIssue, ProposeRevert, SetStatus, StoreFinding
from bot.core.finding import REVERTED, Finding, Kind
from bot.report.incident import (
    HEADLINES,
    MARKER,
    SENTENCES,
    SHOWN,
    accepted,
    guard_context,
    issue,
    raised,
)
from bot.report.landed import MERGES, with_landing, with_queue

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FINDING = Finding(
    kind=Kind.BY_HAND,
    commit=COMMIT,
    branch="main",
    at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    by="ana",
    subject="quick fix",
    lock="2" * 40,
    judged="1" * 40,
    request=7,
    moves=("`churn`: promote 2 to production, champion was 1",),
)
NASTY = "x --> <script>@everybody</script> fixes #1 ![i](http://evil.example) \x1b[31m\u202e| `"


def kinds(finding):
    return [type(action) for action in raised(finding)]


@pytest.mark.parametrize("kind", Kind)
def test_every_finding_has_its_words(kind):
    assert kind in HEADLINES
    assert kind in SENTENCES


@pytest.mark.parametrize("kind", sorted(REVERTED, key=lambda one: one.value))
def test_a_red_finding_turns_red_opens_an_issue_proposes_the_revert_and_is_stored_last(kind):
    finding = replace(FINDING, kind=kind)
    assert kinds(finding) == [SetStatus, OpenIssue, ProposeRevert, StoreFinding]
    status = raised(finding)[0]
    assert status.state == "failure"
    assert status.context == "lockstep/guard: main"
    assert len(status.description) <= 140


@pytest.mark.parametrize("kind", [Kind.DROPPED, Kind.NO_AUDIT])
def test_what_no_revert_mends_proposes_none(kind):
    finding = replace(FINDING, kind=kind, tip="f" * 40)
    assert kinds(finding) == [SetStatus, OpenIssue, StoreFinding]
    assert raised(finding)[0].sha == "f" * 40


@pytest.mark.parametrize("kind", [Kind.FOUNDING, Kind.RESTORED])
def test_what_is_allowed_turns_green(kind):
    status, stored = raised(replace(FINDING, kind=kind))
    assert status.state == "success"
    assert isinstance(stored, StoreFinding)


def test_commits_in_a_row_turn_red_together_and_go_back_to_before_the_first():
    before = ("a" * 40, "b" * 40)
    done = raised(replace(FINDING, before=before))
    assert [one.sha for one in done if isinstance(one, SetStatus)] == [*before, COMMIT]
    (revert,) = (one for one in done if isinstance(one, ProposeRevert))
    assert revert.first == "a" * 40
    assert "`aaaaaaaaaaaa`" in issue(replace(FINDING, before=before))


def test_the_issue_says_who_what_and_what_to_do():
    text = issue(FINDING)
    assert text.startswith(f"{MARKER}{COMMIT} -->\n")
    for said in ("ana", "quick fix", "promote 2 to production", "request 7", "2026-11-23"):
        assert said in text
    assert f"lockstep/revert-{COMMIT[:12]}" in text


def test_many_moves_are_counted():
    text = issue(replace(FINDING, moves=("`churn`: register 2",) * (SHOWN + 3)))
    assert text.count("register 2") == SHOWN
    assert "and 3 more" in text


def test_a_commit_without_a_moment_moves_or_words_is_told_all_the_same():
    bare = Finding(kind=Kind.DROPPED, commit=COMMIT, branch="main")
    assert "What it did" not in issue(bare)
    assert "no longer holds a landing" in issue(bare)


def test_text_from_outside_stays_text():
    text = issue(replace(FINDING, by=NASTY, subject=NASTY, moves=(NASTY,)))
    body = text.partition("\n")[2]
    for live in ("<script>", "@everybody", " #1", "![", "http://", "-->", "\x1b", "\u202e"):
        assert live not in body


def test_the_context_of_the_guard_is_not_the_one_of_the_gate():
    assert guard_context("main") == "lockstep/guard: main"
    assert guard_context("Main") != guard_context("main")
    assert accepted(COMMIT, "main", "x" * 300).description.endswith("…")


def test_a_report_learns_that_its_request_is_queued_and_then_that_it_landed():
    body = f"head\n{MERGES}\n- [ ] Then this commit and no other is merged\n"
    queued = with_queue(body)
    assert "**In the merge queue.**" in queued
    assert "- [ ] The merge queue builds" in queued
    assert "Then this commit" not in queued
    assert with_queue(queued) == queued
    landed = with_landing(queued, COMMIT, "lockstep/audit")
    assert f"**Merged as `{COMMIT[:7]}`.**" in landed
    assert f"- [x] Merged as `{COMMIT[:7]}`" in landed
    assert "queue" not in landed
