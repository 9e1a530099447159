"""Where a policy names rows without labels, the zone of the models never reads a label."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.action import StoreRecord
from bot.core.bundle import RUN, read_run
from bot.core.decision import Ruling
from bot.core.errors import Fault
from bot.gates.contest import IN_REACH, REPORTED
from bot.world.store import digest_of
from tests.stories.workshop import Workshop, rows
from tests.zones.conftest import Play

NOWHERE = "https://127.0.0.1:9/holdout.parquet"


@pytest.fixture
def blind(workshop: Workshop, tmp_path: Path) -> Workshop:
    """A workshop whose policy names the rows without labels as well."""
    plain = tmp_path / "blind.parquet"
    rows(2).drop(columns="churned").to_parquet(plain)
    workshop.push_to_main("data/blind.parquet", plain.read_bytes())
    said = f"{{uri: data/blind.parquet, digest: {digest_of(plain).digest}, classes: ['0', '1']}}"
    text = workshop.policy_text().replace("    id:", f"    blind: {said}\n    id:")
    workshop.push_to_main("policies/churn.yaml", text.encode())
    workshop.ana.pulls()
    return workshop


def notes(conclusion: object) -> set[str]:
    judgements = conclusion.judgements  # type: ignore[attr-defined]  # a conclusion
    return {note for one in judgements for verdict in one.verdicts for note in verdict.notes}


def test_rows_without_labels_give_the_same_verdict_and_nothing_to_confess(
    blind: Workshop, play: Play
) -> None:
    number = blind.promote("1")

    conclusion, handed = play.judge(number, play.predict(number))

    assert conclusion.decision.ruling is Ruling.MERGE
    assert handed is not None
    assert IN_REACH not in notes(conclusion)


def test_without_them_the_report_says_that_labels_were_within_reach(
    workshop: Workshop, play: Play
) -> None:
    number = workshop.promote("1")

    conclusion, _ = play.judge(number, play.predict(number))

    assert IN_REACH in notes(conclusion)
    assert "read the labels before any model started" in conclusion.report.comment


def test_the_zone_of_the_models_does_without_the_labels(blind: Workshop, play: Play) -> None:
    text = blind.policy_text().replace("uri: data/holdout.parquet", f"uri: {NOWHERE}")
    policy = (blind.ana.clone / "policies/churn.yaml").read_text()
    said = next(line for line in policy.splitlines() if "blind:" in line)
    blind.push_to_main("policies/churn.yaml", text.replace("    id:", f"{said}\n    id:").encode())
    blind.ana.pulls()
    number = blind.promote("1")

    bundle = play.predict(number)

    found = read_run((bundle / RUN).read_bytes()).found
    assert [one.fault for one in found] == [None]
    assert (bundle / "0.predicted.npy").is_file()
    conclusion, handed = play.judge(number, bundle)
    faults = {verdict.fault for one in conclusion.judgements for verdict in one.verdicts}
    assert Fault.DATA_UNREACHABLE in faults
    # Nothing lands of it but its record.
    assert handed is not None
    assert [type(one) for one in handed.actions] == [StoreRecord]


def test_times_of_an_untrusted_job_are_said_to_be_its_own(tmp_path: Path) -> None:
    limit = "{at_most: 10s, because: x, review_by: 2999-01-01, requests: 60}"
    gates = f"    - loads\n    - latency: {limit}\n"
    workshop = Workshop(tmp_path / "timed", {"gates": gates, "registration": "artifact"})
    play = Play(workshop.forge, tmp_path / "jobs")
    number = workshop.promote("1")

    conclusion, _ = play.judge(number, play.predict(number))

    assert conclusion.decision.ruling is Ruling.MERGE
    assert REPORTED in notes(conclusion)
