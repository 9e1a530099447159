"""The door takes what GitHub signed, at once, and nothing else."""

from __future__ import annotations

import json
import socket
import time
import uuid

import pytest

from tests.forges.downloads import webhooks_archive
from tests.serve.stage import SECRET, Play, changed, commented, pushed, signature
from tests.workflows.examples import examples

SECOND = 1.0


def test_what_is_not_signed_by_us_is_turned_away_and_leaves_nothing(play: Play) -> None:
    body = json.dumps(changed(7)).encode()
    old = "sha1=" + "0" * 40
    with play.open() as served:
        turned_away = [
            served.deliver("pull_request", body, X_Hub_Signature_256=signature(body, "another")),
            served.deliver("pull_request", body, X_Hub_Signature_256=signature(body + b" ")),
            served.deliver("pull_request", body, X_Hub_Signature_256=signature(body).upper()),
            served.deliver("pull_request", body, X_Hub_Signature_256=""),
            served.deliver("pull_request", body, X_Hub_Signature_256=old, X_Hub_Signature=old),
            served.client.post("/webhook", content=body, headers={"X-Hub-Signature": old}),
        ]
        depth = served.figures()[("lockstep_queue_jobs", (("state", "waiting"),))]

    assert [answer.status_code for answer in turned_away] == [401] * 6
    assert depth == 0
    assert play.calls() == []


def test_while_a_secret_is_rotated_both_are_taken(play: Play) -> None:
    play.secrets = ("the new secret of the webhook", SECRET)
    with play.open() as served:
        body = json.dumps(changed(7)).encode()
        new = signature(body, play.secrets[0])
        answers = [
            served.deliver("pull_request", body),
            served.deliver("pull_request", body, X_Hub_Signature_256=new),
        ]

    assert [answer.status_code for answer in answers] == [202, 202]


def test_a_body_beyond_githubs_largest_is_refused_whether_it_says_so_or_not(play: Play) -> None:
    large = b" " * (25 * 1024 * 1024 + 1)
    with play.open() as served:
        told = served.deliver("push", large)
        headers = {"X-Hub-Signature-256": signature(large), "X-GitHub-Event": "push"}
        pieces = (large[at : at + 1_000_000] for at in range(0, len(large), 1_000_000))
        untold = served.client.post("/webhook", content=pieces, headers=headers)
        fits = served.deliver("push", json.dumps(pushed()).encode().ljust(25 * 1024 * 1024))

    assert (told.status_code, untold.status_code, fits.status_code) == (413, 413, 202)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (b"[" * 100_000, {}, 400),
        (b"\xff\xfe{}", {}, 400),
        (b"1" * 5_000, {}, 400),
        (b"{}", {"X_GitHub_Event": "push; rm -rf"}, 400),
        (b"{}", {"X_GitHub_Delivery": "../../etc/passwd"}, 400),
        (b"payload=%7B%7D", {"Content_Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_a_signed_body_that_cannot_be_read_is_answered_in_words(
    play: Play, body: bytes, headers: dict[str, str], status: int
) -> None:
    with play.open() as served:
        answer = served.deliver("push", body, **headers)

        assert answer.status_code == status
        assert answer.json()["says"]
        assert served.said("bug") == []


def test_another_repository_is_never_acted_on(play: Play) -> None:
    payload = changed(7)
    payload["repository"] = {"id": 8, "full_name": "other/models", "default_branch": "main"}
    with play.open() as served:
        answer = served.deliver("pull_request", payload)

    assert (answer.status_code, answer.json()["result"]) == (202, "ignored")
    assert play.calls() == []


def test_only_what_concerns_us_becomes_a_job(play: Play) -> None:
    with play.open() as served:
        answers = [
            served.deliver("ping", {"zen": "Keep it logically awesome."}),
            served.deliver("issue_comment", commented(7, "looks good to me")),
            served.deliver("push", pushed("a-feature")),
            served.deliver("pull_request", changed(7, "labeled")),
            served.deliver("push", pushed()),
            served.deliver("issue_comment", commented(7, "/lockstep status")),
        ]
        served.ended(3)

    assert [answer.json()["result"] for answer in answers] == ["ignored"] * 4 + ["queued"] * 2
    assert sorted(call["called"][0] for call in play.calls()) == ["command", "guard", "sweep"]


def test_every_example_of_github_is_answered_within_a_second(play: Play) -> None:
    webhooks_archive()
    payloads = [(name, one) for name, several in examples().items() for one in several]
    for _, payload in payloads:
        if isinstance(payload.get("repository"), dict):
            payload["repository"]["full_name"] = "acme/models"
    with play.open(seconds=0.05) as served:
        statuses = [served.deliver(name, payload).status_code for name, payload in payloads]
        counted = served.figures()

    assert len(payloads) >= 132
    assert set(statuses) == {202}, served.said("delivery", status=400)
    assert max(served.seconds) < SECOND
    assert not [line for line in served.lines if "Traceback" in line]
    total = sum(n for (name, _), n in counted.items() if name == "lockstep_deliveries_total")
    assert total == len(payloads)


def test_answers_come_within_a_second_while_every_worker_is_busy(play: Play) -> None:
    play.terms = {"workers": 2, "grace_s": 0}
    with play.open(seconds=30) as served:
        for number in range(1, 61):
            assert served.deliver("pull_request", changed(number)).status_code == 202
        assert max(served.seconds) < SECOND
        assert served.client.get("/readyz").status_code == 200


def test_who_sends_a_body_slowly_holds_up_nobody(play: Play) -> None:
    with play.open() as served:
        port = int(served.address.rpartition(":")[2])
        slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
        for one in slow:
            one.sendall(
                b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
                b"X-Hub-Signature-256: sha256=" + b"0" * 64 + b"\r\n\r\n{"
            )
        before = time.monotonic()
        assert served.deliver("pull_request", changed(7)).status_code == 202
        assert time.monotonic() - before < SECOND
        for one in slow:
            one.close()
        served.until(lambda: len(served.said("delivery", result="cut")) == 20)


def test_figures_say_what_happened_and_what_is_left_to_do(play: Play) -> None:
    play.terms = {"workers": 1}
    guid = str(uuid.uuid4())
    with play.open() as served:
        for _ in range(2):
            served.deliver("pull_request", changed(7), guid=guid)
        served.deliver("star", {"repository": {"full_name": "acme/models"}})
        served.ended(1)
        counted = served.figures()

    event = ("event", "pull_request")
    assert counted[("lockstep_deliveries_total", (event, ("result", "queued")))] == 1
    assert counted[("lockstep_deliveries_total", (event, ("result", "repeated")))] == 1
    other = (("event", "other"), ("result", "ignored"))
    assert counted[("lockstep_deliveries_total", other)] == 1
    job = (("end", "passed"), ("verb", "evaluate"))
    assert counted[("lockstep_jobs_total", job)] == 1
    assert counted[("lockstep_job_seconds_count", (("verb", "evaluate"),))] == 1
    assert counted[("lockstep_queue_oldest_seconds", ())] == 0
    assert counted[("lockstep_job_peak_bytes", ())] > 1_000_000


def test_the_log_is_json_line_by_line_and_holds_no_secret(play: Play) -> None:
    with play.open(code=70, err=f"Traceback: {SECRET}\n\x1b[31mforged\nline", out="") as served:
        served.deliver("pull_request", changed(7))
        served.ended(1)
        assert served.stop() == 0

    every = [json.loads(line) for line in served.lines]
    assert all("at" in line and "what" in line for line in every)
    assert SECRET not in "\n".join(served.lines)
    assert "***" in served.said("ended")[0]["why"]
