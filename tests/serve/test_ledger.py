"""The ledger forgets no delivery, does nothing twice, and keeps the order of each thing."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.serve.entries import Delivery, Job, Receipt
from bot.serve.errands import Errand, evaluation, sweeping
from bot.serve.ledger import MOST_KILLS, Ledger

REPOSITORY = "acme/models"


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite", most=6, clock=clock)
    yield opened
    opened.close()


def ordered(number: int, text: str) -> Errand:
    about = f"pull/{number}"
    return Errand(kind="command", repository=REPOSITORY, about=about, detail={"payload": text})


def receive(ledger: Ledger, errand: Errand | None, guid: str | None = None) -> Receipt:
    known = guid or str(uuid.uuid4())
    return ledger.receive(Delivery(guid=known, event="e", repository=REPOSITORY), errand)


def take(ledger: Ledger) -> Job:
    job = ledger.take()
    assert job is not None
    return job


def test_a_delivery_is_taken_once_also_after_it_was_carried(ledger: Ledger) -> None:
    first = receive(ledger, evaluation(REPOSITORY, 7), "same-guid")
    again = receive(ledger, evaluation(REPOSITORY, 7), "same-guid")
    ledger.carried(take(ledger))
    late = receive(ledger, evaluation(REPOSITORY, 7), "same-guid")

    assert (first, again, late) == (Receipt.QUEUED, Receipt.REPEATED, Receipt.REPEATED)
    assert ledger.take() is None


def test_a_delivery_is_known_to_the_next_server(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    one = Ledger(file)
    receive(one, evaluation(REPOSITORY, 7), "same-guid")
    one.close()
    other = Ledger(file)

    assert receive(other, evaluation(REPOSITORY, 7), "same-guid") is Receipt.REPEATED
    assert take(other).errand == evaluation(REPOSITORY, 7)
    other.close()


def test_newer_news_about_a_request_replaces_what_waits_and_not_what_runs(ledger: Ledger) -> None:
    for _ in range(3):
        receive(ledger, evaluation(REPOSITORY, 7))
    running = take(ledger)
    receive(ledger, evaluation(REPOSITORY, 7))
    receive(ledger, evaluation(REPOSITORY, 7))

    assert ledger.depth().waiting == 1
    assert ledger.take() is None
    ledger.carried(running)
    assert take(ledger).id != running.id


def test_commands_about_a_request_are_all_carried_in_their_order(ledger: Ledger) -> None:
    receive(ledger, ordered(7, "hold"))
    receive(ledger, evaluation(REPOSITORY, 7))
    receive(ledger, ordered(7, "release"))
    receive(ledger, evaluation(REPOSITORY, 7))
    carried = []
    while job := ledger.take():
        assert ledger.take() is None
        carried.append(job.errand.detail.get("payload", "evaluate"))
        ledger.carried(job)

    assert carried == ["hold", "evaluate", "release", "evaluate"]


def test_a_persons_command_goes_before_what_waits_about_other_requests(ledger: Ledger) -> None:
    for number in (1, 2, 3):
        receive(ledger, evaluation(REPOSITORY, number))
    receive(ledger, ordered(3, "hold"))

    first, second = take(ledger), ledger.take()
    assert first.errand == evaluation(REPOSITORY, 3)
    assert second is not None
    assert second.errand == evaluation(REPOSITORY, 1)


def test_a_full_queue_keeps_no_trace_of_what_it_refuses(ledger: Ledger) -> None:
    for number in range(1, 7):
        receive(ledger, evaluation(REPOSITORY, number))

    assert not ledger.has_room()
    assert receive(ledger, evaluation(REPOSITORY, 7), "refused") is Receipt.FULL
    assert receive(ledger, evaluation(REPOSITORY, 1)) is Receipt.QUEUED
    ledger.carried(take(ledger))
    assert receive(ledger, evaluation(REPOSITORY, 7), "refused") is Receipt.QUEUED


def test_what_a_sweep_finds_leaves_half_of_the_queue_to_people(ledger: Ledger) -> None:
    ledger.add(sweeping(REPOSITORY))
    found = [evaluation(REPOSITORY, number) for number in range(1, 100)]

    assert ledger.carried(take(ledger), found) == 3
    assert receive(ledger, evaluation(REPOSITORY, 50)) is Receipt.QUEUED
    assert take(ledger).errand == evaluation(REPOSITORY, 50)


def test_what_follows_from_a_command_is_queued_though_the_queue_is_full(ledger: Ledger) -> None:
    receive(ledger, ordered(9, "hold"))
    command = take(ledger)
    for number in range(1, 7):
        receive(ledger, evaluation(REPOSITORY, number))

    assert ledger.carried(command, [evaluation(REPOSITORY, 9)]) == 1
    assert ledger.depth().waiting == 7


def test_what_is_tried_again_waits_its_time_unless_there_is_news(
    ledger: Ledger, clock: Clock
) -> None:
    receive(ledger, evaluation(REPOSITORY, 7))
    ledger.retry(take(ledger), "no answer", 30)
    assert ledger.take() is None
    clock.now += 30
    again = take(ledger)
    assert again.attempts == 1
    ledger.retry(again, "no answer", 600)
    receive(ledger, evaluation(REPOSITORY, 7))

    assert take(ledger).attempts == 0


def test_a_parked_job_is_visible_and_a_redelivery_takes_it_up_again(ledger: Ledger) -> None:
    receive(ledger, ordered(7, "hold"), "same-guid")
    ledger.park(take(ledger), "exit code 18")
    assert [why for *_, why in ledger.parked()] == ["exit code 18"]
    assert ledger.take() is None

    assert receive(ledger, ordered(7, "hold"), "same-guid") is Receipt.QUEUED
    assert ledger.parked() == []
    assert take(ledger).errand.detail == {"payload": "hold"}


def test_a_parked_evaluation_gives_way_to_a_newer_one(ledger: Ledger) -> None:
    receive(ledger, evaluation(REPOSITORY, 7))
    ledger.park(take(ledger), "a bug")
    receive(ledger, evaluation(REPOSITORY, 7))

    assert ledger.parked() == []
    assert ledger.depth().waiting == 1


def test_what_ran_when_the_server_died_runs_again_but_not_for_ever(ledger: Ledger) -> None:
    receive(ledger, evaluation(REPOSITORY, 7))
    for _ in range(MOST_KILLS - 1):
        take(ledger)
        assert ledger.recover() == 1
    take(ledger)

    assert ledger.recover() == 0
    assert [why for *_, why in ledger.parked()] == ["the server died 3 times with it"]


def test_what_was_given_back_runs_again_and_counts_as_no_try(ledger: Ledger) -> None:
    receive(ledger, evaluation(REPOSITORY, 7))
    first = take(ledger)
    ledger.give_back(first)

    assert take(ledger) == first


def test_old_deliveries_are_forgotten_and_waiting_ones_are_not(
    ledger: Ledger, clock: Clock
) -> None:
    receive(ledger, None, "ignored-one")
    receive(ledger, evaluation(REPOSITORY, 7), "waiting-one")
    clock.now += 8 * 86_400

    assert ledger.prune() == 1
    assert receive(ledger, evaluation(REPOSITORY, 7), "waiting-one") is Receipt.REPEATED
    assert ledger.depth().oldest_s == 8 * 86_400


def test_the_last_sweep_is_remembered(ledger: Ledger, clock: Clock) -> None:
    assert ledger.noted("swept") is None
    ledger.note("swept")
    assert ledger.noted("swept") == clock.now


MOVES = st.lists(
    st.tuples(st.sampled_from(["evaluate", "command", "sweep", "take", "end", "fail", "die"]),
              st.integers(1, 3)),
    max_size=60,
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MOVES)
def test_whatever_happens_one_thing_is_done_at_a_time_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[str, int]]
) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("ledger") / "ledger.sqlite", most=20, clock=Clock())
    running: list[Job] = []
    begun: dict[str, int] = {}
    for move, number in moves:
        match move:
            case "evaluate":
                receive(ledger, evaluation(REPOSITORY, number))
            case "command":
                receive(ledger, ordered(number, move))
            case "sweep":
                ledger.add(sweeping(REPOSITORY))
            case "take" if job := ledger.take():
                assert job.errand.key not in {one.errand.key for one in running}
                assert job.id >= begun.get(job.errand.key, 0)
                begun[job.errand.key] = job.id
                running.append(job)
            case "end" if running:
                ledger.carried(running.pop(0))
            case "fail" if running:
                ledger.retry(running.pop(0), "why", 0)
            case "die":
                ledger.recover()
                running.clear()
    depth = ledger.depth()
    assert depth.running == len(running)
    assert depth.waiting <= 20 + len(moves)
    ledger.close()
