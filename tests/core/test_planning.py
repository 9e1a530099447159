from __future__ import annotations

from datetime import date

import pytest

from bot.core.errors import ForbiddenChange, PolicyMissing
from bot.core.fasttrack import skipped
from bot.core.lock import Hold as Held
from bot.core.planning import UNDECIDED, Court, plan
from bot.core.policyfile import parse_policies
from bot.core.transition import (
    Exposure,
    Hold,
    Past,
    Promotion,
    Registration,
    Release,
    Retirement,
    Rewiring,
)
from bot.gates import GATES
from tests.landed import MODEL, model, past, promotion, rollback

DATA = 'data: {holdout: {uri: h.parquet, digest: "sha256:%s", task: binary, target: late}}\n' % (
    "d" * 64
)
POLICY = f"""\
models: [credit-risk]
ladder: [staging, canary, production]
{DATA}gates:
  registration: [artifact, lineage]
  staging: [outputs]
  canary: [compare: {{metric: recall, allow_drop: 0.1}}]
  production: [loads: {{max_seconds: 9}}, compare: {{metric: roc_auc, improve_by: 0}}]
  opening: [leakage]
"""
FAST = """\
promotion:
  fast_track:
    when: {metric: roc_auc, lower_bound_gain: 0.02}
    skip: [canary]
"""
SERVING = model("1 2 3", "1", stages={"staging": "2", "canary": "2", "production": "1"})


def court(policy=POLICY, base=SERVING, head=SERVING, landed=None, **changes):
    stated = {
        "base": {MODEL: base} if base else {},
        "head": {MODEL: head},
        "past": landed or Past(landed={}),
        "policies": parse_policies({"policies/p.yaml": policy.encode()}, GATES),
        "repository": "acme/models",
        "version": "0.1.0",
        "today": date(2026, 11, 23),
        "gate": lambda name, settings: GATES[name].model_validate(settings),
    }
    return Court(**{**stated, **changes})


def planned(change, *args, **changes):
    (trial,) = plan([change], court(*args, **changes))
    return trial


def names(trial):
    return [ask.name for ask in trial.asked]


def test_a_registration_is_asked_its_own_gates_and_has_no_champion():
    entry = SERVING.versions["3"]
    trial = planned(Registration(model=MODEL, version="3", entry=entry))
    assert names(trial) == ["artifact", "lineage"]
    assert trial.case.champion is None
    assert trial.case.challenger.entry == entry
    assert not trial.cold_start


def test_a_promotion_is_asked_the_gates_of_its_stage_against_the_champion():
    trial = planned(promotion("1", "2"))
    assert names(trial) == ["loads", "compare"]
    assert (trial.case.challenger.version, trial.case.champion.version) == ("2", "1")
    assert trial.case.data.keys() == {"holdout"}
    assert trial.policy == "policies/p.yaml"
    assert not trial.needs_person


def test_a_first_champion_is_asked_what_does_not_compare_and_the_opening_gates():
    trial = planned(promotion(None, "2"))
    assert names(trial) == ["loads", "leakage"]
    assert trial.cold_start
    assert trial.case.champion is None


def test_a_first_champion_without_opening_gates_is_asked_nothing_so_it_cannot_pass():
    closed = POLICY.replace("  opening: [leakage]\n", "")
    assert planned(promotion(None, "2"), closed).asked == ()


def test_a_rung_may_not_be_skipped():
    with pytest.raises(ForbiddenChange) as caught:
        planned(promotion("1", "3"))
    (problem,) = caught.value.problems
    assert problem.what == ("credit-risk 3 would skip staging, canary on its way to production")
    assert problem.remedy == "promote it to staging first"


def test_a_rung_that_was_held_before_is_not_skipped():
    before = model("1 2 3", "1", stages={"canary": "3", "production": "1"})
    assert names(planned(promotion("1", "3"), landed=past(before, SERVING))) == ["loads", "compare"]


def test_the_first_rung_skips_nothing():
    change = Promotion(model=MODEL, stage="staging", champion="2", challenger="3")
    assert names(planned(change)) == ["outputs"]


def test_a_fast_track_lets_its_rungs_be_skipped_for_a_proof():
    rising = model("1 2 3", stages={"staging": "3", "production": "1"})
    trial = planned(promotion("1", "3"), POLICY + FAST, base=rising)
    assert names(trial) == ["loads", "compare", "compare"]
    fast = trial.asked[-1].gate
    assert fast.proof.improve_by == 0.02
    assert fast.title == "fast track: roc_auc"
    assert skipped(trial) == ("canary",)


def test_a_fast_track_skips_only_its_own_rungs_and_never_opens_a_stage():
    with pytest.raises(ForbiddenChange):
        planned(promotion("1", "3"), POLICY + FAST)
    rising = model("1 2 3", stages={"staging": "3"})
    with pytest.raises(ForbiddenChange):
        planned(promotion(None, "3"), POLICY + FAST, base=rising)


def test_a_model_that_is_new_starts_on_the_first_rung():
    change = Promotion(model=MODEL, stage="staging", champion=None, challenger="1")
    assert planned(change, base=None).cold_start
    with pytest.raises(ForbiddenChange):
        planned(promotion(None, "1"), base=None)


def test_a_stage_that_is_no_rung_is_refused():
    change = Promotion(model=MODEL, stage="shadow", champion=None, challenger="1")
    with pytest.raises(ForbiddenChange, match="has no stage shadow on its ladder") as caught:
        planned(change)
    assert "its rungs are staging, canary, production" in str(caught.value)


def test_a_rollback_is_asked_integrity_alone_as_the_policy_sets_it():
    trial = planned(rollback("2", "1"))
    assert names(trial) == ["artifact", "unsafe_code", "loads", "schema"]
    assert trial.fast_lane
    assert trial.asked[2].gate.max_seconds == 9
    assert trial.asked[3].gate.data == "holdout"
    assert trial.asked[1].place == "policies/p.yaml (fast lane)"
    assert trial.case.challenger.version == "1"


def test_a_rollback_without_data_is_not_asked_for_a_schema():
    bare = "models: [credit-risk]\nladder: [production]\n"
    assert names(planned(rollback("2", "1"), bare)) == ["artifact", "unsafe_code", "loads"]


def test_a_rollback_is_judged_even_where_the_policy_only_observes():
    watched = POLICY + "mode: observe\n"
    assert not any(ask.observe for ask in planned(rollback("2", "1"), watched).asked)


def test_a_policy_that_only_observes_leaves_the_decision_to_a_person():
    assert planned(promotion("1", "2"), POLICY + "mode: observe\n").needs_person == UNDECIDED


def test_a_waiver_reaches_the_gate_it_names():
    text = 'waivers: [{gate: loads, model: credit-risk, by: "@a", reason: b, until: 2026-12-01}]\n'
    trial = planned(promotion("1", "2"), POLICY + text)
    assert [ask.waived and ask.waived.by for ask in trial.asked] == ["@a", None]


def test_more_traffic_is_asked_the_gates_of_its_stage_against_what_serves():
    change = Exposure(model=MODEL, stage="canary", before=5, after=10)
    trial = planned(change)
    assert names(trial) == ["compare"]
    assert (trial.case.challenger.version, trial.case.champion.version) == ("2", "1")
    unserved = model("1 2", stages={"canary": "2"})
    assert planned(change, head=unserved).case.champion is None


def test_less_traffic_is_asked_nothing():
    trial = planned(Exposure(model=MODEL, stage="canary", before=10, after=5))
    assert trial.settled == "less traffic only lowers exposure"


@pytest.mark.parametrize(
    ("change", "settled", "person"),
    [
        (
            Hold(model=MODEL, stage="production", hold=Held(reason="audit", by="@ana")),
            "a hold only restricts",
            "a person confirms that a whole stage is held",
        ),
        (
            Hold(
                model=MODEL,
                stage="production",
                hold=Held(reason="rolled back", by="@ana", version="2"),
            ),
            "a hold only restricts",
            "",
        ),
        (
            Retirement(model=MODEL, version="1", stage=None, reason="leaks"),
            "a retirement only restricts",
            "a person confirms that a version is taken out of service",
        ),
        (
            Release(model=MODEL, version="2", stage=None),
            "a release promotes nothing by itself",
            "a person lets a version that was rolled back be proposed again",
        ),
    ],
)
def test_what_only_restricts_is_settled_and_what_frees_needs_a_person(change, settled, person):
    trial = planned(change)
    assert (trial.settled, trial.needs_person, trial.case) == (settled, person, None)


def test_a_rewiring_is_guarded_by_nothing_yet_so_it_cannot_pass():
    trial = planned(Rewiring(model=MODEL, before={}, after={"embedding": "production"}))
    assert trial.asked == ()
    assert not trial.settled


def test_a_model_without_a_policy_is_refused():
    with pytest.raises(PolicyMissing):
        planned(promotion("1", "2"), POLICY.replace("[credit-risk]", "[other]"))


def key(change=None, *args, **changes):
    return planned(change or promotion("1", "2"), *args, **changes).case.key


def test_the_evidence_key_depends_on_what_a_verdict_depends_on():
    here = key()
    assert here == key()
    assert len(here) == 64
    others = {
        key(promotion("3", "2")),
        key(promotion(None, "2")),
        key(rollback("1", "2")),
        key(None, POLICY + "mode: observe\n"),
        key(repository="acme/others"),
        key(version="0.2.0"),
    }
    assert len(others | {here}) == 7


def test_an_emptied_stage_is_judged_against_its_last_champion():
    vacated = SERVING.model_copy(update={"stages": {}})
    stage, last = next(iter(SERVING.stages.items()))
    other = next(version for version in SERVING.versions if version != last)
    head = SERVING.model_copy(update={"stages": {stage: other}})
    move = Promotion(model=MODEL, stage=stage, champion=None, challenger=other)

    trial = planned(move, base=vacated, head=head, landed=past(SERVING, vacated))

    assert trial.case.champion.version == last
    assert not trial.cold_start
