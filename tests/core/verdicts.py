"""Builders of trials, judgements and proposals, for what follows from verdicts."""

from __future__ import annotations

from datetime import UTC, date, datetime

from bot.core.policy import Freeze
from bot.core.proposal import Blob, Proposal, Request, Standing, Touched
from bot.core.transition import Past, Promotion
from bot.core.trial import Asked, Judgement, Trial
from bot.core.verdict import Bounds, Measure, Outcome, Verdict, Waiver
from tests.builders import case
from tests.landed import MODEL

PROMOTION = Promotion(model=MODEL, stage="production", champion="3", challenger="4")
FREEZE = Freeze.model_validate({"from": "2026-11-20", "until": "2026-11-30", "reason": "audit"})
WAIVER = Waiver(gate="latency", model=MODEL, by="@ana", reason="slow", until=date(2026, 12, 1))


def verdict(outcome=Outcome.PASSED, because="it is 1", **more) -> Verdict:
    stated = {"gate": "compare", "title": "compare roc_auc", "required": "2"}
    return Verdict(**{**stated, "outcome": outcome, "because": because, **more})


def trial(transition=PROMOTION, about=None, asked=(), **more) -> Trial:
    stated = {"policy": "policies/p.yaml", "policy_digest": "sha256:" + "9" * 64}
    return Trial(**{**stated, "case": about, "transition": transition, "asked": asked, **more})


def judged(*outcomes, transition=PROMOTION, about=None, **more) -> Judgement:
    verdicts = tuple(
        one if isinstance(one, Verdict) else verdict(one, f"it is {one.name.lower()}")
        for one in outcomes
    )
    return Judgement(trial=trial(transition, about or case(), **more), verdicts=verdicts)


def settled(transition, person="") -> Judgement:
    return Judgement(trial=trial(transition, settled="it restricts", needs_person=person),
                     verdicts=())  # fmt: skip


def compared(value=0.1) -> Measure:
    return Measure(name="f1", difference=Bounds(value=value, lower=value, upper=value))


class Says:
    """A question with a fixed answer."""

    title = "a question"

    def __init__(self, answer=None, needs=frozenset()) -> None:
        self.answer, self.asked = answer or verdict(), needs

    def needs(self, _case):
        return self.asked

    def judge(self, _case, evidence):
        for need in self.asked:
            evidence[need]
        return self.answer


def ask(answer=None, needs=frozenset(), **more) -> Asked:
    return Asked(name="compare", gate=Says(answer, needs), place="policies/p.yaml:9:3", **more)


def proposal(**changes) -> Proposal:
    stated = {
        "request": Request(number=7),
        "repository": "acme/models",
        "title": "Promote 4",
        "author": "ana",
        "branch": "main",
        "default_branch": "main",
        "base_sha": "b" * 40,
        "head_sha": "a" * 40,
        "base": Blob(text=b"", oid="0" * 40),
        "head": Blob(text=b"", oid="1" * 40),
        "touched": (Touched(path="models.lock", mode="100644", size=10),),
        "past": Past(landed={}),
        "standing": Standing(),
        "now": datetime(2026, 11, 23, 9, 41, tzinfo=UTC),
    }
    return Proposal(**{**stated, **changes})
