"""What every forge knows of people and of all requests at once, told once and tested at each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.core.errors import NotARepository
from bot.world.forge import HeadMoved, NotMergeable, QueueRequired, Status

if TYPE_CHECKING:
    from bot.world.forge import Reaction

    from .stand import Stand

LOCK = {"models.lock": "format: 1\nmodels: {}\n"}
GATE = "lockstep/gate: main"
MARK = "<!-- lockstep:guard 1234 -->"
NOTES = "one\ntwo\nthree\nfour\nfive\n"


@pytest.mark.parametrize("role", ["read", "triage", "write", "maintain", "admin"])
def test_a_role_that_was_granted_is_told(stand: Stand, role: str) -> None:
    stand.people.grant("ana", role)
    assert stand.forge.role("ana") == role


@pytest.mark.parametrize("role", ["read", "triage"])
def test_approvals_of_people_who_may_not_write_do_not_count(stand: Stand, role: str) -> None:
    number, _ = stand.proposed(LOCK)
    for login, theirs in (("ana", "write"), ("ben", "maintain"), ("mallory", role)):
        stand.people.grant(login, theirs)
        stand.people.approve(number, login)
    approvals = stand.forge.pull_request(number).approvals
    assert [review.reviewer for review in approvals] == ["ana", "ben"]


def test_an_approval_says_when_it_was_given_and_for_which_teams(stand: Stand) -> None:
    number, _ = stand.proposed(LOCK)
    stand.people.grant("ana", "write", "acme/models", "acme/risk")
    stand.people.approve(number, "ana")
    (review,) = stand.forge.pull_request(number).approvals
    assert review.teams == ("acme/models", "acme/risk")
    assert review.at is not None
    assert review.at.utcoffset() is not None


def test_an_objection_stands_over_a_push_until_its_reviewer_approves(stand: Stand) -> None:
    number, first = stand.proposed(LOCK)
    for login, role in (("ana", "write"), ("mallory", "read")):
        stand.people.grant(login, role)
        stand.people.object_to(number, login)
    stand.push("promote", {"models.lock": "format: 1\n# more\n"})
    (only,) = stand.forge.pull_request(number).objections
    assert (only.reviewer, only.sha) == ("ana", first)
    stand.people.approve(number, "ana")
    assert stand.forge.pull_request(number).objections == ()


def test_only_people_approve(stand: Stand) -> None:
    number, _ = stand.proposed(LOCK)
    stand.people.grant("renovate[bot]", "write")
    stand.people.approve(number, "renovate[bot]")
    stand.people.approve(number, "ana")
    (only,) = stand.forge.pull_request(number).approvals
    assert only.reviewer == "ana"


@pytest.mark.parametrize("reaction", ["eyes", "+1", "-1"])
def test_a_reaction_to_a_person_s_comment_is_given_once(stand: Stand, reaction: Reaction) -> None:
    number, _ = stand.proposed(LOCK)
    said = stand.people.say(number, "ana", "/lockstep status")
    for _ in range(2):
        stand.forge.react(number, said, reaction)
    assert stand.people.reactions(number, said) == [("lockstep[bot]", reaction)]


def test_reacting_to_a_comment_that_was_deleted_is_fine(stand: Stand) -> None:
    number, _ = stand.proposed(LOCK)
    said = stand.forge.comment(number, "hello")
    stand.forge.delete_comment(number, said)
    stand.forge.react(number, said.id, "eyes")
    assert stand.forge.reports(number, "hello") == ()


def test_a_reaction_stays_when_the_comment_is_edited(stand: Stand) -> None:
    number, _ = stand.proposed(LOCK)
    said = stand.forge.comment(number, "hello")
    stand.forge.react(number, said.id, "+1")
    stand.forge.edit_comment(number, said, "bye")
    assert stand.people.reactions(number, said.id) == [("lockstep[bot]", "+1")]


def test_the_open_pull_requests_of_a_head_are_found(stand: Stand) -> None:
    _, other = stand.proposed({"models.lock": "# other\n"}, branch="other")
    number, sha = stand.proposed(LOCK)
    assert [pull.number for pull in stand.forge.asked_with(sha)] == [number]
    assert stand.forge.asked_with("0" * 40) == ()
    assert stand.forge.asked_with("--all") == ()
    moved = stand.push("promote", {"models.lock": "format: 1\n# more\n"})
    assert stand.forge.asked_with(sha) == ()
    assert [pull.number for pull in stand.forge.asked_with(moved)] == [number]
    stand.people.close(number)
    assert stand.forge.asked_with(moved) == ()
    assert len(stand.forge.asked_with(other)) == 1


def test_two_pull_requests_may_have_one_head(stand: Stand) -> None:
    first, sha = stand.proposed(LOCK)
    stand.git("push", "--quiet", "origin", f"{sha}:refs/heads/again")
    second = stand.people.proposal("ana", "again")
    assert [pull.number for pull in stand.forge.asked_with(sha)] == [first, second]


def test_a_survey_shows_every_open_request_with_its_status(stand: Stand) -> None:
    first, one = stand.proposed(LOCK, branch="one")
    stand.push("two", {"notes.txt": "drafted\n"})
    second = stand.people.proposal("ana", "two", draft=True)
    closed, _ = stand.proposed({"models.lock": "# closed\n"}, branch="three")
    stand.people.close(closed)
    said = Status(context=GATE, state="failure", description="FAIL @0011223344aa", url=None)
    stand.forge.set_status(one, said)
    stand.forge.set_status(one, Status(context="ci", state="success", description="", url=None))
    found = stand.forge.survey(GATE)
    assert [(seen.number, seen.author) for seen in found] == [
        (first, "lockstep[bot]"),
        (second, "ana"),
    ]
    assert [(seen.status, seen.draft) for seen in found] == [(said, False), (None, True)]
    assert found[0].said_at is not None
    assert found[1].said_at is None
    assert {(seen.base, seen.from_fork, seen.conflicting) for seen in found} == {
        ("main", False, False)
    }


def test_a_survey_leaves_out_requests_for_other_branches(stand: Stand) -> None:
    stand.git("push", "--quiet", "origin", "main:refs/heads/trunk")
    stand.push("promote", LOCK)
    stand.forge.propose(title="Promote", body="", head="promote", base="trunk")
    assert stand.forge.survey(GATE) == ()
    assert len(stand.forge.open_pull_requests()) == 1


def test_a_survey_knows_conflicts(stand: Stand) -> None:
    stand.proposed({"notes.txt": NOTES.replace("three", "3")})
    other = stand.push("aside", {"notes.txt": NOTES.replace("three", "III")})
    stand.git("push", "--quiet", "origin", f"{other}:refs/heads/main")
    assert [seen.conflicting for seen in stand.forge.survey(GATE)] == [True]


def test_there_is_one_open_issue_about_one_thing(stand: Stand) -> None:
    body = f"{MARK}\nThe lock was moved by hand."
    opened = stand.forge.issue(marker=MARK, title="Moved by hand", body=body)
    again = stand.forge.issue(marker=MARK, title="Moved again", body=f"{MARK}\nTwice.")
    assert again == opened
    assert (opened.title, opened.body) == ("Moved by hand", body)
    other = stand.forge.issue(marker="<!-- other -->", title="Other", body="<!-- other -->\n")
    assert other.number != opened.number
    stand.people.close_issue(opened.number)
    anew = stand.forge.issue(marker=MARK, title="Moved by hand", body=body)
    assert anew.number > other.number


def test_issues_and_pull_requests_share_their_numbers(stand: Stand) -> None:
    first, _ = stand.proposed(LOCK)
    issue = stand.forge.issue(marker=MARK, title="Moved", body=MARK)
    second, _ = stand.proposed({"models.lock": "# second\n"}, branch="second")
    assert [first, issue.number, second] == [1, 2, 3]


def test_where_there_is_no_queue_nothing_is_queued(stand: Stand) -> None:
    number, sha = stand.proposed(LOCK)
    with pytest.raises(NotMergeable, match=r"[Mm]erge queue") as caught:
        stand.forge.enqueue(number, sha=sha)
    assert not isinstance(caught.value, QueueRequired)
    with pytest.raises(HeadMoved):
        stand.forge.enqueue(number, sha="0" * 40)
    with pytest.raises(NotARepository, match="404"):
        stand.forge.enqueue(404, sha=sha)
