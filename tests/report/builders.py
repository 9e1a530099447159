"""Builders of the values a report is made from; every name in them is a literal to read."""

from __future__ import annotations

from datetime import UTC, date, datetime

from bot.core.case import Case, Contender
from bot.core.decision import Rules, decide
from bot.core.lock import Artifact, Entry
from bot.core.policy import ArtifactRules, Dataset, SandboxRules
from bot.core.proposal import Blob, Proposal, Request, Standing
from bot.core.transition import Past, Promotion
from bot.core.trial import Judgement, Trial
from bot.core.verdict import Bounds, Measure, Outcome, Verdict, Waiver
from bot.report.view import view

DOCUMENTATION = "https://docs.example.org/lockstep"
KEY = "4be1" * 16
BEFORE = b"""format: 1
models:
  credit-risk:
    versions:
      "3": {}
      "4": {}
    stages: {production: "3"}
"""
AFTER = BEFORE.replace(b'production: "3"', b'production: "4"')
WAIVER = Waiver(
    gate="latency",
    model="credit-risk",
    by="@ana",
    reason="new hardware in December",
    until=date(2026, 12, 15),
)


def contender(version: str, digit: str) -> Contender:
    digest = f"sha256:{digit * 64}"
    artifact = Artifact(uri=f"models/{version}.skops", digest=digest, flavor="skops")
    return Contender(version=version, entry=Entry(artifact=artifact))


def case(transition, *, model="credit-risk", champion="3", challenger="4", key=KEY) -> Case:
    holdout = Dataset(
        uri="data/holdout.parquet", digest=f"sha256:{'d' * 64}", task="binary", target="default"
    )
    return Case(
        transition=transition,
        model=model,
        challenger=contender(challenger, "7"),
        champion=contender(champion, "9") if champion else None,
        data={"holdout": holdout},
        artifacts=ArtifactRules(),
        sandbox=SandboxRules(),
        key=key,
    )


def promotion(model="credit-risk", stage="production", champion="3", challenger="4") -> Promotion:
    return Promotion(model=model, stage=stage, champion=champion, challenger=challenger)


def judgement(transition, *verdicts: Verdict, judged=None, **trial) -> Judgement:
    return Judgement(
        trial=Trial(
            case=judged,
            transition=transition,
            asked=(),
            policy="policies/credit.yaml",
            policy_digest=f"sha256:{'91ab' * 16}",
            **trial,
        ),
        verdicts=verdicts,
    )


def promoted(*verdicts: Verdict, **changes) -> Judgement:
    transition = promotion(**changes)
    judged = case(
        transition,
        model=transition.model,
        champion=transition.champion,
        challenger=transition.challenger,
    )
    cold = transition.champion is None
    return judgement(transition, *verdicts, judged=judged, cold_start=cold)


def gate(name: str, title: str, outcome: Outcome = Outcome.PASSED, **more) -> Verdict:
    values = {
        "because": f"{title} is as asked",
        "required": f"{title} stands",
        "place": "policies/credit.yaml:12:7",
    }
    return Verdict(gate=name, title=title, outcome=outcome, **{**values, **more})


def compare(value=0.021, lower=0.012, upper=0.030, limit=-0.005, **more) -> Verdict:
    outcome = Outcome.PASSED if lower >= limit else Outcome.INCONCLUSIVE
    outcome = Outcome.FAILED if upper < limit else outcome
    word = "improves" if value > 0 else "drops"
    measure = Measure(
        name="pr_auc",
        challenger=Bounds(value=0.791 + value, lower=0.78 + value, upper=0.80 + value),
        champion=0.791,
        difference=Bounds(value=value, lower=lower, upper=upper),
        limit=limit,
        n=48_211,
        confidence=0.95,
        method="paired bootstrap over blocks",
    )
    return gate(
        "compare",
        "compare pr_auc",
        outcome,
        **{
            "because": f"pr_auc {word} by {abs(value):.3f} "
            f"({lower:+.3f} to {upper:+.3f}, n = 48,211)",
            "required": f"pr_auc may drop by at most {-limit:.3f}",
            "measured": (measure,),
            **more,
        },
    )


def latency(value=18.4, outcome=Outcome.PASSED, **more) -> Verdict:
    bounds = Bounds(value=value, lower=value - 1, upper=value + 1.2)
    measure = Measure(
        name="p99",
        challenger=bounds,
        champion=17.9,
        limit=25.0,
        direction="lower",
        unit="ms",
        n=400,
        confidence=0.95,
        method="order statistics",
    )
    return gate(
        "latency",
        "latency p99",
        outcome,
        because=f"the 99th percentile is {value} ms",
        required="at most 25 ms",
        measured=(measure,),
        **more,
    )


def slice_of(name: str, n: int, value: float, outcome=Outcome.PASSED, note="") -> Measure:
    bounds = Bounds(value=value, lower=value - 0.02, upper=value + 0.02)
    return Measure(
        name=name,
        challenger=0.6 + value,
        champion=0.6,
        difference=bounds,
        limit=-0.03,
        n=n,
        confidence=0.95,
        method="Newcombe, Holm",
        outcome=outcome,
        note=note,
    )


def proposal(**changes) -> Proposal:
    values = {
        "request": Request(number=7),
        "repository": "acme/models",
        "title": "Promote credit-risk 4",
        "author": "ana",
        "branch": "main",
        "default_branch": "main",
        "base_sha": "def5678" + "0" * 33,
        "head_sha": "abc1234" + "0" * 33,
        "base": Blob(text=BEFORE, oid="b" * 40),
        "head": Blob(text=AFTER, oid="a" * 40),
        "touched": (),
        "past": Past(landed={}),
        "standing": Standing(),
        "now": datetime(2026, 11, 23, 9, 41, tzinfo=UTC),
    }
    return Proposal(**{**values, **changes})


def seen(decision, judgements, read=None):
    return view(
        decision, judgements, read or proposal(), documentation=DOCUMENTATION, version="0.1.0"
    )


def decided(*judgements: Judgement, standing=None, merge="auto", freeze=None):
    return decide(judgements, standing or Standing(), Rules(merge=merge, freeze=freeze))
