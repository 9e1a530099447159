"""Predict, judge, land: the same verdicts, to the digit, as in one run."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.core.account import account
from bot.core.decision import Ruling
from bot.core.proposal import Request
from bot.flow import Conclusion, handle
from tests.stories.workshop import Workshop
from tests.zones.conftest import Play

MARKER = "<!-- lockstep:report:v1 "


def verdicts(conclusion: Conclusion) -> list[object]:
    record = account(conclusion.decision, conclusion.judgements, conclusion.proposal, "0")
    # How many rows were asked twice is drawn anew in every run.
    return [
        [
            {**one, "notes": None, "because": re.sub(r"[\d,]+ rows asked", "", one["because"])}
            for one in judgement["verdicts"]
        ]
        for judgement in record.content["judgements"]
    ]


def test_a_better_challenger_lands_through_three_zones(workshop: Workshop, play: Play) -> None:
    first = workshop.promote("1")
    conclusion, handed = play.judge(first, play.predict(first))
    assert conclusion.decision.ruling is Ruling.MERGE
    assert handed is not None
    assert workshop.landed(first) is None
    assert len(workshop.forge.reports(first, MARKER)) == 1

    said = play.land(handed)

    assert workshop.landed(first) is not None
    assert str(workshop.landed(first)) in said
    status = workshop.forge.status(handed.head, "lockstep/gate: main")
    assert status is not None
    assert status.state == "success"
    assert [path.split("/")[0] for path in workshop.audit()] == ["records", "seals"]
    assert play.land(handed) == f"pull request {first} had landed as {workshop.landed(first)}"


def test_verdicts_and_digits_are_those_of_one_run(workshop: Workshop, play: Play) -> None:
    workshop.judge(workshop.promote("1"))
    workshop.ana.pulls()
    number = workshop.promote("2")
    alone = handle(Request(number=number), replace(workshop.world, dry_run=True))

    conclusion, _ = play.judge(number, play.predict(number))

    assert verdicts(conclusion) == verdicts(alone)
    assert conclusion.decision == alone.decision
