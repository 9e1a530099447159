"""What GraphQL may answer besides data, and what the bot makes of each answer."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from github.Auth import Token

from bot.core.errors import Denied, ForbiddenChange, NotARepository, Stop
from bot.world.forge import Status
from bot.world.github import GitHub
from bot.world.github_patience import Patience
from bot.world.github_wire import Pace

from .server.answers import Answer, declined
from .server.faults import Instead, Meanwhile, cut_short
from .server.state import Said
from .stand import BOT, run_git

if TYPE_CHECKING:
    from collections.abc import Callable

    from .server.state import Hosted
    from .server.web import Server
    from .stand import Stand

LOCK = {"models.lock": "format: 1\nmodels: {}\n"}
MARK = "<!-- lockstep:report"
AT = "2026-11-23T09:00:00Z"


def at(stand: Stand) -> tuple[Server, Hosted]:
    assert stand.server
    assert stand.hosted
    return stand.server, stand.hosted


def wrong(kind: str | None, message: str, **more: Any) -> Answer:
    """Answer 200 with an error, as GraphQL does."""
    error = {"message": message, "path": ["repository"]} | more | ({"type": kind} if kind else {})
    return Answer(status=200, body={"data": {"repository": None}, "errors": [error]})


def answers(stand: Stand, *given: Answer) -> None:
    server, _ = at(stand)
    server.log.clear()
    server.trouble({n: Instead(answer=one, when="before") for n, one in enumerate(given)})


LOST = "Could not resolve to a Repository with the name 'acme/models'."
BUSY = "Something went wrong while executing your query. This may be the result of a timeout."
REFUSED: dict[str, tuple[Answer, type[Stop], str]] = {
    "not found": (wrong("NOT_FOUND", LOST), NotARepository, r"Could not resolve.*\(404\)"),
    "forbidden": (
        wrong("FORBIDDEN", "Resource not accessible by integration"),
        Denied,
        r"not accessible by integration \(403\); give the token the permissions",
    ),
    "scopes": (
        wrong("INSUFFICIENT_SCOPES", "Your token has not been granted the required scopes"),
        Denied,
        "has not been granted",
    ),
    "a field it does not know": (
        wrong(None, "Field 'x' doesn't exist on type 'Query'", extensions={"code": "undefined"}),
        ForbiddenChange,
        r"Field 'x' doesn't exist.*\(422\)",
    ),
    "no data and no error": (
        Answer(status=200, body={"data": {"repository": {"pullRequest": None}}}),
        NotARepository,
        "no such pull request",
    ),
    "bad token": (declined(401, "Bad credentials"), Denied, "Bad credentials"),
}


@pytest.mark.parametrize(("given", "kind", "words"), REFUSED.values(), ids=REFUSED)
def test_a_decision_of_graphql_is_told_as_one_of_the_rest_api(
    github: Stand, given: Answer, kind: type[Stop], words: str
) -> None:
    answers(github, given)
    with pytest.raises(kind, match=f"reading pull request 1: .*{words}"):
        github.forge.pull_request(1)
    assert github.waits == []


PASSING: dict[str, Answer] = {
    "a timeout": wrong(None, BUSY),
    "an internal error": wrong("INTERNAL", "oops"),
    "502 with a page": Answer(
        status=502, body="<html>Unicorn!</html>", headers={"Content-Type": "text/html"}
    ),
    "half an answer": Answer(status=200, body={"data": {"repository": {"pullRequest": {}}}}),
    "a list": Answer(status=200, body=[1, 2]),
    "a number": Answer(status=200, body=7),
    "a word": Answer(status=200, body="sign in"),
    "nothing": Answer(status=200, body={}),
    "no data": Answer(status=200, body={"data": None}),
}


@pytest.mark.parametrize("given", PASSING.values(), ids=PASSING)
def test_what_is_no_decision_is_asked_again(github: Stand, given: Answer) -> None:
    number, _ = github.proposed(LOCK)
    answers(github, given, given)
    assert github.forge.pull_request(number).number == number
    assert github.waits == [1.0, 2.0]


def test_a_spent_budget_of_graphql_is_waited_for_until_its_reset(github: Stand) -> None:
    number, _ = github.proposed(LOCK)
    spent = wrong("RATE_LIMITED", "API rate limit exceeded for installation ID 1.")
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 40)}
    answers(github, replace(spent, headers=headers))
    assert github.forge.pull_request(number).number == number
    assert len(github.waits) == 1
    assert 35 <= github.waits[0] <= 42


def test_teams_that_the_token_may_not_see_are_left_out_and_not_asked_for_again(
    github: Stand,
) -> None:
    number, _ = github.proposed(LOCK)
    server, hosted = at(github)
    github.people.grant("ana", "write", "acme/risk")
    github.people.approve(number, "ana")
    hosted.teams_withheld = True
    server.log.clear()
    for _ in range(2):
        (review,) = github.forge.pull_request(number).approvals
        assert (review.reviewer, review.teams) == ("ana", ())
    assert [path for _, path in server.log] == ["/graphql Look"] * 3


def test_a_repository_that_was_renamed_is_not_followed(github: Stand) -> None:
    number, _ = github.proposed(LOCK)
    server, hosted = at(github)
    server.state.renamed["acme/models"] = "acme/renamed"
    del server.state.repositories["acme/models"]
    server.state.repositories["acme/renamed"] = hosted
    with pytest.raises(NotARepository, match="name 'acme/models'"):
        github.forge.pull_request(number)


def test_a_bot_is_named_as_the_rest_api_and_the_webhooks_name_it(github: Stand) -> None:
    number, _ = github.proposed(LOCK)
    assert github.forge.pull_request(number).author == BOT
    assert github.forge.survey("gate")[0].author == BOT


def test_the_number_of_a_comment_may_be_larger_than_32_bits(github: Stand) -> None:
    number, _ = github.proposed(LOCK)
    said = github.forge.comment(number, "hello")
    assert said.id > 2**31
    assert github.forge.edit_comment(number, said, "bye").id == said.id


def test_a_comment_said_by_another_run_in_the_same_moment_is_said_once(github: Stand) -> None:
    server, hosted = at(github)
    number, _ = github.proposed(LOCK)
    bot = server.state.accounts[BOT]
    body = f"{MARK} -->\nPassed."

    def meanwhile() -> None:
        told = Said(id=9, number=number, author=bot, body=body, created=AT, updated=AT)
        hosted.comments[9] = told

    github.forge.pull_request(number)
    server.trouble({0: Meanwhile(act=meanwhile)})
    assert github.forge.comment(number, body).id == 9
    assert [one.id for one in hosted.comments.values()] == [9]


def test_what_another_run_reported_in_the_same_moment_is_known_without_asking(
    github: Stand,
) -> None:
    server, hosted = at(github)
    number, _ = github.proposed(LOCK)
    bot = server.state.accounts[BOT]

    def meanwhile() -> None:
        other = f"{MARK} -->\nFailed."
        hosted.comments[9] = Said(
            id=9, number=number, author=bot, body=other, created=AT, updated=AT
        )

    github.forge.pull_request(number)
    server.trouble({0: Meanwhile(act=meanwhile)})
    said = github.forge.comment(number, f"{MARK} -->\nPassed.")
    server.log.clear()
    assert [one.id for one in github.forge.reports(number, MARK)] == [9, said.id]
    assert server.log == []


def test_the_pull_request_of_a_fork_s_head_is_found_too(github: Stand) -> None:
    server, hosted = at(github)
    fork = server.host(server.state.join("ana"), "models", parent=hosted)
    sha = github.push("promote", LOCK)
    run_git(github.clone, "push", "--quiet", str(fork.path), f"{sha}:refs/heads/promote")
    github.git("push", "--quiet", "origin", "--delete", "promote")
    number = github.people.proposal("ana", "ana:promote")
    server.log.clear()
    (pull,) = github.forge.asked_with(sha)
    assert (pull.number, pull.from_fork) == (number, True)
    assert [path for _, path in server.log] == ["/graphql AskedWith", "/graphql Look"]


@pytest.mark.parametrize("role", ["Release Captain", "owner", ""])
def test_a_role_that_an_organisation_made_up_is_none(github: Stand, role: str) -> None:
    _, hosted = at(github)
    hosted.custom[role] = "write"
    github.people.grant("ana", role)
    assert github.forge.role("ana") == "none"


@pytest.mark.parametrize("login", ["nobody", "../../user", "a/b", "", "-x", "a" * 200, "a b"])
def test_whoever_is_unknown_or_cannot_be_a_login_has_no_role(github: Stand, login: str) -> None:
    assert github.forge.role(login) == "none"


def test_whether_a_request_conflicts_may_not_be_known_yet(github: Stand) -> None:
    number, _ = github.proposed(LOCK)
    _, hosted = at(github)
    hosted.undecided.add(number)
    assert [seen.conflicting for seen in github.forge.survey("gate")] == [None]
    assert [seen.conflicting for seen in github.forge.survey("gate")] == [False]


class Renewed(Token):
    """A token that ends after some requests and can be had anew."""

    def __init__(self, server: Server, fresh: str) -> None:
        super().__init__("ghs_ended")
        self.minted = 0
        self._server, self._fresh = server, fresh

    def renew(self) -> None:
        self.minted += 1
        self._token = self._fresh


ACTS: dict[str, Callable[[GitHub, int, str], object]] = {
    "read": lambda forge, number, _: forge.pull_request(number),
    "comment": lambda forge, number, _: forge.comment(number, "hello"),
    "role": lambda forge, *_: forge.role("ana"),
    "status": lambda forge, _, sha: forge.set_status(
        sha, Status(context="gate", state="success", description="", url=None)
    ),
    "merge": lambda forge, number, sha: forge.merge(number, sha=sha, title="t", message=""),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_a_token_that_ended_is_renewed_once(
    github: Stand, act: Callable[[GitHub, int, str], object]
) -> None:
    server, _ = at(github)
    number, sha = github.proposed(LOCK)
    auth = Renewed(server, server.state.accounts[BOT].token)
    forge = GitHub("acme/models", auth, api_url=server.api_url, patience=patience(), pace=PACE)
    act(forge, number, sha)
    assert auth.minted == 1


def test_a_token_that_is_refused_after_it_was_renewed_is_refused(github: Stand) -> None:
    server, _ = at(github)
    auth = Renewed(server, "ghs_ended_too")
    forge = GitHub("acme/models", auth, api_url=server.api_url, patience=patience(), pace=PACE)
    with pytest.raises(Denied, match="Bad credentials"):
        forge.pull_request(1)
    assert auth.minted == 1


@pytest.mark.parametrize("ask", ["graphql", "rest"])
def test_json_that_breaks_off_is_asked_for_again(github: Stand, ask: str) -> None:
    number, _ = github.proposed(LOCK)
    at(github)[0].trouble({0: cut_short("before")})
    if ask == "graphql":
        assert github.forge.pull_request(number).number == number
    else:
        assert github.forge.default_branch() == "main"
    assert github.waits == [1.0]


PACE = Pace(between_requests_s=None, between_writes_s=None)


def patience() -> Patience:
    return Patience(sleep=lambda _: None)
