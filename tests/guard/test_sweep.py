"""The sweep: what no event told is found; what nothing moved is left alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from bot.cli import run
from bot.core.order import Kind, Order, written
from bot.core.record import order_path
from bot.world.perform_audit import AuditBranch
from bot.world.sweep import Plan, planned
from tests.guard.yard import POLICY, Yard

MANUAL = POLICY.replace("merge: auto", "merge: manual")


@pytest.fixture
def waiting(tmp_path: Path) -> Yard:
    """A yard in which a person merges, so that judged requests stay open."""
    yard = Yard(tmp_path, MANUAL)
    # Requests of different models merge in git once the lock has a model.
    yard.push(yard.serving("middle", "9"))
    yard.guard()
    return yard


def swept(yard: Yard, later: timedelta = timedelta(0), *, forks: bool = False) -> Plan:
    now = datetime.now(UTC) + later
    return planned(yard.forge, yard.clone, "main", now=now, forks=forks)


def reasons(plan: Plan) -> dict[int, str]:
    return {one.number: one.why for one in plan.due}


def test_a_request_without_a_verdict_is_due_and_a_judged_one_is_not(waiting: Yard) -> None:
    judged, missed = waiting.propose("churn", "1"), waiting.propose("spam", "2")
    waiting.judge(judged)

    plan = swept(waiting)

    assert reasons(plan) == {missed: "it has no verdict yet"}
    assert plan.open == 2


def test_an_approval_whose_judgement_went_astray_is_taken_up_at_once(waiting: Yard) -> None:
    number = waiting.propose("churn", "1")
    waiting.judge(number)
    assert reasons(swept(waiting)) == {}

    waiting.forge.approve(number, "ben")

    assert reasons(swept(waiting)) == {number: "it was reviewed after its verdict"}
    assert reasons(swept(waiting, timedelta(hours=2))) == {}
    assert reasons(swept(waiting, timedelta(hours=6, minutes=5))) != {}
    assert reasons(swept(waiting, timedelta(days=2))) == {}


def test_a_draft_is_left_alone(waiting: Yard) -> None:
    waiting.ana.proposes("draft", "Later", waiting.serving("churn", "1"))
    pull = waiting.forge.open_pull_requests()[0]
    waiting.forge.close(pull.number)
    waiting.forge.acting_as("ana").propose(
        title="Later", body="", head="draft", base="main", draft=True
    )

    assert reasons(swept(waiting)) == {}


def test_a_base_that_moved_elsewhere_leaves_a_verdict_standing(waiting: Yard) -> None:
    number = waiting.propose("churn", "1")
    waiting.judge(number)
    waiting.push(waiting.serving("spam", "2"))
    waiting.push_text(b"words", path="NOTES")

    assert reasons(swept(waiting)) == {}


def test_a_base_that_moved_the_same_model_makes_it_due(waiting: Yard) -> None:
    waiting.push(waiting.serving("churn", "1"))
    number = waiting.propose("churn", "2")
    waiting.judge(number)
    waiting.push(waiting.serving("churn", "3"))

    # Both change the one line that names the champion.
    assert reasons(swept(waiting)) == {number: "it conflicts with its base"}
    waiting.judge(number)
    assert reasons(swept(waiting)) == {}


def test_another_edit_of_the_same_model_makes_it_due(waiting: Yard) -> None:
    waiting.push(waiting.serving("churn", "1"))
    number = waiting.propose("churn", "2")
    waiting.judge(number)

    def hold(models: dict) -> dict:
        from bot.core.lock import Hold

        held = {"production": Hold(reason="no", by="@ana")}
        return {**models, "churn": models["churn"].model_copy(update={"holds": held})}

    waiting.push(hold)

    assert set(reasons(swept(waiting))) == {number}


def test_policies_that_moved_make_every_request_due(waiting: Yard) -> None:
    numbers = [waiting.propose("churn", "1"), waiting.propose("spam", "2")]
    for number in numbers:
        waiting.judge(number)
    waiting.push_text(MANUAL.replace("manual", "approved").encode(), path="policies/all.yaml")

    assert reasons(swept(waiting)) == dict.fromkeys(numbers, "the policies moved")


def test_evidence_that_is_a_week_old_is_measured_again(waiting: Yard) -> None:
    number = waiting.propose("churn", "1")
    waiting.judge(number)

    assert reasons(swept(waiting, timedelta(days=6))) == {}
    assert reasons(swept(waiting, timedelta(days=7, minutes=30))) == {
        number: "its evidence has expired"
    }


def test_an_order_that_nobody_carried_makes_its_request_due(waiting: Yard) -> None:
    number = waiting.propose("churn", "1")
    waiting.judge(number)
    order = Order(
        kind=Kind.HOLD, by="ben", at=datetime.now(UTC) + timedelta(minutes=1), number=number,
        head=waiting.forge.pull_request(number).head_sha, comment=77, url="", reason="wait",
    )  # fmt: skip
    AuditBranch(waiting.forge, waiting.clone).append(
        order_path(number, 77), written(order), "Order 77"
    )

    assert reasons(swept(waiting, timedelta(minutes=2))) == {
        number: "hold was ordered after its verdict"
    }


def test_a_freeze_that_began_or_ended_makes_what_waits_due(tmp_path: Path) -> None:
    first, last = (datetime.now(UTC) + timedelta(days=days) for days in (2, 4))
    freeze = f"freezes: [{{from: {first:%Y-%m-%d}, until: {last:%Y-%m-%d}, reason: holidays}}]\n"
    yard = Yard(tmp_path, MANUAL + freeze)
    yard.guard()
    number = yard.propose("churn", "1")
    yard.judge(number)

    began = datetime.combine(first.date(), time(), UTC) - datetime.now(UTC)
    assert reasons(swept(yard, timedelta(days=1))) == {}
    assert reasons(swept(yard, began + timedelta(minutes=20))) == {number: "a freeze began"}


def test_a_merge_that_was_cut_short_is_taken_up(yard: Yard) -> None:
    yard.guard()
    number = yard.propose("churn", "1")
    pull = yard.forge.pull_request(number)
    from bot.world.forge import Status

    words = f"PASS 2/2 gates: churn 1. Cleared to merge. @{yard.tip()[:12]}"
    status = Status(context="lockstep/gate: main", state="success", description=words, url=None)
    yard.forge.set_status(pull.head_sha, status)

    assert reasons(swept(yard)) == {}
    assert reasons(swept(yard, timedelta(minutes=15))) == {
        number: "it passed, and its merge was cut short"
    }


def test_a_sweep_that_acts_judges_what_it_found_and_then_finds_nothing(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The verb itself, twice."""
    yard.push(yard.serving("middle", "9"))
    numbers = [yard.propose("churn", "1"), yard.propose("spam", "2")]
    monkeypatch.setenv("LOCKSTEP_CACHE", str(yard.folder / "cache"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(yard.folder / "outputs"))
    forge = f"local:{yard.folder / 'forge'}"

    first = _verb(["sweep", "--act", "--json", "--forge", forge], capsys)
    second = _verb(["sweep", "--json", "--forge", forge], capsys)

    assert [row["number"] for row in first["evaluate"]] == numbers
    assert all(row["became"].startswith("landed as ") for row in first["evaluate"])
    assert second["evaluate"] == []
    assert second["guard"]["red"] == []
    plans = (yard.folder / "outputs").read_text().splitlines()
    assert plans[-1] == "plan=[]"
    assert [row["number"] for row in json.loads(plans[0].removeprefix("plan="))] == numbers


def test_a_landing_by_a_person_is_sealed_by_the_sweep(
    waiting: Yard, capsys: pytest.CaptureFixture[str]
) -> None:
    number = waiting.propose("churn", "1")
    waiting.judge(number)
    head = waiting.forge.pull_request(number).head_sha
    landed = waiting.forge.acting_as("ana").merge(number, sha=head, title="mine", message="")

    told = _verb(["sweep", "--json", "--forge", f"local:{waiting.folder / 'forge'}"], capsys)

    assert told["guard"]["sealed"] == [landed]
    assert told["guard"]["red"] == []


def _verb(words: list[str], capsys: pytest.CaptureFixture[str]) -> dict:
    from bot.cli import root

    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["lockstep", *words])
        assert run(root) == 0
    return json.loads(capsys.readouterr().out)
