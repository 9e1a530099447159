"""The crew ends what it began: after a crash, a stop, a kill and a job that never ends."""

from __future__ import annotations

import os
import signal
import time
import uuid
from pathlib import Path

import pytest

from tests.serve.stage import Play, changed, commented, pushed


def alive(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(one) for one in listed]


def test_a_redelivery_is_done_once_also_after_the_server_was_killed(play: Play) -> None:
    guid = str(uuid.uuid4())
    with play.open() as served:
        served.deliver("pull_request", changed(7), guid=guid)
        served.deliver("pull_request", changed(7), guid=guid)
        served.ended(1)
        served.kill()
    with play.open() as served:
        answer = served.deliver("pull_request", changed(7), guid=guid)
        served.deliver("pull_request", changed(8))
        served.ended(1)

    assert answer.json() == {"result": "repeated", "says": "this delivery was taken before"}
    assert play.numbers() == ["7", "8"]


def test_a_job_that_runs_when_the_server_is_killed_ends_with_it_and_runs_again(play: Play) -> None:
    guid = str(uuid.uuid4())
    with play.open(seconds=60) as served:
        served.deliver("pull_request", changed(7), guid=guid)
        served.until(lambda: play.numbers() == ["7"])
        running = children(served.process.pid)
        served.kill()
        end = time.monotonic() + 10
        while any(alive(pid) for pid in running):
            assert time.monotonic() < end
            time.sleep(0.02)
    with play.open() as served:
        repeated = served.deliver("pull_request", changed(7), guid=guid)
        served.ended(1)
        recovered = served.said("started")[0]["recovered"]

    assert (len(running), recovered) == (1, 1)
    assert repeated.json()["result"] == "repeated"
    assert (play.numbers(), play.numbers(begun=False)) == (["7", "7"], ["7"])


@pytest.mark.parametrize("after", [0.0, 0.002, 0.01, 0.05])
def test_what_was_answered_is_done_whenever_the_server_is_killed(play: Play, after: float) -> None:
    play.terms = {"workers": 2}
    with play.open(seconds=0.02) as served:
        for number in range(1, 9):
            assert served.deliver("pull_request", changed(number)).status_code == 202
        time.sleep(after)
        served.kill()
    with play.open() as served:
        served.until(lambda: set(play.numbers(begun=False)) == set("12345678"))
        served.until(lambda: 'state="waiting"} 0.0' in served.client.get("/metrics").text)

    assert len(play.numbers(begun=False)) <= 10


def test_a_job_that_kills_the_server_again_and_again_is_put_aside(play: Play) -> None:
    with play.open(seconds=60) as served:
        served.deliver("pull_request", changed(7))
        served.until(lambda: len(play.numbers()) == 1)
        served.kill()
    for times in (2, 3):
        with play.open(seconds=60) as served:
            served.until(lambda times=times: len(play.numbers()) == times)
            served.kill()
    with play.open() as served:
        text = served.client.get("/metrics").text
        served.deliver("pull_request", changed(8))
        served.ended(1)

    assert 'lockstep_queue_jobs{state="parked"} 1.0' in text
    assert play.numbers() == ["7", "7", "7", "8"]


def test_a_stop_lets_what_runs_end_and_keeps_what_waits(play: Play) -> None:
    play.terms = {"workers": 1}
    with play.open(seconds=0.5) as served:
        served.deliver("pull_request", changed(1))
        served.until(lambda: play.numbers() == ["1"])
        served.deliver("pull_request", changed(2))
        assert served.stop() == 0
        assert served.said("stopped") == [{**served.said("stopped")[0], "given_back": 0}]
    assert play.numbers(begun=False) == ["1"]

    with play.open() as served:
        served.ended(1)
    assert play.numbers(begun=False) == ["1", "2"]


def test_a_stop_gives_back_what_does_not_end_in_time(play: Play) -> None:
    play.terms = {"workers": 1, "grace_s": 0.1}
    with play.open(seconds=60) as served:
        served.deliver("pull_request", changed(1))
        served.until(lambda: play.numbers() == ["1"])
        before = time.monotonic()
        assert served.stop() == 0
        assert time.monotonic() - before < 10
        assert served.said("stopped")[0]["given_back"] == 1
    with play.open() as served:
        served.ended(1)
        assert served.said("started")[0]["recovered"] == 0
    assert play.numbers(begun=False) == ["1"]


def test_a_job_beyond_its_time_is_ended_with_all_it_started(play: Play) -> None:
    play.terms = {"job_s": 0.3}
    with play.open(seconds=60) as served:
        served.deliver("pull_request", changed(7))
        ended = served.ended(1)[0]
        left = children(served.process.pid)

    assert (ended["end"], ended["why"]) == ("again", "it ran out of time")
    assert left == []


def test_a_job_that_is_killed_harms_no_other(play: Play) -> None:
    with play.open(signal=signal.SIGKILL) as served:
        served.deliver("pull_request", changed(7))
        assert served.ended(1)[0]["why"] == "it was ended by signal 9"
        play.plays()
        served.deliver("pull_request", changed(8))
        assert served.ended(2)[1]["end"] == "passed"
        assert served.client.get("/readyz").text == "ready\n"


def test_a_flood_of_output_is_cut_and_not_kept(play: Play) -> None:
    with play.open(err="x" * 9_000_000, code=70, out="") as served:
        served.deliver("pull_request", changed(7))
        served.ended(1)
        held = Path(f"/proc/{served.process.pid}/status").read_text()

    peak_kb = int(held.partition("VmHWM:")[2].split()[0])
    assert peak_kb < 200_000
    assert max(map(len, served.lines)) < 5_000


def test_news_about_one_request_is_judged_once_for_all_and_requests_run_side_by_side(
    play: Play,
) -> None:
    play.terms = {"workers": 3}
    with play.open(seconds=0.4) as served:
        for _ in range(5):
            for number in (1, 2, 3):
                served.deliver("pull_request", changed(number))
        served.ended(6)

    begun = {(one["called"][1], one["at"]) for one in play.calls()}
    assert sorted(play.numbers()) == ["1", "1", "2", "2", "3", "3"]
    firsts = [min(at for number, at in begun if number == one) for one in "123"]
    assert max(firsts) - min(firsts) < 0.4


def test_a_command_is_carried_with_its_payload_and_without_the_webhooks_secret(play: Play) -> None:
    with play.open() as served:
        served.deliver("issue_comment", commented(7, '/lockstep hold "; rm -rf $HOME'))
        served.ended(1)

    (call,) = play.calls()
    assert call["called"][0] == "command"
    assert call["body"] == '/lockstep hold "; rm -rf $HOME'
    assert call["told"] == []


def test_a_push_is_guarded_and_then_everything_that_rests_on_the_base_is_swept(play: Play) -> None:
    with play.open(out="[]") as served:
        served.deliver("push", pushed())
        served.ended(2)

    assert [call["called"][0] for call in play.calls()] == ["guard", "sweep"]


def test_sweeps_come_by_the_clock_and_what_they_find_is_judged(play: Play) -> None:
    play.terms = {"sweep_s": 0.5}
    with play.open(out='{"evaluate": [{"number": 4}, {"number": 5}], "exit_code": 0}') as served:
        served.until(lambda: len([c for c in play.calls() if c["called"][0] == "sweep"]) >= 2)
        served.until(lambda: {"4", "5"} <= set(play.numbers()))
        text = served.client.get("/metrics").text

    swept = text.partition('lockstep_last_sweep_timestamp_seconds{repository="acme/models"} ')[2]
    assert float(swept.split()[0]) == pytest.approx(time.time(), abs=60)


def test_a_full_queue_answers_503_with_when_to_come_back_and_is_not_ready(play: Play) -> None:
    play.most, play.terms = 2, {"workers": 1, "grace_s": 0}
    guid = str(uuid.uuid4())
    with play.open(seconds=1) as served:
        served.deliver("pull_request", changed(1))
        served.until(lambda: play.numbers() == ["1"])
        for number in (2, 3):
            served.deliver("pull_request", changed(number))
        full = served.deliver("pull_request", changed(4), guid=guid)
        ready = served.client.get("/readyz")
        served.ended(2)
        again = served.deliver("pull_request", changed(4), guid=guid)

    assert (full.status_code, full.headers["retry-after"]) == (503, "60")
    assert (ready.status_code, ready.text) == (503, "the queue is full\n")
    assert (again.status_code, again.json()["result"]) == (202, "queued")


def test_jobs_run_behind_the_server_and_are_offered_first_where_memory_runs_out(
    play: Play,
) -> None:
    with play.open(seconds=2) as served:
        served.deliver("pull_request", changed(7))
        served.until(lambda: play.numbers() == ["7"])
        (child,) = children(served.process.pid)
        score = int(Path(f"/proc/{child}/oom_score_adj").read_text())
        niceness = os.getpriority(os.PRIO_PROCESS, child)

    assert (score, niceness) == (500, 10 + os.getpriority(os.PRIO_PROCESS, 0))
