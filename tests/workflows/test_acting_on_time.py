"""What the clock starts: the sweep finds what events missed, and the watch sees what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from bot.world.github_workflows import DAILY
from tests.doctor.healthy import clicked

from .acting import scheduled
from .conftest import propose
from .test_acting import MARKER, state_of

if TYPE_CHECKING:
    from tests.forges.stand import Stand

    from .acting import Actions

FILE = "lockstep-sweep.yml"


def test_the_half_hour_is_not_the_day(stand: Stand, actions: Actions) -> None:
    text = (stand.clone / ".github/workflows" / FILE).read_text()
    crons = [one["cron"] for one in yaml.load(text, Loader=yaml.BaseLoader)["on"]["schedule"]]  # noqa: S506 -- texts only
    assert actions.stand is stand
    assert (len(crons), crons[1]) == (2, DAILY)


def test_the_sweep_judges_a_request_that_no_event_told_of(actions: Actions, stand: Stand) -> None:
    number, head = propose(stand, "1")

    ended = actions.run("schedule", scheduled(stand, "11,41 * * * *"), FILE)

    jobs = ("sweep", "predict", "judge", "land")
    assert ended.jobs == dict.fromkeys(jobs, "success"), str(ended)
    assert state_of(stand, head) == "success"
    assert stand.forge.pull_request(number).merged_as == stand.tip("main")
    assert len(stand.forge.reports(number, MARKER)) == 1


def test_a_sweep_that_finds_nothing_judges_nothing(actions: Actions, stand: Stand) -> None:
    ended = actions.run("schedule", scheduled(stand, "11,41 * * * *"), FILE)

    assert ended.jobs == {"sweep": "success"}, str(ended)
    assert stand.hosted is not None
    assert {one.context for one in stand.hosted.statuses} == {"lockstep/guard: main"}


def test_the_watch_says_what_is_wrong_and_turns_its_run_red(actions: Actions, stand: Stand) -> None:
    ended = actions.run("schedule", scheduled(stand, DAILY), FILE)

    assert ended.jobs == {"watch": "failure"}, str(ended)
    assert "can push to main, past every gate" in ended.text
    assert "exit status 5" in ended.text or "exitcode '5'" in ended.text, str(ended)


def test_the_watch_of_an_app_passes_what_it_may_not_see(our_actions: Actions, stand: Stand) -> None:
    assert stand.server is not None
    stand.server.state.settings["acme/models"] = clicked()
    place = stand.clone / ".github/CODEOWNERS"
    place.write_text("* @ana\n/models.lock @ana\n/policies/ @ana\n/.github/ @ana\n")
    stand.server.state.join("ana")
    stand.git("add", "--all")
    stand.git("commit", "--quiet", "-m", "Own the bar")
    stand.git("push", "--quiet", "origin", "main")

    ended = our_actions.run("schedule", scheduled(stand, DAILY), FILE)

    assert ended.jobs == {"watch": "success"}, str(ended)
    assert "the bot is taken to be app 7" in " ".join(ended.text.split())
    assert our_actions.secrets["LOCKSTEP_APP_PRIVATE_KEY"].splitlines()[1] not in ended.text
