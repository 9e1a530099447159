"""The checker of the wire: it sees every operation, and it catches what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from bot.core.errors import Stop
from bot.world.forge import Comment, HeadMoved, NotMergeable, Status
from bot.world.github import GitHub
from bot.world.github_wire import Pace

from .description import OPERATIONS, description
from .server import plumbing
from .server.faults import Meanwhile
from .stand import as_app
from .wire import Wire, verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from .server.web import Server
    from .stand import Stand

LOCK = {"models.lock": "format: 1\nmodels: {}\n"}
STATUS = Status(context="gate", state="success", description="PASS", url=None)
_R = "/repos/{owner}/{repo}"


READ = frozenset(
    {
        *("id", "login", "type", "number", "title", "user", "state", "merged_at", "head", "base"),
        *("html_url", "created_at", "merge_commit_sha", "full_name", "owner", "default_branch"),
        *("commit_id", "url"),
    }
)


def at(stand: Stand) -> Server:
    assert stand.server
    return stand.server


def speaking(stand: Stand, login: str, repository: str = "acme/models") -> GitHub:
    server = at(stand)
    known = server.state.accounts.get(login) or server.state.join(login)
    return fast(server, repository, known.token)


def fast(server: Server, repository: str, token: str) -> GitHub:
    pace = Pace(between_requests_s=None, between_writes_s=None)
    return GitHub(repository, token, api_url=server.api_url, pace=pace)


def moved(stand: Stand, number: int, sha: str) -> Callable[[], object]:
    """Move the head of a pull request as a push between two requests would."""
    assert stand.hosted
    path, head = stand.hosted.path, stand.hosted.pulls[number].head
    return lambda: plumbing.say(path, "update-ref", f"refs/heads/{head}", sha)


def tour(stand: Stand) -> None:
    """Use everything once as it should be, and once against each refusal."""
    forge = stand.forge
    other = stand.push("other", {"models.lock": "# other\n"})
    number, sha = stand.proposed(LOCK)
    forge.default_branch()
    stand.people.approve(number, "ana")
    stand.people.approve(number, "gone")
    del at(stand).state.accounts["gone"]
    forge.open_pull_requests()
    said = forge.comment(number, "<!-- mark --> hello")
    forge.edit_comment(number, said, "<!-- mark --> again")
    forge.delete_comment(number, said)
    forge.delete_comment(number, said)
    forge.edit_comment(number, said, "<!-- mark --> anew")
    forge.set_status(sha, STATUS)
    at(stand).trouble({1: Meanwhile(act=moved(stand, number, other))})
    with pytest.raises(HeadMoved):
        forge.merge(number, sha=sha, title="t", message="")
    forge.merge(number, sha=other, title="t", message="")
    draft = stand.push("draft", {"models.lock": "# draft\n"})
    drafted = stand.people.proposal("ana", "draft", draft=True)
    with pytest.raises(NotMergeable):
        forge.merge(drafted, sha=draft, title="t", message="")
    refusals(stand, drafted, draft)


def refusals(stand: Stand, number: int, sha: str) -> None:
    """Meet what GitHub refuses."""
    forge, server = stand.forge, at(stand)
    reader, nowhere = speaking(stand, "reader"), speaking(stand, "reader", "acme/absent")
    ana = speaking(stand, "ana")
    stranger = fast(server, "acme/models", "unknown")
    bot = fast(server, "acme/models", server.state.accounts["lockstep[bot]"].token)
    assert stand.hosted
    stand.hosted.pulls[number].draft = False
    acts: list[Callable[[], object]] = [
        lambda: bot.reports(number, "<!--"),
        stranger.default_branch,
        as_app(stand, 2).default_branch,
        nowhere.default_branch,
        nowhere.open_pull_requests,
        lambda: forge.propose(title="t", body="", head="absent", base="main"),
        lambda: forge.pull_request(404),
        lambda: reader.merge(number, sha=sha, title="t", message=""),
        lambda: forge.reports(404, "<!--"),
        lambda: forge.comment(number, "x" * 70_000),
        lambda: reader.set_status(sha, STATUS),
        lambda: forge.set_status("0" * 40, STATUS),
    ]
    for act in acts:
        with pytest.raises(Stop):
            act()
    as_app(stand, 1).default_branch()
    ana.reports(number, "<!--")
    ana.edit_comment(number, Comment(id=1, body="", url=""), "anew")


def test_every_operation_is_seen_to_succeed_and_in_each_refusal_the_bot_answers(
    github: Stand, wire: Wire
) -> None:
    assert wire.description is description()
    tour(github)
    for operation, refused in OPERATIONS.items():
        seen = wire.seen.get(operation, set())
        assert any(200 <= status < 300 for status in seen), (operation, seen)
        assert refused <= seen, (operation, seen)


def test_an_operation_the_bot_does_not_name_is_caught(server: Server) -> None:
    with Wire(description()).watched() as wire:
        requests.get(f"{server.api_url}/repos/acme/models/labels", timeout=5)
    assert wire.complaints == [
        "GET /repos/acme/models/labels: GitHub has no such operation among ours"
    ]


def test_a_field_or_a_question_github_does_not_know_is_caught(server: Server) -> None:
    with Wire(description()).watched() as wire:
        requests.get(f"{server.api_url}/repos/acme/models/pulls?sorted=yes", timeout=5)
        merge = f"{server.api_url}/repos/acme/models/pulls/1/merge"
        requests.put(merge, json={"commit": "t"}, timeout=5)
        requests.put(merge, json={"merge_method": "fast"}, timeout=5)
    assert len(wire.complaints) == 3
    assert "unknown in the query: ['sorted']" in wire.complaints[0]
    assert "unknown in the body: ['commit']" in wire.complaints[1]
    assert '"fast" is not one of' in wire.complaints[2]


def answered(stand: Stand, address: str, path: str) -> tuple[dict[str, Any], Any]:
    """Ask our server; return the operation and the good answer."""
    server = at(stand)
    token = server.state.accounts["acme"].token
    headers = {"Authorization": f"Bearer {token}"}
    response = requests.get(f"{server.api_url}{path}", headers=headers, timeout=5)
    return description().operations[f"GET {address}"], response.json()


@pytest.mark.parametrize(
    ("address", "path"),
    [
        (_R, "/repos/acme/models"),
        ("/user", "/user"),
        (f"{_R}/pulls/{{pull_number}}", "/repos/acme/models/pulls/1"),
        (f"{_R}/pulls", "/repos/acme/models/pulls"),
        (f"{_R}/issues/{{issue_number}}/comments", "/repos/acme/models/issues/1/comments"),
        (f"{_R}/pulls/{{pull_number}}/reviews", "/repos/acme/models/pulls/1/reviews"),
    ],
)
def test_an_answer_without_one_of_its_fields_is_caught(
    github: Stand, address: str, path: str
) -> None:
    number, _ = github.proposed(LOCK)
    github.forge.comment(number, "hello")
    github.people.approve(number, "ana")
    operation, answer = answered(github, address, path)
    assert verdict(description(), operation, 200, answer) == []
    one = answer[0] if isinstance(answer, list) else answer
    needed = [name for name in one if name in READ]
    assert len(needed) >= 3
    for name in needed:
        kept = one.pop(name)
        assert verdict(description(), operation, 200, answer) != [], name
        one[name] = {"wrong": kept}
        assert verdict(description(), operation, 200, answer) != [], name
        one[name] = kept
