"""Who knows a commit before it is pushed knows its revert's branch, and gains nothing by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.finding import Kind
from bot.core.lockfile import dump, parse
from tests.guard.yard import Yard

FAR = 253_402_300_800
"""The first second of the year 10000, which Python's datetime has no room for."""


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    yard = Yard(tmp_path / "yard")
    yard.guard()
    yard.land("churn", "1")
    return yard


def by_hand(yard: Yard) -> str:
    """Promote churn 2 by hand; return the name its revert would have."""
    return f"lockstep/revert-{yard.push(yard.serving('churn', '2'))[:12]}"


def squat(yard: Yard, name: str, *, symlink: bool = False) -> None:
    """Push a branch on which the lock is something else."""
    git, lock = yard.ana._git, yard.ana.clone / "models.lock"
    git("checkout", "--quiet", "-B", "squat", "origin/main")
    text = lock.read_bytes()
    lock.unlink()
    if symlink:
        lock.symlink_to("README.md")
    else:
        lock.write_bytes(dump(yard.serving("churn", "9")(parse(text, "models.lock"))))
    git("add", "--all")
    git("commit", "--quiet", "-m", "Squat")
    git("push", "--quiet", "origin", f"HEAD:refs/heads/{name}")
    git("checkout", "--quiet", "main")


def proposed(yard: Yard) -> dict[str, str]:
    """Map the head of each open request to who opened it."""
    return {one.head: one.author for one in yard.forge.open_pull_requests()}


@pytest.mark.parametrize("symlink", [True, False])
def test_a_branch_that_was_taken_before_is_left_for_the_next_name(
    yard: Yard, *, symlink: bool
) -> None:
    name = by_hand(yard)
    squat(yard, name, symlink=symlink)

    (finding,) = yard.guard().findings

    assert finding.kind is Kind.BY_HAND
    assert list(proposed(yard)) == [f"{name}-2"]


def test_a_branch_below_the_name_leaves_it_for_the_next(yard: Yard) -> None:
    name = by_hand(yard)
    squat(yard, f"{name}/x")

    yard.guard()

    assert list(proposed(yard)) == [f"{name}-2"]


def test_a_request_of_a_person_from_that_branch_is_not_taken_for_the_revert(yard: Yard) -> None:
    name = by_hand(yard)
    squat(yard, name)
    eve = yard.forge.acting_as("eve")
    eve.propose(title="Give back models.lock", body="", head=name, base="main")

    yard.guard()

    assert proposed(yard)[name] == "eve"
    assert proposed(yard)[f"{name}-2"] != "eve"


def test_a_commit_of_the_year_ten_thousand_is_told_as_any_other(yard: Yard) -> None:
    changed = yard.push(yard.serving("churn", "2"))
    tree, parent = (yard.bare.run("rev-parse", f"{changed}{of}").decode().strip()
                    for of in ("^{tree}", "^"))  # fmt: skip
    who = f"eve <eve@localhost> {FAR} +0000"
    text = f"tree {tree}\nparent {parent}\nauthor {who}\ncommitter {who}\n\nBy hand\n"
    commit = yard.bare.run(
        "hash-object", "-t", "commit", "-w", "--stdin", stdin=text.encode()
    ).decode().strip()  # fmt: skip
    yard.bare.run("update-ref", "refs/heads/main", commit)

    (finding,) = yard.guard().findings

    assert (finding.commit, finding.at.year) == (commit, 9000)
    assert len(proposed(yard)) == 1
    yard.ana._git("fetch", "--quiet", "origin")
    yard.ana._git("reset", "--quiet", "--hard", "origin/main")
    assert yard.judge(yard.propose("spam", "3")).decision.refusal is None
