"""Merges on the branch: what the other side landed is kept, or somebody is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.cli.guard import print_walk, told
from bot.core.finding import Kind
from bot.world.engineer import Engineer
from tests.guard.yard import Yard

if TYPE_CHECKING:
    import pytest


def local_work(yard: Yard, on: str) -> None:
    """Let ana commit something beside the lock on an earlier commit of the branch."""
    git = yard.ana._git
    git("fetch", "--quiet", "origin")
    git("checkout", "--quiet", "--detach", on)
    (yard.ana.clone / "notes.txt").write_text("notes")
    git("add", "notes.txt")
    git("commit", "--quiet", "-m", "Notes")


def merge(yard: Yard, other: str, *options: str) -> str:
    """Let ana merge a commit into her work and push that as the branch; return the commit."""
    yard.ana._git("fetch", "--quiet", "origin")
    yard.ana._git("merge", "--quiet", "--no-edit", *options, other)
    yard.ana._git("push", "--quiet", "origin", "HEAD:main")
    return yard.tip()


def test_a_merge_that_keeps_its_own_older_lock_is_told_once(yard: Yard) -> None:
    yard.guard()
    first = yard.land("churn", "1")
    second = yard.land("churn", "2")
    third = yard.land("churn", "3")
    local_work(yard, first)
    tip = merge(yard, third, "-s", "ours")
    assert yard.lock()["churn"].stages == {"production": "1"}

    guarded = yard.guard()

    assert [(one.kind, one.commit) for one in guarded.findings] == [(Kind.DROPPED, third)]
    assert second not in guarded.red
    assert yard.light(tip) == "failure"
    assert "propose the lock of" in yard.forge.issues()[0].body
    assert yard.guard().findings == ()


def test_a_landing_that_a_merge_left_out_is_told_after_a_later_landing_too(yard: Yard) -> None:
    yard.guard()
    first = yard.land("churn", "1")
    second = yard.land("churn", "2")
    local_work(yard, first)
    merge(yard, second, "-s", "ours")
    yard.land("spam", "3")

    assert [(one.kind, one.commit) for one in yard.guard().findings] == [(Kind.DROPPED, second)]


def test_local_work_that_merges_the_branch_is_accounted_for(yard: Yard) -> None:
    """As `git pull --no-rebase` does: the first parent is the local side."""
    yard.guard()
    first = yard.land("churn", "1")
    local_work(yard, first)
    eve = Engineer.joins("eve", yard.folder / "eve", yard.forge)
    number = eve.proposes("churn-2", "Promote churn-2", yard.serving("churn", "2")).number
    yard.judge(number)
    tip = merge(yard, "origin/main")
    assert yard.lock()["churn"].stages == {"production": "2"}

    guarded = yard.guard(since=first)

    assert (guarded.findings, guarded.red) == ((), ())
    assert yard.light(tip) == "success"
    yard.land("spam", "3")
    assert yard.guard().findings == ()


def test_a_merge_that_brings_an_edit_by_hand_besides_is_by_hand(yard: Yard) -> None:
    yard.guard()
    first = yard.land("churn", "1")
    second = yard.land("churn", "2")
    edited = yard.push(yard.serving("spam", "3"))
    yard.ana._git("push", "--quiet", "--force", "origin", f"{second}:refs/heads/main")
    local_work(yard, first)

    tip = merge(yard, edited)

    assert (Kind.BY_HAND, tip) in [(one.kind, one.commit) for one in yard.guard().findings]


def test_an_older_landing_that_a_forced_push_dropped_is_not_taken_over(yard: Yard) -> None:
    yard.guard()
    first = yard.land("churn", "1")
    dropped = yard.land("churn", "2")
    yard.ana.pulls()
    yard.ana._git("push", "--quiet", "--force", "origin", f"{first}:refs/heads/main")
    yard.guard()
    newest = yard.land("churn", "3")
    local_work(yard, newest)

    yard.ana._git("merge", "--quiet", "-s", "ours", "--no-edit", dropped)
    yard.ana._git("checkout", dropped, "--", "models.lock")
    yard.ana._git("commit", "--quiet", "--amend", "--no-edit")
    yard.ana._git("push", "--quiet", "origin", "HEAD:main")

    guarded = yard.guard()
    assert (Kind.BY_HAND, yard.tip()) in [(one.kind, one.commit) for one in guarded.findings]


def test_what_one_run_cannot_tell_is_counted_and_told_by_the_next(
    yard: Yard, capsys: pytest.CaptureFixture[str]
) -> None:
    yard.guard()
    yard.land("churn", "1")
    recorded = yard.lock()
    for _ in range(6):
        yard.push(yard.serving("churn", "2"))
        yard.push(lambda _: recorded)

    guarded = yard.guard()

    assert (len(guarded.findings), guarded.more) == (10, 2)
    assert len(yard.forge.issues()) == 5
    assert told(guarded)["more"] == 2
    print_walk(guarded)
    assert "and 2 more" in capsys.readouterr().out
    assert len(yard.guard().findings) == 2
