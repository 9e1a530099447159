"""Every payload that GitHub publishes as an example is read without an exception."""

from __future__ import annotations

from typing import get_args

import pytest

from bot.core.event import (
    CommentCreated,
    Event,
    Ignored,
    PullRequestChanged,
    Pushed,
    QueueAsked,
)
from bot.core.event_payload import event_of, repository_of

from .examples import EDITIONS, examples


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_example_is_read(edition: str) -> None:
    payloads = [(name, one) for name, several in examples(edition).items() for one in several]

    events = [event_of(name, payload) for name, payload in payloads]

    assert len(events) >= 20
    assert all(isinstance(event, get_args(Event)) for event in events)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pull_request", PullRequestChanged),
        ("push", Pushed),
        ("merge_group", QueueAsked),
    ],
)
def test_the_examples_that_concern_us_are_understood(name: str, kind: type) -> None:
    events = [event_of(name, payload) for payload in examples()[name]]

    understood = [event for event in events if isinstance(event, kind)]
    reasons = {event.because for event in events if isinstance(event, Ignored)}

    assert understood
    assert len(understood) + sum(isinstance(event, Ignored) for event in events) == len(events)
    assert not any("is not" in reason for reason in reasons), reasons


def test_the_example_of_a_comment_is_a_command_once_it_is_on_a_pull_request() -> None:
    payload = next(one for one in examples()["issue_comment"] if one["action"] == "created")
    on_pull_request = payload | {"issue": payload["issue"] | {"pull_request": {"url": "…"}}}

    event = event_of("issue_comment", on_pull_request)

    assert isinstance(event, CommentCreated)
    assert (event.author, event.by_bot) == ("Codertocat", False)


def test_the_example_of_a_review_is_an_event_once_it_approves() -> None:
    payload = next(one for one in examples()["pull_request_review"] if one["action"] == "submitted")
    approving = payload | {"review": payload["review"] | {"state": "approved"}}

    assert isinstance(event_of("pull_request_review", payload), Ignored)
    assert isinstance(event_of("pull_request_review", approving), PullRequestChanged)


def test_the_repository_of_every_example_is_its_name_or_none() -> None:
    named = {repository_of(one) for several in examples().values() for one in several}

    assert "Codertocat/Hello-World" in named
