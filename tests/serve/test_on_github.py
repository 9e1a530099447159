"""From a delivery to its report and its merge, against a server that speaks GitHub's API."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forges.server.faults import Fault, Meanwhile, broken, slow_down
from tests.forges.server.web import Server
from tests.forges.stand import APP, registered
from tests.serve.hosted import LIGHT, Hosting, churn
from tests.serve.stage import changed, commented, pushed


@pytest.fixture
def hosting(tmp_path: Path) -> Iterator[Hosting]:
    with Server(tmp_path / "server") as server:
        yield Hosting(tmp_path, server, churn(tmp_path, server, LIGHT))


@pytest.fixture
def with_models(tmp_path: Path) -> Iterator[Hosting]:
    """A policy whose gates run models."""
    with Server(tmp_path / "server") as server:
        yield Hosting(tmp_path, server, churn(tmp_path, server))


def test_a_delivery_ends_in_a_report_a_merge_and_a_guarded_branch(with_models: Hosting) -> None:
    hosting = with_models
    first, guid = hosting.propose("1"), str(uuid.uuid4())
    with hosting.open() as served:
        served.deliver("pull_request", changed(first, "opened"), guid=guid)
        judged = served.ended(1)[0]
        repeated = served.deliver("pull_request", changed(first, "opened"), guid=guid)
        served.deliver("push", pushed())
        guarded = served.until(lambda: served.said("ended", verb="guard"))[0]
        worse = hosting.propose("3")
        served.deliver("pull_request", changed(worse, "opened"))
        refused = served.until(lambda: served.said("ended", key=f"acme/models#pull/{worse}"))[0]

    ends = (judged["end"], guarded["end"], refused["end"])
    assert ends == ("passed", "done", "failed"), "\n".join(served.lines)
    assert (judged["reads"], judged["writes"]) == (2, 4)
    assert judged["left"] > 0
    assert repeated.json()["result"] == "repeated"
    reports, state, landed = hosting.said(first)
    assert (reports, state, landed) == (1, "success", hosting.stand.tip())
    assert hosting.said(worse) == (1, "failure", None)
    assert hosting.merges() == 1


def test_killed_while_it_comments_and_while_it_merges_there_is_one_of_each(
    hosting: Hosting,
) -> None:
    number, guid = hosting.propose("1"), str(uuid.uuid4())
    for position in (1, 3):
        reached = threading.Event()
        hosting.server.trouble({position: Meanwhile(act=reached.set)})
        with hosting.open() as served:
            served.deliver("pull_request", changed(number), guid=guid)
            served.until(reached.is_set)
            served.kill()
    hosting.server.trouble({})
    with hosting.open() as served:
        served.deliver("pull_request", changed(number), guid=guid)
        assert served.ended(1)[0]["end"] == "passed"

    assert hosting.said(number) == (1, "success", hosting.stand.tip())
    assert hosting.merges() == 1


def test_a_comment_holds_a_request_and_another_lets_it_go(hosting: Hosting) -> None:
    number = hosting.propose("1")
    with hosting.open() as served:
        for text, jobs in (("/lockstep hold labels are late", 2), ("/lockstep release", 4)):
            comment, guid = hosting.stand.people.say(number, "ana", text), str(uuid.uuid4())
            for _ in range(2):
                served.deliver("issue_comment", commented(number, text, comment), guid=guid)
            served.ended(jobs)
            if jobs == 2:
                assert hosting.said(number) == (1, "pending", None)
        verbs = [line["verb"] for line in served.said("ended")]

    assert verbs == ["command", "evaluate"] * 2
    assert hosting.said(number) == (1, "success", hosting.stand.tip())


def test_deliveries_out_of_order_end_in_the_verdict_on_what_is_there(hosting: Hosting) -> None:
    number = hosting.propose("1")
    with hosting.open() as served:
        stale = changed(number)
        stale["pull_request"]["head"]["sha"] = "c" * 40
        served.deliver("pull_request", changed(number, "closed"))
        served.deliver("pull_request", stale)
        served.deliver("pull_request", changed(number, "opened"))
        served.until(lambda: not _busy(served.client.get("/metrics").text))

    assert hosting.said(number) == (1, "success", hosting.stand.tip())


@pytest.mark.slow
@pytest.mark.parametrize(
    "faults",
    [
        {0: broken(502, "before"), 2: broken(502, "after")},
        {1: slow_down(403, retry_after=1)},
        {0: Meanwhile(act=lambda: time.sleep(3))},
    ],
    ids=["gateway errors", "a secondary limit", "slowness"],
)
def test_a_github_in_trouble_is_answered_for_at_once_and_waited_for(
    hosting: Hosting, faults: dict[int, Fault]
) -> None:
    number = hosting.propose("1")
    hosting.server.trouble(faults)
    with hosting.open() as served:
        assert served.deliver("pull_request", changed(number)).status_code == 202
        served.ended(1)

    assert max(served.seconds) < 1
    assert hosting.said(number)[0] == 1


def test_as_an_app_every_job_has_a_token_of_its_own_and_no_key_is_in_the_log(
    hosting: Hosting,
) -> None:
    pem = registered(hosting.server)
    key = hosting.folder / "app.pem"
    key.write_text(pem)
    app = {"LOCKSTEP_APP_ID": str(APP), "LOCKSTEP_APP_PRIVATE_KEY_FILE": str(key)}
    hosting.more = {**app, "GITHUB_TOKEN": "", "GH_TOKEN": ""}
    number = hosting.propose("1")
    with hosting.open() as served:
        served.deliver("pull_request", changed(number))
        served.deliver("push", pushed())
        served.ended(2)
        tokens = [one for one in hosting.server.log if one[1].endswith("/access_tokens")]

    assert len(tokens) >= 2
    assert hosting.said(number) == (1, "success", hosting.stand.tip())
    assert not [line for line in served.lines if "ghs_" in line or "PRIVATE KEY" in line]


def test_a_request_that_is_not_there_is_tried_again_and_harms_nobody(hosting: Hosting) -> None:
    with hosting.open() as served:
        served.deliver("pull_request", changed(4_000))
        ended = served.ended(1)[0]

    assert (ended["end"], ended["code"]) == ("again", 17)
    assert "4000" in ended["why"]
    assert hosting.writes() == []


def _busy(metrics: str) -> bool:
    states = [line for line in metrics.splitlines() if line.startswith("lockstep_queue_jobs{")]
    return any(line.endswith(" 1.0") for line in states)
