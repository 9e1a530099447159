"""What every forge does, told once and tested at each of them through real git."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.core.errors import ForbiddenChange, NotARepository
from bot.world.forge import Comment, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.world.forge import Forge, PullRequest

    from .stand import Stand

MARK = "<!-- lockstep:report"
REPORT = f"{MARK} v1 -->\nAll gates passed — ½ of them twice.\n"
LOCK = {"models.lock": "format: 1\nmodels: {}\n"}


def approved(pull: PullRequest) -> list[tuple[str, str]]:
    return [(review.reviewer, review.sha) for review in pull.approvals]


def test_a_proposal_is_an_open_pull_request_with_the_pushed_head(stand: Stand) -> None:
    sha = stand.push("promote", LOCK)
    proposed = stand.forge.propose(title="Promote", body="why", head="promote", base="main")
    assert stand.forge.pull_request(proposed.number) == proposed
    assert stand.forge.open_pull_requests() == (proposed,)
    assert (proposed.title, proposed.author) == ("Promote", "lockstep[bot]")
    assert (proposed.base, proposed.head, proposed.head_sha) == ("main", "promote", sha)
    assert proposed.open
    assert not proposed.draft
    assert not proposed.from_fork
    assert proposed.merged_as is None
    assert proposed.url


def test_proposing_a_branch_twice_gives_the_same_pull_request(stand: Stand) -> None:
    number, _ = stand.proposed(LOCK)
    again = stand.forge.propose(title="Other", body="", head="promote", base="main")
    assert again.number == number
    assert again.title == "Promote"


def test_a_branch_whose_pull_request_was_closed_can_be_proposed_again(stand: Stand) -> None:
    number, _ = stand.proposed(LOCK)
    stand.people.close(number)
    assert not stand.forge.pull_request(number).open
    again = stand.forge.propose(title="Again", body="", head="promote", base="main")
    assert again.number > number


def test_a_branch_without_commits_of_its_own_cannot_be_proposed(stand: Stand) -> None:
    stand.git("push", "--quiet", "origin", "main:refs/heads/empty")
    with pytest.raises(ForbiddenChange, match="no commits between main and empty"):
        stand.forge.propose(title="Nothing", body="", head="empty", base="main")


def test_a_branch_that_was_not_pushed_cannot_be_proposed(stand: Stand) -> None:
    with pytest.raises(NotARepository, match="no branch absent"):
        stand.forge.propose(title="Nothing", body="", head="absent", base="main")


def test_pull_requests_are_listed_oldest_first(stand: Stand) -> None:
    numbers = [stand.proposed({"models.lock": f"# {n}\n"}, branch=f"b{n}")[0] for n in range(3)]
    assert [pull.number for pull in stand.forge.open_pull_requests()] == numbers


def test_a_pull_request_follows_its_branch(stand: Stand) -> None:
    number, first = stand.proposed(LOCK)
    second = stand.push("promote", {"models.lock": "format: 1\n# more\n"})
    assert second != first
    assert stand.forge.pull_request(number).head_sha == second


def test_the_head_can_be_fetched_by_number_also_after_its_branch_is_gone(stand: Stand) -> None:
    number, sha = stand.proposed(LOCK)
    stand.forge.merge(number, sha=sha, title="Land", message="")
    stand.git("push", "--quiet", "origin", "--delete", "promote")
    stand.git("fetch", "--quiet", "origin", f"refs/pull/{number}/head")
    assert stand.git("rev-parse", "FETCH_HEAD") == sha


def test_a_report_is_found_again_by_its_marker(stand: Stand) -> None:
    number, _ = stand.proposed(LOCK)
    said = stand.forge.comment(number, REPORT)
    found = stand.forge.reports(number, MARK)
    assert [one.id for one in found] == [said.id]
    assert found[0].body.strip() == REPORT.strip()


def test_only_our_own_comments_with_the_marker_first_are_reports(stand: Stand) -> None:
    number, _ = stand.proposed(LOCK)
    stand.people.say(number, "ana", REPORT)
    stand.forge.comment(number, "hello")
    stand.forge.comment(number, f"quoting\n{REPORT}")
    assert stand.forge.reports(number, MARK) == ()


def test_saying_the_same_twice_leaves_one_comment(stand: Stand) -> None:
    number, _ = stand.proposed(LOCK)
    assert stand.forge.comment(number, REPORT) == stand.forge.comment(number, REPORT)
    assert len(stand.forge.reports(number, MARK)) == 1


def test_editing_keeps_one_sticky_report(stand: Stand) -> None:
    number, _ = stand.proposed(LOCK)
    said = stand.forge.comment(number, REPORT)
    for turn in range(3):
        edited = stand.forge.edit_comment(number, said, f"{REPORT}{turn}")
        assert edited.id == said.id
    assert [one.body for one in stand.forge.reports(number, MARK)] == [f"{REPORT}2"]


def test_duplicates_are_listed_oldest_first_and_can_be_removed(stand: Stand) -> None:
    number, _ = stand.proposed(LOCK)
    first, second = (stand.forge.comment(number, f"{REPORT}{turn}") for turn in range(2))
    assert [one.id for one in stand.forge.reports(number, MARK)] == [first.id, second.id]
    stand.forge.delete_comment(number, second)
    stand.forge.delete_comment(number, second)
    assert [one.id for one in stand.forge.reports(number, MARK)] == [first.id]


def test_a_report_somebody_deleted_is_written_anew(stand: Stand) -> None:
    number, _ = stand.proposed(LOCK)
    said = stand.forge.comment(number, REPORT)
    stand.forge.delete_comment(number, said)
    anew = stand.forge.edit_comment(number, said, REPORT)
    assert anew.id != said.id
    assert [one.id for one in stand.forge.reports(number, MARK)] == [anew.id]


def test_a_report_is_found_among_more_comments_than_a_page_holds(stand: Stand) -> None:
    number, _ = stand.proposed(LOCK)
    for turn in range(101):
        stand.people.say(number, "ana", f"remark {turn}")
    said = stand.forge.comment(number, REPORT)
    assert [one.id for one in stand.forge.reports(number, MARK)] == [said.id]


def test_a_commit_has_no_status_until_one_is_set(stand: Stand) -> None:
    _, sha = stand.proposed(LOCK)
    assert stand.forge.status(sha, "lockstep/gate: main") is None
    assert stand.forge.status("0" * 40, "lockstep/gate: main") is None


def test_the_latest_status_of_a_context_counts(stand: Stand) -> None:
    _, sha = stand.proposed(LOCK)
    waiting = Status(context="lockstep/gate: main", state="pending", description="…", url=None)
    passed = Status(
        context="lockstep/gate: main",
        state="success",
        description="PASS 7/7 gates",
        url="https://example.org/report",
    )
    other = Status(context="ci", state="error", description="broken", url=None)
    for status in (waiting, other, passed, passed):
        stand.forge.set_status(sha, status)
    assert stand.forge.status(sha, "Lockstep/Gate: main") == passed
    assert stand.forge.status(sha, "ci") == other


def test_a_long_description_of_a_status_is_cut_to_what_forges_take(stand: Stand) -> None:
    _, sha = stand.proposed(LOCK)
    stand.forge.set_status(
        sha, Status(context="gate", state="failure", description="é" * 200, url=None)
    )
    status = stand.forge.status(sha, "gate")
    assert status is not None
    assert status.description == "é" * 139 + "…"


def test_a_status_of_an_unknown_commit_is_refused(stand: Stand) -> None:
    status = Status(context="gate", state="success", description="", url=None)
    with pytest.raises((NotARepository, ForbiddenChange), match="0000000"):
        stand.forge.set_status("0" * 40, status)


def test_an_approval_names_the_commit_it_was_given_to(stand: Stand) -> None:
    number, first = stand.proposed(LOCK)
    stand.people.approve(number, "ana")
    second = stand.push("promote", {"models.lock": "format: 1\n# more\n"})
    pull = stand.forge.pull_request(number)
    assert pull.head_sha == second
    assert approved(pull) == [("ana", first)]
    stand.people.approve(number, "ana")
    assert approved(stand.forge.pull_request(number)) == [("ana", second)]


def test_nobody_approves_their_own_pull_request(stand: Stand) -> None:
    stand.push("promote", LOCK)
    number = stand.people.proposal("ana", "promote")
    with pytest.raises(Exception, match=r"422|cannot approve their own"):
        stand.people.approve(number, "ana")
    assert stand.forge.pull_request(number).approvals == ()


def test_somebody_who_objects_later_no_longer_approves(stand: Stand) -> None:
    number, sha = stand.proposed(LOCK)
    for login in ("ana", "ben"):
        stand.people.approve(number, login)
    stand.people.object_to(number, "ana")
    assert approved(stand.forge.pull_request(number)) == [("ben", sha)]


UNKNOWN: dict[str, Callable[[Forge], object]] = {
    "read": lambda forge: forge.pull_request(404),
    "merge": lambda forge: forge.merge(404, sha="0" * 40, title="", message=""),
    "reports": lambda forge: forge.reports(404, MARK),
    "comment": lambda forge: forge.comment(404, "hello"),
    "edit": lambda forge: forge.edit_comment(404, Comment(id=7, body="", url=""), "hello"),
}


@pytest.mark.parametrize("call", UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_pull_request_is_refused(stand: Stand, call: Callable[[Forge], object]) -> None:
    with pytest.raises(NotARepository, match="404"):
        call(stand.forge)


def test_the_forge_says_who_it_is_and_the_remote_holds_no_secret(stand: Stand) -> None:
    assert stand.forge.slug() == "acme/models"
    assert stand.forge.default_branch() == "main"
    assert "@" not in stand.forge.remote()
    assert not any(
        value in stand.forge.remote()
        for value in stand.forge.git_environment().values()
        if len(value) > 3
    )
