"""What the bot sends to GitHub: these requests, no other, and never the token where it shows."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.core.errors import Denied, ForbiddenChange, NotARepository
from bot.world.forge import Status
from bot.world.github import GitHub
from bot.world.github_patience import Patience
from bot.world.github_read import redacted
from bot.world.github_wire import Pace, server_of

from .stand import BOT, as_app, run_git

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.world.forge import Comment

    from .server.state import Hosted
    from .server.web import Server
    from .stand import Stand

LOCK = {"models.lock": "format: 1\nmodels: {}\n"}
STATUS = Status(context="gate", state="success", description="PASS", url=None)
REPO = "/repos/acme/models"
LOOK = "POST /graphql Look"


def at(stand: Stand) -> tuple[Server, Hosted]:
    assert stand.server
    assert stand.hosted
    return stand.server, stand.hosted


def sent(stand: Stand, act: Callable[[], object]) -> list[str]:
    server, _ = at(stand)
    server.log.clear()
    act()
    return [f"{method} {path.replace(REPO, '')}" for method, path in server.log]


def guest(stand: Stand, login: str = BOT, token: str | None = None, **more: str) -> GitHub:
    server, _ = at(stand)
    return GitHub(
        more.get("repository", "acme/models"),
        token or server.state.accounts[login].token,
        api_url=more.get("api_url", server.api_url),
        patience=Patience(sleep=stand.waits.append),
        pace=Pace(between_requests_s=None, between_writes_s=None),
    )


def test_opening_a_forge_sends_nothing(github: Stand) -> None:
    assert sent(github, lambda: guest(github)) == []
    assert guest(github).calls == 0


def test_reading_a_pull_request_costs_one_request_approvals_and_own_words_included(
    github: Stand,
) -> None:
    number, sha = github.proposed(LOCK)
    for login in ("ana", "ben"):
        github.people.approve(number, login)
    guest(github).comment(number, "<!-- mark --> hello")
    guest(github).set_status(sha, STATUS)
    forge = guest(github)

    def act() -> None:
        assert len(forge.pull_request(number).approvals) == 2
        assert [one.body for one in forge.reports(number, "<!-- mark")] == ["<!-- mark --> hello"]
        assert forge.status(sha, "GATE") == STATUS
        assert forge.status(sha, "other") is None

    assert sent(github, act) == [LOOK]
    assert sent(github, act) == [LOOK]


def test_what_is_there_already_is_not_written_again(github: Stand) -> None:
    number, sha = github.proposed(LOCK)
    forge = guest(github)
    forge.comment(number, "hello")
    forge.set_status(sha, STATUS)

    def act() -> None:
        forge.pull_request(number)
        forge.comment(number, "hello")
        forge.set_status(sha, STATUS)

    assert sent(github, act) == [LOOK]


def test_after_a_look_each_write_costs_one_request(github: Stand) -> None:
    number, sha = github.proposed(LOCK)
    forge = github.forge
    forge.pull_request(number)
    said: list[Comment] = []
    assert sent(github, lambda: said.append(forge.comment(number, "hello"))) == [
        "POST /graphql AddComment"
    ]
    assert sent(github, lambda: forge.edit_comment(number, said[0], "new")) == [
        f"PATCH /issues/comments/{said[0].id}"
    ]
    assert sent(github, lambda: forge.set_status(sha, STATUS)) == [f"POST /statuses/{sha}"]
    assert sent(github, lambda: forge.reports(number, "new")) == []
    assert sent(github, lambda: forge.delete_comment(number, said[0])) == [
        f"DELETE /issues/comments/{said[0].id}"
    ]
    assert sent(github, lambda: forge.reports(number, "new")) == []
    merge = sent(github, lambda: forge.merge(number, sha=sha, title="t", message=""))
    assert merge == [f"PUT /pulls/{number}/merge"]


def test_without_a_look_a_write_looks_first(github: Stand) -> None:
    number, sha = github.proposed(LOCK)
    assert sent(github, lambda: guest(github).comment(number, "hello")) == [
        LOOK,
        "POST /graphql AddComment",
    ]
    assert sent(github, lambda: guest(github).set_status(sha, STATUS)) == [
        f"GET /commits/{sha}/statuses?per_page=100",
        f"POST /statuses/{sha}",
    ]
    forge = guest(github)
    merge = sent(github, lambda: forge.merge(number, sha=sha, title="t", message=""))
    assert merge == [LOOK, f"PUT /pulls/{number}/merge"]
    assert forge.calls == 2


def test_finding_the_pull_request_of_a_head_costs_one_request_its_look_included(
    github: Stand,
) -> None:
    number, sha = github.proposed(LOCK)
    forge = guest(github)

    def act() -> None:
        (found,) = forge.asked_with(sha)
        assert forge.pull_request(number) == found
        assert forge.reports(number, "<!--") == ()
        assert forge.status(sha, "gate") is None

    assert sent(github, act) == ["POST /graphql AskedWith"]
    assert sent(github, lambda: forge.pull_request(number)) == [LOOK]


@pytest.mark.parametrize(("ask", "name"), [("open_pull_requests", "List"), ("survey", "Survey")])
def test_a_list_costs_one_request_for_fifty_pull_requests(
    github: Stand, ask: str, name: str
) -> None:
    forge = guest(github)
    acts: dict[str, Callable[[], tuple[object, ...]]] = {
        "open_pull_requests": forge.open_pull_requests,
        "survey": lambda: forge.survey("gate"),
    }
    for turn in range(2):
        github.proposed({"models.lock": f"# {turn}\n"}, branch=f"b{turn}")
    assert sent(github, acts[ask]) == [f"POST /graphql {name}"]
    _, hosted = at(github)
    for number in range(3, 52):
        hosted.pulls[number] = replace(hosted.pulls[2], number=number)
    assert sent(github, acts[ask]) == [f"POST /graphql {name}"] * 2
    assert len(acts[ask]()) == 51


def test_small_questions_cost_one_request_each(github: Stand) -> None:
    number, _ = github.proposed(LOCK)
    said = github.people.say(number, "ana", "/lockstep status")
    forge = guest(github)
    assert sent(github, lambda: forge.role("ana")) == ["GET /collaborators/ana/permission"]
    assert sent(github, lambda: forge.react(number, said, "eyes")) == [
        f"POST /issues/comments/{said}/reactions"
    ]
    issue = {"marker": "<!-- a -->", "title": "t", "body": "<!-- a -->"}
    assert sent(github, lambda: forge.issue(**issue)) == ["POST /graphql Issues", "POST /issues"]
    assert sent(github, lambda: forge.issue(**issue)) == ["POST /graphql Issues"]


def test_own_words_are_known_by_the_token_whoever_it_belongs_to(github: Stand) -> None:
    number, _ = github.proposed(LOCK)
    github.people.say(number, "ana", "<!-- mark -->")
    assert len(guest(github, "ana").reports(number, "<!-- mark")) == 1
    assert guest(github).reports(number, "<!-- mark") == ()


def test_an_installation_of_an_app_mints_one_token_for_the_api_and_for_git(github: Stand) -> None:
    server, _ = at(github)
    forge = as_app(github, 1)
    requests = sent(github, lambda: (forge.default_branch(), forge.git_environment()))
    assert requests == ["POST /app/installations/1/access_tokens", "GET "]
    assert server.state.accounts[BOT].token not in forge.remote()
    listed = run_git(github.clone, "ls-remote", "origin", "main", env=forge.git_environment())
    assert listed.split("\t")[0] == github.tip()


def test_an_installation_that_was_removed_is_refused(github: Stand) -> None:
    with pytest.raises(NotARepository, match=r"Integration not found \(404\)"):
        as_app(github, 2).git_environment()


def test_an_approver_whose_account_is_gone_does_not_count(github: Stand) -> None:
    number, _ = github.proposed(LOCK)
    for login in ("ana", "gone"):
        github.people.approve(number, login)
    del at(github)[0].state.accounts["gone"]
    assert [r.reviewer for r in github.forge.pull_request(number).approvals] == ["ana"]


def test_a_comment_of_a_deleted_account_is_nobody_s(github: Stand) -> None:
    number, _ = github.proposed(LOCK)
    github.people.say(number, "ana", "<!-- mark -->")
    _, hosted = at(github)
    for said in hosted.comments.values():
        said.author = None
    assert github.forge.reports(number, "<!-- mark") == ()


def test_a_pull_request_of_a_fork_says_so_also_when_the_fork_is_gone(github: Stand) -> None:
    server, hosted = at(github)
    fork = server.host(server.state.join("ana"), "models", parent=hosted)
    sha = github.push("promote", LOCK)
    run_git(github.clone, "push", "--quiet", str(fork.path), f"{sha}:refs/heads/promote")
    number = github.people.proposal("ana", "ana:promote")
    pull = github.forge.pull_request(number)
    assert (pull.from_fork, pull.head, pull.head_sha) == (True, "promote", sha)
    hosted.pulls[number].source = None
    assert github.forge.pull_request(number).from_fork


def test_a_bad_token_is_refused_and_not_shown(github: Stand) -> None:
    secret = "ghp_" + "s3cret" * 6
    with pytest.raises(Denied, match=r"Bad credentials \(401\); give a token") as caught:
        guest(github, token=secret).default_branch()
    assert secret not in str(caught.value)
    assert github.waits == []


def test_a_token_that_may_only_read_is_told_what_it_lacks(github: Stand) -> None:
    number, sha = github.proposed(LOCK)
    server, hosted = at(github)
    hosted.roles["reader"] = "read"
    server.state.join("reader")
    forge = guest(github, "reader")
    with pytest.raises(Denied, match=r"\(403\); give the token the permissions"):
        forge.merge(number, sha=sha, title="t", message="")
    with pytest.raises(Denied, match=r"\(403\)"):
        forge.set_status(sha, STATUS)
    assert github.waits == []


def test_a_private_repository_one_may_not_see_does_not_exist(github: Stand) -> None:
    server, hosted = at(github)
    hosted.private = True
    server.state.join("stranger")
    with pytest.raises(NotARepository, match="check the name, and that the token may see"):
        guest(github, "stranger").default_branch()


def test_a_required_status_keeps_a_merge_out(github: Stand) -> None:
    number, sha = github.proposed(LOCK)
    _, hosted = at(github)
    hosted.required = ("gate",)
    with pytest.raises(Exception, match='Required status check "gate" is expected'):
        github.forge.merge(number, sha=sha, title="t", message="")
    github.forge.set_status(sha, STATUS)
    assert github.forge.merge(number, sha=sha, title="t", message="") == github.tip()


def test_a_report_longer_than_github_takes_is_refused_with_its_words(github: Stand) -> None:
    number, _ = github.proposed(LOCK)
    with pytest.raises(ForbiddenChange, match="Body is too long"):
        github.forge.comment(number, "x" * 65_537)


def test_git_sends_the_token_to_this_server_only_and_not_in_an_address(github: Stand) -> None:
    server, _ = at(github)
    forge = guest(github)
    place = f"http://127.0.0.1:{server.server_port}"
    assert forge.remote() == f"{place}/acme/models.git"
    environment = forge.git_environment()
    assert environment["GIT_CONFIG_KEY_0"] == f"http.{place}/.extraHeader"
    pair = environment["GIT_CONFIG_VALUE_0"].removeprefix("Authorization: Basic ")
    token = server.state.accounts[BOT].token
    assert base64.b64decode(pair).decode() == f"x-access-token:{token}"


def test_git_without_the_token_is_turned_away(github: Stand) -> None:
    with pytest.raises(AssertionError, match="could not read Username"):
        run_git(github.clone, "ls-remote", "origin")


@pytest.mark.parametrize(
    ("api", "server"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://api.acme.ghe.com", "https://acme.ghe.com"),
        ("https://git.acme.example/api/v3", "https://git.acme.example"),
        ("https://git.acme.example:8443/api/v3", "https://git.acme.example:8443"),
    ],
)
def test_the_git_server_follows_from_the_address_of_the_api(api: str, server: str) -> None:
    assert server_of(api) == server
    assert GitHub("acme/models", "t", api_url=api).remote() == f"{server}/acme/models.git"


@pytest.mark.parametrize("name", ["models", "acme/", "acme/models/x", "acme/..", "-x/y", "a b/c"])
def test_a_name_that_is_not_owner_and_name_is_refused(name: str) -> None:
    with pytest.raises(NotARepository, match="write it as owner/name"):
        GitHub(name, "token")


@pytest.mark.parametrize("address", ["http://git.acme.example/api/v3", "ftp://x", "git", ""])
def test_a_token_is_never_sent_in_the_clear(address: str) -> None:
    with pytest.raises(NotARepository, match="never sent in the clear"):
        GitHub("acme/models", "token", api_url=address)
    with pytest.raises(NotARepository, match="never sent in the clear"):
        GitHub("acme/models", "token", server_url=address or "http:")


def test_tokens_are_taken_out_of_what_is_shown() -> None:
    words = "https://x-access-token:abc123@h/ ghs_0123456789abcdef github_pat_11AA my-secret"
    assert redacted(words, "my-secret") == "https://x-access-token:***@h/ *** *** ***"
