"""Facts about GitHub that no schema can say; each once cost somebody a failing run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from .probe import send
from .stand import BOT

if TYPE_CHECKING:
    from requests import Response

    from .server.web import Server
    from .stand import Stand

REPO = "/repos/acme/models"
LOCK = {"models.lock": "format: 1\nmodels: {}\n"}


def at(stand: Stand) -> Server:
    assert stand.server
    return stand.server


def asked(stand: Stand, method: str, path: str, body: dict[str, Any] | None = None) -> Response:
    server = at(stand)
    return send(server.api_url, server.state.accounts[BOT].token, method, f"{REPO}{path}", body)


def test_a_reference_is_asked_for_in_the_singular_and_lives_in_the_plural(github: Stand) -> None:
    answer = asked(github, "GET", "/git/ref/heads/main").json()
    assert answer["url"] == f"{at(github).api_url}{REPO}/git/refs/heads/main"
    assert answer["object"]["sha"] == github.tip()


def test_a_new_review_is_answered_with_200(github: Stand) -> None:
    github.push("promote", LOCK)
    number = github.people.proposal("ana", "promote")
    answer = asked(github, "POST", f"/pulls/{number}/reviews", {"event": "APPROVE"})
    assert answer.status_code == 200


def test_another_head_is_409_and_everything_else_in_the_way_of_a_merge_is_405(
    github: Stand,
) -> None:
    number, sha = github.proposed(LOCK)
    merge = f"/pulls/{number}/merge"
    assert asked(github, "PUT", merge, {"sha": "0" * 40}).status_code == 409
    assert asked(github, "PUT", merge, {"sha": sha, "merge_method": "squash"}).status_code == 200
    again = asked(github, "PUT", merge, {"sha": sha})
    assert (again.status_code, again.json()["message"]) == (405, "Pull Request is not mergeable")


def test_addresses_follow_the_host_one_asks(github: Stand) -> None:
    server = at(github)
    headers = {"Authorization": f"token {server.state.accounts[BOT].token}"}
    address = f"http://localhost:{server.server_port}/api/v3{REPO}"
    answer = requests.get(address, headers=headers, timeout=5).json()
    assert answer["url"] == address


def test_a_list_is_paged_and_links_to_its_neighbours(github: Stand) -> None:
    number, _ = github.proposed(LOCK)
    for turn in range(5):
        github.people.say(number, "ana", f"remark {turn}")
    path = f"/issues/{number}/comments"
    second = asked(github, "GET", f"{path}?per_page=2&page=2")
    assert [one["body"] for one in second.json()] == ["remark 2", "remark 3"]
    url = f"{at(github).api_url}{REPO}{path}"
    pages = {rel: link["url"] for rel, link in second.links.items()}
    assert pages == {
        "prev": f"{url}?page=1&per_page=2",
        "next": f"{url}?page=3&per_page=2",
        "last": f"{url}?page=3&per_page=2",
        "first": f"{url}?page=1&per_page=2",
    }
    assert asked(github, "GET", f"{path}?per_page=2&page=3").links.keys() == {"prev", "first"}


def test_an_unchanged_answer_is_304(github: Stand) -> None:
    server = at(github)
    headers = {"Authorization": f"token {server.state.accounts[BOT].token}"}
    url = f"{server.api_url}{REPO}/git/ref/heads/main"
    etag = requests.get(url, headers=headers, timeout=5).headers["ETag"]
    headers["If-None-Match"] = etag
    assert requests.get(url, headers=headers, timeout=5).status_code == 304
    github.git("push", "--quiet", "origin", f"{github.push('next', LOCK)}:refs/heads/main")
    assert requests.get(url, headers=headers, timeout=5).status_code == 200


def test_the_latest_status_is_listed_first(github: Stand) -> None:
    _, sha = github.proposed(LOCK)
    for state in ("pending", "success"):
        asked(github, "POST", f"/statuses/{sha}", {"state": state, "context": "gate"})
    listed = asked(github, "GET", f"/commits/{sha}/statuses").json()
    assert [one["state"] for one in listed] == ["success", "pending"]


def test_a_status_whose_description_is_too_long_is_422(github: Stand) -> None:
    _, sha = github.proposed(LOCK)
    long = {"state": "success", "context": "gate", "description": "x" * 141}
    assert asked(github, "POST", f"/statuses/{sha}", long).status_code == 422


@pytest.mark.parametrize("kind", ["token", "Bearer"])
def test_a_token_is_taken_in_both_spellings(github: Stand, kind: str) -> None:
    server = at(github)
    headers = {"Authorization": f"{kind} {server.state.accounts[BOT].token}"}
    answer = requests.get(f"{server.api_url}/rate_limit", headers=headers, timeout=5)
    assert answer.json()["rate"]["limit"] == 5000
