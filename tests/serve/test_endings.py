"""How a job's process ended decides whether it is done, tried again, or put aside."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from bot.core.event import CommentCreated, Ignored, PullRequestChanged, QueueAsked, RunCompleted
from bot.core.event_payload import event_of
from bot.serve.child import Ended
from bot.serve.endings import MOST_CRASHES, MOST_TRIES, Again, Aside, Carried, ending_of
from bot.serve.errands import Errand, command_line, errand_of, evaluation, sweeping
from tests.serve.stage import HEAD, pushed

REPOSITORY = "acme/models"
JUDGED = evaluation(REPOSITORY, 7)
GUARD = Errand(kind="guard", repository=REPOSITORY, about="branch/main")
ORDERED = Errand(
    kind="command", repository=REPOSITORY, about="pull/7", detail={"payload": {}, "number": 7}
)


def ended(code: int, out: str = "", err: str = "", *, timed_out: bool = False) -> Ended:
    return Ended(code=code, out=out, err=err, seconds=1.0, timed_out=timed_out)


@pytest.mark.parametrize(
    ("code", "verdict"),
    [(0, "passed"), (1, "failed"), (3, "inconclusive"), (4, "errored"), (24, "errored"),
     (13, "refused")],
)  # fmt: skip
def test_a_judged_request_is_done_whatever_the_verdict(code: int, verdict: str) -> None:
    out = json.dumps({"exit_code": code, "landed": None})

    assert ending_of(JUDGED, ended(code, out), 0) == Carried(end=verdict)


@pytest.mark.parametrize("code", [0, 1, 10, 13, 17, 18, 70])
def test_an_evaluation_without_a_record_was_not_judged(code: int) -> None:
    assert isinstance(ending_of(JUDGED, ended(code, "what is this"), 0), Again)


def test_a_world_that_does_not_answer_is_asked_later_and_later() -> None:
    waits = []
    for tried in range(MOST_TRIES - 1):
        ending = ending_of(JUDGED, ended(75, err="…\nGitHub answered 502"), tried)
        assert isinstance(ending, Again)
        assert ending.why == "GitHub answered 502"
        waits.append(ending.after_s)

    assert waits == [30, 60, 120, 240, 480, 960, 1800]
    assert isinstance(ending_of(JUDGED, ended(75), MOST_TRIES - 1), Aside)


@pytest.mark.parametrize(
    "end",
    [ended(70, err="Traceback"), ended(-signal.SIGKILL), ended(-signal.SIGSEGV),
     ended(0, timed_out=True)],
)  # fmt: skip
def test_what_crashes_again_and_again_is_put_aside(end: Ended) -> None:
    tries = [type(ending_of(JUDGED, end, tried)) for tried in range(MOST_CRASHES)]

    assert tries == [*[Again] * (MOST_CRASHES - 1), Aside]


def test_a_wrong_command_line_is_put_aside_at_once() -> None:
    ending = ending_of(JUDGED, ended(2, err="Error: there is no token for acme/models"), 0)

    assert ending == Aside(why="Error: there is no token for acme/models")


def test_an_incident_is_done_because_the_verb_raised_it() -> None:
    assert ending_of(JUDGED, ended(76), 0) == Carried(end="incident")


def test_a_guarded_push_is_followed_by_a_sweep_because_the_base_moved() -> None:
    ending = ending_of(GUARD, ended(0), 0)

    assert ending == Carried(end="done", next=(sweeping(REPOSITORY),))


def test_a_sweep_names_what_is_to_be_judged_and_nothing_else_is() -> None:
    plan = {"evaluate": [{"number": 7}, {"number": "8"}, {"number": True}, {"number": -1}, 9]}
    ending = ending_of(sweeping(REPOSITORY), ended(0, json.dumps(plan)), 0)

    assert ending == Carried(end="done", next=(JUDGED, evaluation(REPOSITORY, 9)))


def test_a_command_that_changes_the_decision_is_followed_by_an_evaluation() -> None:
    due = Ended(code=0, out="", err="", seconds=1.0, outputs={"evaluate": "true"})

    assert ending_of(ORDERED, due, 0) == Carried(end="done", next=(JUDGED,))
    assert ending_of(ORDERED, ended(0), 0) == Carried(end="done")
    assert isinstance(ending_of(ORDERED, ended(1), 0), Again)


def test_each_event_asks_for_one_verb() -> None:
    request = PullRequestChanged(number=7, head_sha=HEAD, from_fork=False)
    group = QueueAsked(number=7, head_sha=HEAD, base_sha=HEAD, head_ref="refs/heads/q", base="main")
    run = RunCompleted(run=1, event="push", head_sha=HEAD, head_branch="x", from_fork=False)
    push = event_of("push", pushed())

    assert errand_of(request, REPOSITORY, {}) == JUDGED
    asked = errand_of(group, REPOSITORY, {})
    assert isinstance(asked, Errand)
    assert (asked.kind, asked.detail["group"]) == ("queue", f"refs/heads/q@{HEAD}")
    assert isinstance(errand_of(run, REPOSITORY, {}), Ignored)
    guard = errand_of(push, REPOSITORY, pushed())
    assert isinstance(guard, Errand)
    assert (guard.kind, guard.about) == ("guard", "branch/main")
    assert isinstance(errand_of(event_of("push", pushed("x")), REPOSITORY, pushed("x")), Ignored)


def test_a_request_from_a_fork_waits_until_somebody_who_may_write_asks(tmp_path: Path) -> None:
    fork = PullRequestChanged(number=7, head_sha=HEAD, from_fork=True)

    assert isinstance(errand_of(fork, REPOSITORY, {}), Ignored)
    assert errand_of(fork, REPOSITORY, {}, forks=True) == JUDGED
    assert "--forks" in command_line(sweeping(REPOSITORY), tmp_path, forks=True)
    assert "--forks" not in command_line(sweeping(REPOSITORY), tmp_path)


@pytest.mark.parametrize("by_bot", [True, False])
def test_a_bots_comment_orders_nothing(*, by_bot: bool) -> None:
    said = CommentCreated(
        number=7, comment=1, author="ana", by_bot=by_bot, body="/Lockstep status", url="https://x"
    )

    assert isinstance(errand_of(said, REPOSITORY, {}), Ignored) is by_bot
