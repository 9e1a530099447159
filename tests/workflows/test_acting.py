"""The workflows run as GitHub would run them, and their effects are there on the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.world.guard import Guard
from bot.world.repository import Repository
from tests.forges.server import queue

from .acting import commented, commit_of, dispatched, ping_completed, pushed
from .conftest import change, propose
from .examples import examples

if TYPE_CHECKING:
    from pathlib import Path

    from tests.forges.stand import Stand

    from .acting import Actions

MARKER = "<!-- lockstep:report:v1 "


def test_a_ping_does_nothing(actions: Actions) -> None:
    for payload in examples()["pull_request"][:3]:
        ended = actions.run("pull_request", payload, "lockstep-ping.yml")

        assert ended.jobs in ({"ping": "success"}, {}), ended
    assert actions.stand.server is not None
    assert actions.stand.server.log == []


def test_a_good_challenger_is_merged_and_a_bad_one_is_not(actions: Actions, stand: Stand) -> None:
    number, head = propose(stand, "2")

    ended = actions.run("workflow_run", ping_completed(stand, head), "lockstep.yml")

    assert ended.jobs == dict.fromkeys(("predict", "judge", "land"), "success"), str(ended)
    assert stand.forge.pull_request(number).merged_as == stand.tip("main")
    assert state_of(stand, head) == "success"
    assert len(stand.forge.reports(number, MARKER)) == 1
    assert kept(stand) == {"records", "seals"}

    number, head = propose(stand, "3")

    ended = actions.run("workflow_run", ping_completed(stand, head), "lockstep.yml")

    assert ended.jobs == dict.fromkeys(("predict", "judge", "land"), "success"), str(ended)
    assert stand.forge.pull_request(number).merged_as is None
    assert state_of(stand, head) == "failure"
    assert len(stand.forge.reports(number, MARKER)) == 1


def test_an_app_does_the_same_by_hand_with_tokens_of_its_zones(
    our_actions: Actions, stand: Stand
) -> None:
    number, _ = propose(stand, "1")

    ended = our_actions.run("workflow_dispatch", dispatched(stand, number), "lockstep.yml")

    assert ended.jobs == dict.fromkeys(("predict", "judge", "land"), "success"), str(ended)
    assert stand.forge.pull_request(number).merged_as == stand.tip("main")
    assert stand.server is not None
    zones = [
        {name for name, level in token.permissions.items() if level == "write"}
        for token in stand.server.state.tokens.values()
        if token.installation.id == 1
    ]
    assert zones == [
        {"pull_requests", "statuses"},
        {"contents", "pull_requests", "statuses", "issues"},
    ]
    key = our_actions.secrets["LOCKSTEP_APP_PRIVATE_KEY"].splitlines()[1]
    assert key not in ended.text


def test_an_error_is_published_when_the_prediction_is_lost(actions: Actions, stand: Stand) -> None:
    number, head = propose(stand, "1")
    upload = actions.actions / "upload-artifact" / "upload.py"
    lost = 'if os.environ["NAME"].startswith("lockstep-bundle"):\n    raise SystemExit(1)\nfolder ='
    upload.write_text(upload.read_text().replace("folder =", lost, 1))
    commit_of(actions.actions / "upload-artifact")

    ended = actions.run("workflow_run", ping_completed(stand, head), "lockstep.yml")

    assert ended.jobs == {"predict": "failure", "judge": "success", "land": "success"}, str(ended)
    assert state_of(stand, head) == "error"
    assert len(stand.forge.reports(number, MARKER)) == 1
    assert stand.forge.pull_request(number).merged_as is None


@pytest.mark.parametrize(
    "run",
    [{"conclusion": "action_required"}, {"conclusion": "skipped"}, {"event": "push"}],
)
def test_a_ping_that_nobody_approved_or_that_was_none_starts_nothing(
    actions: Actions, stand: Stand, run: dict[str, str]
) -> None:
    _, head = propose(stand, "1")
    assert stand.server is not None
    stand.server.log.clear()

    ended = actions.run("workflow_run", ping_completed(stand, head, **run), "lockstep.yml")

    assert ended.steps == [], str(ended)
    assert stand.server.log == []


def test_a_head_that_nobody_proposes_is_judged_by_nobody(actions: Actions, stand: Stand) -> None:
    ended = actions.run("workflow_run", ping_completed(stand, "0" * 40), "lockstep.yml")

    assert ended.jobs == dict.fromkeys(("predict", "judge"), "success"), str(ended)
    assert stand.hosted is not None
    assert stand.hosted.comments == {}
    assert stand.hosted.statuses == []


def test_a_change_by_hand_turns_red_and_its_revert_is_judged_and_waits_for_a_person(
    actions: Actions, stand: Stand, tmp_path: Path
) -> None:
    by_hand(stand, "1")
    clone = Repository.create(tmp_path / "bot", stand.forge.git_environment())
    Guard(stand.forge, clone, "main", lambda _: None).walk()
    before = stand.tip("main")
    after = by_hand(stand, "2")

    ended = actions.run("push", pushed(stand, before, after), "lockstep-main.yml")

    jobs = ("guard", "sweep", "predict", "judge", "land")
    assert ended.jobs == dict.fromkeys(jobs, "success"), str(ended)
    red = stand.forge.status(after, "lockstep/guard: main")
    assert red is not None
    assert red.state == "failure"
    assert stand.hosted is not None
    assert len(stand.hosted.issues) == 1
    (revert,) = stand.hosted.pulls.values()
    assert revert.head == f"lockstep/revert-{after[:12]}"
    (said,) = stand.hosted.comments.values()
    assert "the guard proposed to take it back, and a person decides" in said.body
    assert stand.tip("main") == after


def test_a_hold_by_comment_is_stored_and_keeps_a_passing_request_from_merging(
    actions: Actions, stand: Stand
) -> None:
    number, head = propose(stand, "1")
    stand.people.say(number, "ana", "/lockstep hold the quarter ends")
    assert stand.hosted is not None
    (said,) = stand.hosted.comments.values()
    event = commented(stand, number, said.id, said.body, "ana")

    ended = actions.run("issue_comment", event, "lockstep-commands.yml")

    jobs = ("command", "predict", "judge", "land")
    assert ended.jobs == dict.fromkeys(jobs, "success"), str(ended)
    assert stand.forge.pull_request(number).merged_as is None
    assert state_of(stand, head) == "pending"
    assert "orders" in kept(stand)
    (report,) = stand.forge.reports(number, MARKER)
    assert "the quarter ends" in report.body


def test_a_merge_queue_takes_the_request_and_asks_again(actions: Actions, stand: Stand) -> None:
    number, head = propose(stand, "1")
    hosted, server = stand.hosted, stand.server
    assert hosted is not None
    assert server is not None
    hosted.queue, hosted.required = [], ("lockstep/gate: main",)
    actions.run("workflow_run", ping_completed(stand, head), "lockstep.yml")
    assert hosted.queue == [number]
    group = queue.form(hosted)
    named = {"event": "merge_group", "head_branch": group.ref.removeprefix("refs/heads/")}

    event = ping_completed(stand, group.head_sha, **named)
    ended = actions.run("workflow_run", event, "lockstep.yml")

    assert ended.jobs == dict.fromkeys(("predict", "judge", "land"), "success"), str(ended)
    assert state_of(stand, group.head_sha) == "success"
    assert queue.land(server.state, hosted, group)
    assert stand.forge.pull_request(number).merged_as == stand.tip("main")


def test_a_comment_that_orders_nothing_starts_nothing(actions: Actions, stand: Stand) -> None:
    event = commented(stand, 1, 5, "looks good to me", "ana")

    ended = actions.run("issue_comment", event, "lockstep-commands.yml")

    assert ended.steps == [], str(ended)


def by_hand(stand: Stand, version: str) -> str:
    """Change the lock on the default branch itself, as an admin might."""
    commit = change(stand, version)
    stand.git("push", "--quiet", "origin", f"v{version}:main")
    return commit


def state_of(stand: Stand, sha: str) -> str | None:
    status = stand.forge.status(sha, "lockstep/gate: main")
    return status and status.state


def kept(stand: Stand) -> set[str]:
    """Return the folders of the audit branch."""
    stand.git("fetch", "--quiet", "origin")
    paths = stand.git("ls-tree", "-r", "--name-only", "origin/lockstep/audit").splitlines()
    return {path.split("/")[0] for path in paths}
