"""Payloads come from outside: every one is read without an exception, and the rest is ignored."""

from __future__ import annotations

import copy
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.event import (
    CommentCreated,
    Event,
    Ignored,
    PullRequestChanged,
    Pushed,
    QueueAsked,
    RunCompleted,
)
from bot.core.event_payload import event_of, queued, repository_of

EVENTS = get_args(Event)
SHA, OLD = "a" * 40, "b" * 40
OURS = {"id": 7, "full_name": "acme/models"}


def pull_request(**changes: Any) -> dict[str, Any]:
    pull = {
        "number": 7,
        "state": "open",
        "head": {"sha": SHA, "repo": OURS},
        "base": {"ref": "main", "repo": OURS},
    }
    return {"action": "synchronize", "pull_request": pull, "repository": OURS} | changes


def comment(**changes: Any) -> dict[str, Any]:
    said = {
        "id": 31,
        "body": "/lockstep status",
        "user": {"login": "ana", "type": "User"},
        "html_url": "https://github.com/acme/models/pull/7#issuecomment-31",
        "performed_via_github_app": None,
    }
    return {
        "action": "created",
        "issue": {"number": 7, "pull_request": {}},
        "comment": said | changes,
    }


def run(**changes: Any) -> dict[str, Any]:
    ended = {
        "id": 99,
        "event": "pull_request",
        "head_sha": SHA,
        "head_branch": "promote",
        "head_repository": OURS,
    }
    return {"action": "completed", "workflow_run": ended | changes, "repository": OURS}


def group(**changes: Any) -> dict[str, Any]:
    asked = {
        "head_sha": SHA,
        "head_ref": f"refs/heads/gh-readonly-queue/release/1.x/pr-104-{OLD}",
        "base_sha": OLD,
        "base_ref": "refs/heads/release/1.x",
    }
    return {"action": "checks_requested", "merge_group": asked | changes}


PAYLOADS = {
    "pull_request": pull_request(),
    "pull_request_review": pull_request(action="submitted", review={"state": "approved"}),
    "issue_comment": comment(),
    "push": {"ref": "refs/heads/main", "before": OLD, "after": SHA, "deleted": False},
    "merge_group": group(),
    "workflow_run": run(),
}


def test_a_pushed_pull_request_is_known_by_number_and_head() -> None:
    assert event_of("pull_request", pull_request()) == PullRequestChanged(
        number=7, head_sha=SHA, from_fork=False
    )


def test_a_head_in_another_repository_is_a_fork_and_so_is_a_deleted_one() -> None:
    for repository in ({"id": 8, "full_name": "acme/models"}, None):
        payload = pull_request()
        payload["pull_request"]["head"]["repo"] = repository

        event = event_of("pull_request", payload)

        assert isinstance(event, PullRequestChanged)
        assert event.from_fork


@pytest.mark.parametrize(
    ("action", "changes", "closed"),
    [
        ("opened", None, False),
        ("closed", None, True),
        ("edited", {"base": {"ref": {"from": "old"}}}, False),
    ],
)
def test_what_can_change_a_verdict_is_an_event(action: str, changes: Any, *, closed: bool) -> None:
    event = event_of("pull_request", pull_request(action=action, changes=changes))

    assert isinstance(event, PullRequestChanged)
    assert event.closed is closed


@pytest.mark.parametrize(
    ("action", "changes"), [("labeled", None), ("edited", {"title": {"from": "x"}})]
)
def test_labels_and_words_are_no_event(action: str, changes: Any) -> None:
    assert isinstance(
        event_of("pull_request", pull_request(action=action, changes=changes)), Ignored
    )


@pytest.mark.parametrize(
    ("state", "decides"),
    [("approved", True), ("CHANGES_REQUESTED", True), ("dismissed", True), ("commented", False)],
)
def test_a_review_that_decides_is_an_event(state: str, *, decides: bool) -> None:
    payload = pull_request(action="submitted", review={"state": state})

    assert isinstance(event_of("pull_request_review", payload), Ignored) is not decides


def test_a_comment_of_a_person_is_read() -> None:
    assert event_of("issue_comment", comment()) == CommentCreated(
        number=7,
        comment=31,
        author="ana",
        by_bot=False,
        body="/lockstep status",
        url="https://github.com/acme/models/pull/7#issuecomment-31",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"user": {"login": "lockstep[bot]", "type": "Bot"}},
        {"user": {"login": "acme", "type": "Organization"}},
        {"performed_via_github_app": {"id": 1}},
    ],
)
def test_whoever_is_not_plainly_a_person_is_a_bot(changes: dict[str, Any]) -> None:
    event = event_of("issue_comment", comment(**changes))

    assert isinstance(event, CommentCreated)
    assert event.by_bot


@pytest.mark.parametrize("action", ["edited", "deleted"])
def test_only_a_new_comment_orders_anything(action: str) -> None:
    assert isinstance(event_of("issue_comment", comment() | {"action": action}), Ignored)


def test_a_comment_on_an_issue_is_ignored() -> None:
    assert isinstance(event_of("issue_comment", comment() | {"issue": {"number": 7}}), Ignored)


def test_a_branch_is_pushed_made_and_deleted() -> None:
    push = PAYLOADS["push"]

    assert event_of("push", push) == Pushed(branch="main", before=OLD, after=SHA)
    assert event_of("push", push | {"before": "0" * 40}) == Pushed(
        branch="main", before=None, after=SHA
    )
    assert isinstance(event_of("push", push | {"deleted": True}), Ignored)
    assert isinstance(event_of("push", push | {"ref": "refs/tags/v1"}), Ignored)


def test_a_queue_names_its_base_with_slashes_and_its_last_pull_request() -> None:
    assert event_of("merge_group", group()) == QueueAsked(
        number=104,
        head_sha=SHA,
        base_sha=OLD,
        head_ref=f"refs/heads/gh-readonly-queue/release/1.x/pr-104-{OLD}",
        base="release/1.x",
    )


def test_a_queue_branch_for_another_base_is_ignored() -> None:
    assert isinstance(event_of("merge_group", group(base_ref="refs/heads/main")), Ignored)


@pytest.mark.parametrize(
    "ref", ["refs/heads/gh-readonly-queue/main/pr-0-abc", "refs/heads/main", "refs/heads/pr-1-a"]
)
def test_what_is_no_queue_branch_names_nothing(ref: str) -> None:
    assert queued(ref) is None


def test_a_run_says_for_which_head_it_was() -> None:
    assert event_of("workflow_run", run()) == RunCompleted(
        run=99, event="pull_request", head_sha=SHA, head_branch="promote", from_fork=False
    )
    assert isinstance(event_of("workflow_run", run(event="push")), Ignored)


@pytest.mark.parametrize(
    "name",
    ["--output=x/../y", "a b", "a\nb", "x.lock", "a//b", "@", "a\u202eb", "", "\ud800", "/a"],
)
def test_a_branch_that_git_would_not_name_so_is_ignored(name: str) -> None:
    push = PAYLOADS["push"] | {"ref": f"refs/heads/{name}"}

    ignored = event_of("push", push)

    assert ignored == Ignored(because="ref is not the name of a branch")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", True),
        ("number", 0),
        ("number", 7.0),
        ("number", "7"),
        ("number", 10**12),
        ("head", {"sha": "A" * 40, "repo": OURS}),
        ("head", {"sha": SHA, "repo": {"id": "7"}}),
        ("head", []),
        ("base", None),
    ],
)
def test_a_field_of_the_wrong_form_is_ignored_by_its_name(field: str, value: object) -> None:
    payload = pull_request()
    payload["pull_request"][field] = value

    assert isinstance(event_of("pull_request", payload), Ignored)


def test_half_a_character_in_a_comment_is_replaced() -> None:
    event = event_of("issue_comment", comment(body="/lockstep hold \ud800"))

    assert isinstance(event, CommentCreated)
    assert event.body == "/lockstep hold ?"


def test_a_comment_longer_than_github_takes_is_ignored() -> None:
    assert isinstance(event_of("issue_comment", comment(body="x" * 65_537)), Ignored)


def test_the_repository_is_named_when_it_is_one() -> None:
    assert repository_of(pull_request()) == "acme/models"
    for wrong in (None, [], {}, {"repository": {"full_name": "../etc"}}, {"repository": 1}):
        assert repository_of(wrong) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(name=st.sampled_from([*PAYLOADS, "ping", ""]), payload=json_values)
def test_no_json_at_all_raises(name: str, payload: object) -> None:
    assert isinstance(event_of(name, payload), Ignored)
    assert repository_of(payload) is None


def places(payload: object, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """List the way to every value."""
    if not isinstance(payload, dict):
        return [before]
    inner = [way for key, value in payload.items() for way in places(value, (*before, key))]
    return [before, *inner] if before else inner


@given(data=st.data(), name=st.sampled_from(list(PAYLOADS)), value=json_values)
def test_no_wrong_field_raises(data: st.DataObject, name: str, value: object) -> None:
    payload = copy.deepcopy(PAYLOADS[name])
    way = data.draw(st.sampled_from(places(payload)))
    inner: Any = payload
    for key in way[:-1]:
        inner = inner[key]
    inner[way[-1]] = value

    event = event_of(name, payload)

    assert isinstance(event, EVENTS)
