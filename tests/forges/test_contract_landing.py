"""How every forge lands a pull request, told once and tested at each of them by real git."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.world.forge import HeadMoved, NotMergeable

if TYPE_CHECKING:
    from .stand import Stand

LOCK = {"models.lock": "format: 1\nmodels: {}\n"}
NOTES = "one\ntwo\nthree\nfour\nfive\n"


def test_a_merge_lands_one_commit_with_the_merged_tree(stand: Stand) -> None:
    number, sha = stand.proposed({"notes.txt": NOTES.replace("one", "ONE")})
    before = stand.push("aside", {"notes.txt": NOTES.replace("five", "FIVE")})
    stand.git("push", "--quiet", "origin", f"{before}:refs/heads/main")
    landed = stand.forge.merge(number, sha=sha, title="Land", message="")
    stand.git("fetch", "--quiet", "origin")
    assert stand.tip() == landed
    assert stand.git("rev-parse", f"{landed}^@") == before
    merged = NOTES.replace("one", "ONE").replace("five", "FIVE")
    assert stand.git("show", f"{landed}:notes.txt") == merged.strip()
    pull = stand.forge.pull_request(number)
    assert (pull.open, pull.merged_as, pull.head_sha) == (False, landed, sha)
    assert stand.forge.open_pull_requests() == ()


def test_the_landed_tree_is_the_head_s_when_the_base_stood_still(stand: Stand) -> None:
    number, sha = stand.proposed(LOCK)
    landed = stand.forge.merge(number, sha=sha, title="Land", message="")
    stand.git("fetch", "--quiet", "origin")
    tree, judged = stand.git("rev-parse", f"{landed}^{{tree}}", f"{sha}^{{tree}}").split()
    assert tree == judged


def test_trailers_survive_on_the_landed_commit(stand: Stand) -> None:
    number, sha = stand.proposed(LOCK)
    trailers = "Model: credit-risk\nDecision: merge\nRecord: sha256:00ff"
    title, message = "Promote credit-risk to 4 (#1)", f"Better by ½ point.\n\n{trailers}\n"
    landed = stand.forge.merge(number, sha=sha, title=title, message=message)
    stand.git("fetch", "--quiet", "origin")
    assert stand.git("log", "-1", "--format=%s", landed) == title
    assert stand.git("log", "-1", "--format=%(trailers:only,unfold)", landed) == trailers


def test_a_merge_of_another_head_than_the_judged_one_is_refused(stand: Stand) -> None:
    number, judged = stand.proposed(LOCK)
    stand.push("promote", {"models.lock": "format: 1\n# sneaked in\n"})
    before = stand.tip()
    with pytest.raises(HeadMoved):
        stand.forge.merge(number, sha=judged, title="Land", message="")
    assert stand.tip() == before
    assert stand.forge.pull_request(number).open


def test_merging_twice_lands_once(stand: Stand) -> None:
    number, sha = stand.proposed(LOCK)
    landed = stand.forge.merge(number, sha=sha, title="Land", message="")
    assert stand.forge.merge(number, sha=sha, title="Land", message="") == landed
    assert stand.tip() == landed
    with pytest.raises(HeadMoved):
        stand.forge.merge(number, sha="0" * 40, title="Land", message="")


def test_a_conflict_is_refused_and_nothing_lands(stand: Stand) -> None:
    number, sha = stand.proposed({"notes.txt": NOTES.replace("three", "3")})
    other = stand.push("aside", {"notes.txt": NOTES.replace("three", "III")})
    stand.git("push", "--quiet", "origin", f"{other}:refs/heads/main")
    with pytest.raises(NotMergeable):
        stand.forge.merge(number, sha=sha, title="Land", message="")
    assert stand.tip() == other
    assert stand.forge.pull_request(number).open


def test_a_draft_does_not_land(stand: Stand) -> None:
    sha = stand.push("promote", LOCK)
    number = stand.people.proposal("ana", "promote", draft=True)
    assert stand.forge.pull_request(number).draft
    with pytest.raises(NotMergeable, match="draft"):
        stand.forge.merge(number, sha=sha, title="Land", message="")


def test_a_closed_pull_request_does_not_land(stand: Stand) -> None:
    number, sha = stand.proposed(LOCK)
    stand.people.close(number)
    with pytest.raises(NotMergeable, match="closed"):
        stand.forge.merge(number, sha=sha, title="Land", message="")


def test_a_pull_request_whose_branch_was_deleted_is_closed(stand: Stand) -> None:
    number, sha = stand.proposed(LOCK)
    stand.git("push", "--quiet", "origin", "--delete", "promote")
    pull = stand.forge.pull_request(number)
    assert not pull.open
    assert pull.head_sha == sha


def test_a_head_that_was_pushed_to_the_base_by_hand_counts_as_merged(stand: Stand) -> None:
    number, sha = stand.proposed(LOCK)
    stand.git("push", "--quiet", "origin", f"{sha}:refs/heads/main")
    pull = stand.forge.pull_request(number)
    assert (pull.open, pull.merged_as) == (False, sha)
    assert stand.forge.merge(number, sha=sha, title="Land", message="") == sha
    assert stand.tip() == sha
