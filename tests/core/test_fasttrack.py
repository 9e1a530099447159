from __future__ import annotations

import pytest

from bot.core.evidence import Evidence
from bot.core.fasttrack import FastTrack
from bot.core.verdict import Outcome
from tests.builders import case
from tests.core.verdicts import Says, verdict


class Proof(Says):
    title = "compare roc_auc"


def told(answer):
    track = FastTrack(Proof(answer), ("staging", "canary"))
    return track.judge(case(), Evidence({}))


def test_the_fast_track_has_a_name_of_its_own():
    assert told(verdict()).title == "fast track: roc_auc"
    assert told(verdict()).unblock == ""


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.INCONCLUSIVE])
def test_who_shows_too_little_may_still_take_every_rung(outcome):
    assert told(verdict(outcome)).unblock == "promote to staging first, or gain more"
    short = told(verdict(outcome, unblock="900 rows would decide it"))
    assert short.unblock == "promote to staging first, or gain more: 900 rows would decide it"
