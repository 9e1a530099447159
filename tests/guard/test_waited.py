"""A record accounts for what it let: on its own branch, and when what it waited for came."""

from __future__ import annotations

from pathlib import Path

from bot.core.event import CommentCreated
from bot.core.finding import Kind
from bot.core.lockfile import dump
from bot.world.commanding import carry_command
from tests.guard.yard import POLICY, Yard

APPROVED = POLICY.replace("merge: auto", "merge: approved")


def hold(yard: Yard, number: int) -> None:
    text = "/lockstep hold the labels are wrong"
    said = yard.forge.acting_as("ben").say(number, text)
    event = CommentCreated(
        number=number, comment=said.id, author="ben", by_bot=False, body=text, url=said.url
    )
    carry_command(event, yard.forge, yard.clone)


def test_a_lock_that_was_held_and_is_pushed_by_hand_is_told(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard", APPROVED)
    yard.guard()
    number = yard.propose("a", "1")
    hold(yard, number)
    yard.judge(number)

    pushed = yard.push(yard.serving("a", "1"))
    guarded = yard.guard()

    assert guarded.sealed == ()
    assert [(one.kind, one.commit) for one in guarded.findings] == [(Kind.WAITED, pushed)]
    assert guarded.red == (pushed,)


def test_a_lock_that_nobody_approved_and_is_pushed_by_hand_is_told(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard", APPROVED)
    yard.guard()
    yard.judge(yard.propose("a", "1"))

    pushed = yard.push(yard.serving("a", "1"))

    assert yard.guard().red == (pushed,)


def test_what_waited_for_a_review_and_was_merged_on_the_forge_is_sealed(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard", APPROVED)
    yard.guard()
    number = yard.propose("a", "1")
    yard.judge(number)
    head = yard.forge.pull_request(number).head_sha

    landed = yard.forge.acting_as("ana").merge(number, sha=head, title="mine", message="")

    assert yard.guard().sealed == (landed,)


def test_a_record_of_another_branch_accounts_for_nothing_here(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard", POLICY)
    yard.guard()
    yard.ana._git("push", "--quiet", "origin", "main:lax")
    yard.ana.pulls()
    text = dump(yard.serving("a", "1")(yard.lock()))
    yard.ana._git("checkout", "--quiet", "-b", "lax-1")
    (yard.ana.clone / "models.lock").write_bytes(text)
    yard.ana._git("commit", "--quiet", "--all", "-m", "Promote")
    yard.ana._git("push", "--quiet", "origin", "lax-1")
    forge = yard.forge.acting_as("ana")
    yard.judge(forge.propose(title="x", body="", head="lax-1", base="lax").number)
    yard.ana._git("checkout", "--quiet", "main")

    pushed = yard.push_text(text)
    guarded = yard.guard()

    assert guarded.sealed == ()
    assert guarded.red == (pushed,)
