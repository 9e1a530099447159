"""One story for each headline a report can have."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bot.core.decision import Decision, Ruling, refuse
from bot.core.errors import (
    Fault,
    ForbiddenChange,
    Malformed,
    NotCanonical,
    OutOfScope,
    PolicyMissing,
    Problem,
    UnsafeFile,
)
from bot.core.fasttrack import FastTrack
from bot.core.lock import Entry, Hold
from bot.core.proposal import Request, Standing
from bot.core.transition import (
    Exposure,
    Registration,
    Release,
    Retirement,
    Rewiring,
    Rollback,
)
from bot.core.transition import (
    Hold as Held,
)
from bot.core.trial import Asked
from bot.core.verdict import Bounds, Measure, Outcome
from tests.report.builders import (
    WAIVER,
    case,
    compare,
    contender,
    decided,
    gate,
    judgement,
    latency,
    promoted,
    promotion,
    proposal,
    slice_of,
)
from tests.report.standings import FREEZE, HELD, OVER, OWNED, STALE

MISSING = "sandbox layer missing: namespaces (this kernel does not let an ordinary user make them)"
MERGED = Standing(open=False, merged_as="0a1b2c3" + "4" * 33)
INTEGRITY = (
    gate("artifact", "artifact", because="skops, 14.2 MB, 1 file, digest sha256:777777… as stated"),
    gate("lineage", "lineage", because="code, data and environment are named"),
)
LOADS = gate(
    "loads",
    "loads",
    because="loaded in 0.412 s with 182.4 MB",
    required="at most 60 s",
    measured=(Measure(name="load", challenger=0.412, limit=60.0, direction="lower", unit="s"),),
    notes=("sandbox: landlock7, seccomp, rlimits", MISSING),
)
SLICES = gate(
    "slices",
    "slices recall",
    Outcome.FAILED,
    because="recall drops by 0.092 (at most 0.069) on origin=JFK, n = 812",
    required="recall drops by at most 0.030 on any slice of origin",
    unblock="0.039 more on origin=JFK",
    measured=(
        slice_of("recall [origin=EWR]", 903, 0.012),
        slice_of("recall [origin=JFK]", 812, -0.092, Outcome.FAILED),
        slice_of("recall [origin=LGA]", 240, -0.028, Outcome.INCONCLUSIVE),
        slice_of("recall [origin=TEB]", 7, -0.5, Outcome.INCONCLUSIVE),
    ),
    details=("3 of 4 slices judged, Holm over 3",),
)
SLOW = latency(31.0, Outcome.FAILED)
UNDECIDED = compare(
    value=0.001,
    lower=-0.030,
    upper=0.032,
    limit=-0.010,
    because="the interval -0.030 to +0.032 includes the limit -0.010",
    unblock="about 4,100 labelled rows would decide it (now 1,240)",
)
BROKEN = gate(
    "compare",
    "compare pr_auc",
    Outcome.ERRORED,
    because="the hold-out data/holdout.parquet has no column `default`",
    required="evidence",
    remedy="name the target column in the policy under `data:`",
    fault=Fault.TARGET_MISSING,
)
FLOOR = gate(
    "metric",
    "metric roc_auc",
    because="roc_auc is 0.734 (at least 0.727), the floor is 0.720",
    required="at least 0.720",
    measured=(
        Measure(
            name="roc_auc",
            challenger=Bounds(value=0.734, lower=0.727, upper=0.741),
            limit=0.72,
            n=12_000,
            confidence=0.95,
        ),
    ),
)


def passed():
    return (promoted(compare(), latency(), *INTEGRITY, LOADS),)


def _story(judgements, read=None, **more):
    standing = more.get("standing") or Standing()
    return decided(*judgements, **more), judgements, read or proposal(standing=standing)


def _lone(transition, **more):
    return (judgement(transition, settled="only restricts, so nothing is asked", **more),)


def _rollback():
    transition = Rollback(model="credit-risk", stage="production", champion="4", restored="3")
    judged = case(transition, champion="4", challenger="3")
    return (judgement(transition, *INTEGRITY, LOADS, judged=judged, fast_lane=True),)


def _fast_track():
    ask = Asked(name="compare", gate=FastTrack(None, ("staging",)), place="p.yaml:9:3")
    doubt = replace(
        UNDECIDED, title="fast track: pr_auc", unblock="promote to staging first, or gain more"
    )
    judged = promoted(compare(), doubt)
    return replace(judged, trial=replace(judged.trial, asked=(ask,)))


def _registered():
    entry = Entry(artifact=contender("4", "7").entry.artifact)
    transition = Registration(model="credit-risk", version="4", entry=entry)
    return judgement(transition, *INTEGRITY, judged=case(transition, champion=None))


def _refused(kind, *problems, read=None):
    return refuse(kind(*problems)), (), read or proposal()


def _scope():
    paths = ("src/train.py", "policies/credit.yaml")
    return _refused(
        OutOfScope,
        *(
            Problem(
                file=path,
                what="a promotion changes models.lock and nothing else",
                remedy="move it to a pull request of its own",
            )
            for path in paths
        ),
    )


def _malformed():
    return _refused(
        Malformed,
        Problem(
            file="models.lock",
            line=12,
            column=5,
            what="unknown key 'stagess'",
            remedy="did you mean 'stages'?",
        ),
        Problem(
            file="models.lock",
            line=14,
            column=7,
            what="version '4' is there twice",
            remedy="keep one of them",
        ),
    )


def _several():
    other = promoted(UNDECIDED, model="fraud", champion="1.9", challenger="1.10")
    third = promoted(BROKEN, model="churn", champion="a", challenger="b")
    return (_registered(), *passed(), other, third)


BAN = Held(
    model="credit-risk",
    stage="production",
    hold=Hold(reason="incident 42", by="@ana", until=date(2026, 12, 1)),
)

STORIES = {
    "passed-merges": lambda: _story(passed()),
    "passed-waits-for-review": lambda: _story(passed(), merge="approved"),
    "passed-waits-for-a-person": lambda: _story(passed(), merge="manual"),
    "passed-draft": lambda: _story(passed(), standing=Standing(draft=True), merge="approved"),
    "passed-frozen": lambda: _story(passed(), freeze=FREEZE),
    "passed-held": lambda: _story(passed(), standing=Standing(holds=(HELD,)), merge="approved"),
    "passed-stale-review": lambda: _story(passed(), standing=STALE, merge="approved"),
    "passed-waits-for-an-owner": lambda: _story(passed(), standing=OWNED, merge="approved"),
    "overridden": lambda: _story((promoted(compare(), replace(SLOW, overridden=OVER)),)),
    "failed-hard": lambda: _story((promoted(compare(), replace(SLOW, hard=True)),)),
    "landed": lambda: _story(passed(), proposal(standing=MERGED)),
    "working-tree": lambda: _story(
        passed(), proposal(request=Request(), branch="", head_sha=proposal().base_sha)
    ),
    "rollback-and-hold": lambda: _story((*_rollback(), *_lone(BAN))),
    "fast-track": lambda: _story((_fast_track(),)),
    "already-merged": lambda: _story((), proposal(standing=MERGED)),
    "failed": lambda: _story(
        (promoted(compare(-0.012, -0.015, -0.009), SLICES, *INTEGRITY, LOADS),)
    ),
    "inconclusive": lambda: _story((promoted(UNDECIDED, *INTEGRITY),)),
    "errored": lambda: _story((promoted(BROKEN, *INTEGRITY, LOADS),)),
    "refused-scope": _scope,
    "refused-malformed": _malformed,
    "refused-not-canonical": lambda: _refused(
        NotCanonical,
        Problem(
            file="models.lock",
            line=7,
            what="the lock is not in canonical form",
            remedy="run `lockstep fmt`",
        ),
    ),
    "refused-forbidden": lambda: _refused(
        ForbiddenChange,
        Problem(
            file="models.lock",
            line=9,
            what="version '3' has another digest than before",
            remedy="register a new version",
        ),
    ),
    "refused-policy-missing": lambda: _refused(
        PolicyMissing,
        Problem(what="no policy matches credit-risk", remedy="add one under policies/"),
    ),
    "refused-unsafe-file": lambda: _refused(
        UnsafeFile,
        Problem(file="models.lock", what="it is a symlink", remedy="commit a plain file"),
        read=proposal(head=None),
    ),
    "rollback": lambda: _story(
        _rollback(), merge="approved", freeze=FREEZE, standing=Standing(approved_by=("ben",))
    ),
    "nothing": lambda: _story(()),
    "waived": lambda: _story((promoted(compare(), replace(SLOW, waived=WAIVER)),)),
    "observed": lambda: _story((promoted(replace(SLICES, observed=True), compare()),)),
    "first-champion": lambda: _story(
        (promoted(FLOOR, *INTEGRITY, champion=None),), proposal(base=None)
    ),
    "registered": lambda: _story((_registered(),)),
    "release": lambda: _story(
        _lone(
            Release(model="credit-risk", version="4", stage=None),
            needs_person="a release needs a person",
        )
    ),
    "hold": lambda: _story(_lone(BAN)),
    "vacated": lambda: _story(
        _lone(Retirement(model="credit-risk", version="3", stage="canary", reason=None))
    ),
    "retired": lambda: _story(
        _lone(Retirement(model="credit-risk", version="1", stage=None, reason="leaks postcode"))
    ),
    "exposure": lambda: _story(
        (
            judgement(
                Exposure(model="credit-risk", stage="canary", before=10, after=25),
                FLOOR,
                judged=case(promotion(stage="canary")),
            ),
        )
    ),
    "rewired": lambda: _story(
        _lone(Rewiring(model="credit-risk", before={}, after={"embedding": "production"}))
    ),
    "several-models": lambda: _story(_several()),
    "reverted": lambda: (
        Decision(
            ruling=Ruling.REVERT,
            because="recall fell to 0.512, the floor is 0.600",
            outcome=Outcome.FAILED,
        ),
        _rollback(),
        proposal(),
    ),
}
