"""The checker of the wire: it sees every operation, and it catches what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from bot.core.errors import NotARepository, Stop
from bot.world.forge import HeadMoved, NotMergeable, Status
from bot.world.github import GitHub
from bot.world.github_wire import Pace

from .description import ENTERPRISE, OPERATIONS, description
from .github_schema import DOCUMENTS
from .server import plumbing
from .server.faults import Meanwhile
from .server.storage import put
from .stand import BOT, as_app, github_stand
from .wire import Wire, verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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
    forge.role("ana")
    forge.role("nobody")
    forge.open_pull_requests()
    forge.survey("gate")
    forge.asked_with(sha)
    stand.people.say(number, "ana", "hello")
    for turn in range(101):
        stand.people.say(number, "ana", f"remark {turn}")
    assert forge.pushers(forge.pull_request(number)) == (BOT,)
    said = forge.comment(number, "<!-- mark --> hello")
    forge.edit_comment(number, said, "<!-- mark --> again")
    forge.react(number, said.id, "eyes")
    forge.react(number, said.id, "eyes")
    forge.delete_comment(number, said)
    forge.delete_comment(number, said)
    forge.react(number, said.id, "eyes")
    forge.edit_comment(number, said, "<!-- mark --> anew")
    forge.set_status(sha, STATUS)
    forge.set_status(stand.tip(), STATUS)
    forge.issue(marker="<!-- issue -->", title="t", body="<!-- issue -->")
    artifacts(stand)
    forge.pull_request(number)
    at(stand).trouble({0: Meanwhile(act=moved(stand, number, other))})
    with pytest.raises(HeadMoved):
        forge.merge(number, sha=sha, title="t", message="")
    assert stand.hosted
    stand.hosted.queue = []
    forge.enqueue(number, sha=other)
    stand.hosted.queue = None
    forge.merge(number, sha=other, title="t", message="")
    draft = stand.push("draft", {"models.lock": "# draft\n"})
    drafted = stand.people.proposal("ana", "draft", draft=True)
    with pytest.raises(NotMergeable):
        forge.merge(drafted, sha=draft, title="t", message="")
    refusals(stand, drafted, draft)


def artifacts(stand: Stand) -> None:
    """Fetch an artifact, one that has expired, and one that never was."""
    forge = stand.forge
    assert isinstance(forge, GitHub)
    assert stand.hosted
    kept = put(at(stand).state, stand.hosted, 7, "lockstep", b"PK")
    forge.artifacts(7, "lockstep")
    forge.artifact_zip(kept.id, most=9)
    kept.expired = True
    for absent in (kept.id, 1):
        with pytest.raises(NotARepository):
            forge.artifact_zip(absent, most=9)


def refusals(stand: Stand, number: int, sha: str) -> None:
    """Meet what GitHub refuses."""
    forge, server = stand.forge, at(stand)
    reader, nowhere = speaking(stand, "reader"), speaking(stand, "reader", "acme/absent")
    stranger = fast(server, "acme/models", "unknown")
    assert stand.hosted
    stand.hosted.pulls[number].draft = False
    stand.hosted.has_issues = False
    acts: list[Callable[[], object]] = [
        stranger.default_branch,
        as_app(stand, 2).default_branch,
        nowhere.default_branch,
        nowhere.open_pull_requests,
        lambda: nowhere.propose(title="t", body="", head="a", base="main"),
        lambda: forge.issue(marker="<!-- a -->", title="t", body="<!-- a -->"),
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


def test_every_operation_is_seen_to_succeed_and_in_each_refusal_the_bot_answers(
    github: Stand, wire: Wire
) -> None:
    assert wire.description is description()
    tour(github)
    for operation, refused in OPERATIONS.items():
        seen = wire.seen.get(operation, set())
        assert any(200 <= status < 400 for status in seen), (operation, seen)
        assert refused <= seen, (operation, seen)
    asked = {path.split(" ")[1] for _, path in wire.seen if path.startswith("/graphql ")}
    assert asked == set(DOCUMENTS)


@pytest.mark.slow
@pytest.mark.parametrize("source", ENTERPRISE, ids=lambda source: source.rsplit("/", 1)[1])
def test_an_enterprise_server_knows_every_operation_the_bot_uses_and_answers_alike(
    tmp_path: Path, server: Server, source: str
) -> None:
    with Wire(description(source)).watched() as wire:
        tour(github_stand(tmp_path, server))
    assert set(OPERATIONS) <= set(wire.seen)
    assert wire.complaints == []


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
