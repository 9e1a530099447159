"""A commit's message may name any record: it accounts for what was judged, where it was judged."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from bot.cli.evaluate import carry
from bot.core.record import BRANCH, digest_of
from bot.world.here import Hosted
from tests.guard.yard import POLICY, Yard
from tests.stories.clockwork import AtMerge, Ticking

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bot.core.lock import Model

    Edit = Callable[[Mapping[str, Model]], Mapping[str, Model]]

MANUAL = POLICY.replace("merge: auto", "merge: manual")
MOST = 1_000_000


class Killed(BaseException):
    """The bot was killed."""


def die() -> None:
    raise Killed


def back_to(version: str) -> Edit:
    def edit(models: Mapping[str, Model]) -> Mapping[str, Model]:
        was = models["churn"].model_copy(update={"stages": {"production": version}})
        return {**models, "churn": was}

    return edit


def record_of(yard: Yard, number: int) -> bytes:
    path = next(one for one in yard.audit("records") if one.startswith(f"records/{number}/"))
    found = yard.bare.blob(yard.bare.commit(BRANCH), path, most=MOST)
    assert found is not None
    return found.text


def lock_of(yard: Yard, number: int) -> bytes:
    found = yard.bare.blob(yard.forge.pull_request(number).head_sha, "models.lock", most=MOST)
    assert found is not None
    return found.text


def merged_by_hand(yard: Yard, number: int, message: str) -> None:
    head = yard.forge.pull_request(number).head_sha
    yard.forge.merge(number, sha=head, title="Mine", message=message)


def lands_by_hand(yard: Yard, branch: str, edit: Edit) -> None:
    number = yard.ana.proposes(branch, branch, edit).number
    yard.judge(number)
    merged_by_hand(yard, number, "Waited for.")
    yard.judge(number)
    yard.ana.pulls()


def test_a_push_that_names_a_record_which_never_landed_is_by_hand(tmp_path: Path) -> None:
    yard = Yard(tmp_path)
    yard.guard()
    yard.land("churn", "1")
    yard.land("churn", "2")
    number = yard.propose("spam", "3")
    ticking = Ticking(yard.forge, AtMerge(die))
    with contextlib.suppress(Killed):
        carry(number, Hosted(forge=ticking, repository=yard.clone, cache=tmp_path / "cache"))
    judged, stored = lock_of(yard, number), record_of(yard, number)
    rollback = yard.ana.proposes("rollback", "Roll back", back_to("1")).number
    yard.judge(rollback)
    assert yard.lock()["churn"].stages == {"production": "1"}

    bad = yard.push_text(judged, f"Mine\n\nRecord: {digest_of(stored)}")
    looked = yard.guard()

    assert [finding.commit for finding in looked.findings] == [bad]
    assert looked.red == (bad,)


def test_a_merge_that_names_a_record_of_an_older_base_is_not_what_was_judged(
    tmp_path: Path,
) -> None:
    yard = Yard(tmp_path, MANUAL)
    yard.guard()
    lands_by_hand(yard, "one", yard.serving("churn", "1"))
    lands_by_hand(yard, "two", yard.serving("churn", "2"))
    number = yard.propose("spam", "3")
    yard.judge(number)
    judged, stored = lock_of(yard, number), record_of(yard, number)
    lands_by_hand(yard, "rollback", back_to("1"))
    git = yard.ana._git
    git("fetch", "--quiet", "origin")
    git("checkout", "--quiet", "-B", "spam-3", "origin/main")
    (yard.ana.clone / "models.lock").write_bytes(judged)
    git("commit", "--quiet", "-am", "The old lock on the new base")
    git("push", "--quiet", "--force", "origin", "spam-3")

    merged_by_hand(yard, number, f"Record: {digest_of(stored)}")
    looked = yard.guard()

    assert looked.red == (yard.forge.pull_request(number).merged_as,)
    assert len(yard.forge.issues()) == 1


def test_a_line_that_names_no_record_does_not_make_a_merge_by_hand(tmp_path: Path) -> None:
    yard = Yard(tmp_path, MANUAL)
    yard.guard()
    number = yard.propose("churn", "1")
    yard.judge(number)

    merged_by_hand(yard, number, "* wip\n\nRecord: sha256:" + "0" * 64)
    looked = yard.guard()

    assert looked.findings == looked.red == ()
    assert len(looked.sealed) == 1
