"""What the bot shows to GitHub and takes from it: no token where it shows, no guess at rights."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from bot.core.errors import Denied, ForbiddenChange, NotARepository
from bot.world.forge import Status
from bot.world.github import GitHub
from bot.world.github_read import redacted
from bot.world.github_wire import server_of

from .asking import at, guest, sent
from .stand import BOT, as_app, run_git

if TYPE_CHECKING:
    from .stand import Stand

LOCK = {"models.lock": "format: 1\nmodels: {}\n"}
STATUS = Status(context="gate", state="success", description="PASS", url=None)


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
