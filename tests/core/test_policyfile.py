from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.core.errors import Malformed, PolicyMissing, Refusal, UnknownName
from bot.core.policy import ArtifactRules
from bot.core.policyfile import parse_policies, parse_policy, policy_for
from bot.gates import GATES

DATA = 'data: {holdout: {uri: h.parquet, digest: "sha256:%s", task: binary, target: late}}\n' % (
    "d" * 64
)
HEAD = f"models: [credit-*]\nladder: [staging, canary, production]\n{DATA}"
FAST = "promotion: {fast_track: {when: {metric: %s, data: %s, lower_bound_gain: %s}, skip: [%s]}}\n"


def read(text, head=HEAD):
    return parse_policy((head + text).encode(), "policies/p.yaml", GATES)


def said(text, head=HEAD):
    with pytest.raises(Refusal) as caught:
        read(text, head)
    return [str(problem) for problem in caught.value.problems]


def test_gates_are_asked_in_the_order_of_the_file_each_with_its_place():
    policy = read("gates:\n  staging:\n    - outputs\n    - leakage: {allow_share: 0.1}\n")
    asked = policy.gates("staging")
    assert [(ask.name, ask.place) for ask in asked] == [
        ("outputs", "policies/p.yaml:6:7"),
        ("leakage", "policies/p.yaml:7:7"),
    ]
    assert asked[1].gate.allow_share == 0.1
    assert policy.gates("production") == ()
    assert [ask.name for ask in policy.every_gate()] == ["outputs", "leakage"]


def test_one_gate_needs_no_dash():
    assert [ask.name for ask in read("gates: {staging: {leakage: {}}}\n").gates("staging")] == [
        "leakage"
    ]


def test_a_policy_says_how_it_is_read():
    policy = read("mode: observe\n")
    assert policy.ladder == ("staging", "canary", "production")
    assert set(policy.data) == {"holdout"}
    assert policy.artifacts.max_files == 1_000
    assert policy.sandbox.seconds == 300
    assert policy.promotion.merge == "approved"
    assert policy.digest.startswith("sha256:")
    assert policy.fast_track is None


@pytest.mark.parametrize(
    ("text", "observes"),
    [
        ("gates: {staging: [outputs]}\n", False),
        ("gates: {staging: [outputs: {mode: observe}]}\n", True),
        ("mode: observe\ngates: {staging: [outputs]}\n", True),
    ],
)
def test_a_policy_or_a_gate_may_only_observe(text, observes):
    assert read(text).gates("staging")[0].observe is observes


def test_a_gate_that_compares_is_refused_where_there_is_no_champion():
    found = said("gates: {opening: [compare: {metric: auc, allow_drop: 0}]}\n")
    place = "policies/p.yaml:4:19: "
    what = "compare compares with a champion, and in `opening` there is none"
    assert found == [f"{place}{what}; ask an absolute gate such as metric"]


def test_an_unknown_stage_gate_key_and_dataset_are_each_said_with_what_was_meant():
    found = said(
        "gates:\n  stagin: [outputs]\n  staging:\n    - output\n    - leakage: {data: hold}\n"
        "    - loads: {max_second: 3}\n"
    )
    assert found == [
        "policies/p.yaml:5:3: unknown stage 'stagin'; did you mean 'staging'?",
        "policies/p.yaml:7:7: unknown gate 'output'; did you mean 'outputs'?",
        "policies/p.yaml:8:7: leakage asks for the dataset 'hold'; did you mean 'holdout'?",
        "policies/p.yaml:9:15: unknown key 'max_second'; did you mean 'max_seconds'?",
    ]
    with pytest.raises(UnknownName):
        read("gates: {stagin: [outputs]}\n")


def test_a_dataset_is_described_where_there_is_none():
    found = said("gates: {p: [outputs]}\n", "models: [a]\nladder: [p]\n")
    assert found[0].endswith(
        "asks for the dataset 'holdout'; describe it under `data: {holdout: …}`"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("gates: [outputs]\n", "`gates` is a table of stages"),
        ("gates: {staging: outputs}\n", "this is not a list of gates"),
        ("gates: {staging: [[outputs]]}\n", "this is not one gate"),
        ("gates: {staging: [compare]}\n", "'metric' is missing"),
        ("ladders: []\n", "unknown key 'ladders'"),
    ],
)
def test_what_is_no_list_of_gates_is_refused(text, problem):
    assert problem in said(text)[0]


@pytest.mark.parametrize("text", ["gates:\n", "gates: {}\n", "gates: {staging: }\n", ""])
def test_a_policy_may_ask_nothing_yet(text):
    assert read(text).gates("staging") == ()


@pytest.mark.parametrize("text", ["- a\n", "hello\n", ""])
def test_what_is_no_table_is_no_policy(text):
    assert "this is not a policy; begin with `models: [name]`" in said(text, "")[0]


def test_gates_are_checked_although_the_head_is_wrong():
    found = said("gates: {x: [output]}\n", "models: []\nladder: [p]\n")
    assert any("unknown gate 'output'" in line for line in found)
    assert any("too few entries" in line for line in found)


@pytest.mark.parametrize(
    ("ladder", "problem"),
    [
        ("[a, b, a]", "ladder names a stage twice"),
        ("[opening, p]", "opening is no stage, it stands beside the ladder"),
    ],
)
def test_a_ladder_names_each_stage_once_and_only_stages(ladder, problem):
    with pytest.raises(Malformed, match=problem):
        read("", f"models: [a]\nladder: {ladder}\n")


def test_the_fast_track_is_read_as_the_gate_that_proves_it():
    fast = read(FAST % ("auc", "holdout", "0.02", "staging, canary")).fast_track
    assert fast is not None
    assert fast.compares
    assert fast.place == "policies/p.yaml:4:32"
    assert (fast.gate.metric, fast.gate.improve_by) == ("roc_auc", 0.02)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (("aux", "holdout", "0.02", "canary"), "there is no metric 'aux'; did you mean 'roc_auc'?"),
        (("auc", "hold", "0.02", "canary"), "the fast track asks for the dataset 'hold'"),
        (("auc", "holdout", "0", "canary"), "'lower_bound_gain' is '0', not above 0"),
        (("auc", "holdout", "0.1", "shadow"), "the fast track cannot skip 'shadow'"),
        (("auc", "holdout", "0.1", "production"), "the fast track cannot skip 'production'"),
    ],
)
def test_a_fast_track_that_cannot_work_is_refused(values, problem):
    assert any(problem in line for line in said(FAST % values))


def test_a_waiver_counts_for_its_gate_and_model_until_its_last_day():
    policy = read(
        'waivers: [{gate: latency, model: credit-risk, by: "@ana", reason: x, until: 2026-12-15}]\n'
    )
    last = date(2026, 12, 15)
    found = policy.waiver("latency", "credit-risk", last)
    assert found is not None
    assert (found.by, found.until) == ("@ana", last)
    assert policy.waiver("latency", "credit-risk", date(2026, 12, 16)) is None
    assert policy.waiver("latency", "credit-loss", last) is None
    assert policy.waiver("loads", "credit-risk", last) is None


def test_a_waiver_of_a_gate_that_does_not_exist_is_refused():
    found = said("waivers: [{gate: latencies, model: a, by: b, reason: c, until: 2026-12-15}]\n")
    assert found == [
        "policies/p.yaml:4:1: a waiver names the unknown gate 'latencies'; did you mean 'latency'?"
    ]


def test_a_freeze_holds_from_its_first_to_its_last_day():
    policy = read("freezes: [{from: 2026-12-20, until: 2026-12-22, reason: holidays}]\n")
    frozen = [day for day in range(18, 25) if policy.frozen(date(2026, 12, day))]
    assert frozen == [20, 21, 22]
    assert policy.frozen_at(date(2026, 12, 20)).endswith(":4:11")
    assert policy.frozen_at(date(2026, 12, 19)) == ""


def test_a_gate_may_be_hard_and_overrides_end():
    text = "gates: {staging: [loads: {hard: true}, outputs, artifact]}\noverrides: {expire: 2d}\n"
    policy = read(text)
    assert [ask.overridable for ask in policy.gates("staging")] == [False, True, False]
    assert policy.head.overrides.expire == timedelta(days=2)
    assert read("").head.overrides.expire == timedelta(days=7)
    for wrong in ("31d", "0s", "soon"):
        assert said(f"overrides: {{expire: {wrong}}}\n") != []


def test_a_freeze_that_ends_before_it_begins_is_refused():
    found = said("freezes: [{from: 2026-12-20, until: 2026-12-19, reason: x}]\n")
    assert "a freeze ends after it begins" in found[0]


def test_exactly_one_policy_covers_a_model():
    one, two, three = (
        (name, f"models: [{globs}]\nladder: [p]\n".encode())
        for name, globs in (("b.yaml", "credit-*"), ("a.yaml", "fraud"), ("c.yaml", "'*-risk'"))
    )
    policies = parse_policies(dict([one, two]), GATES)
    assert [policy.path for policy in policies] == ["a.yaml", "b.yaml"]
    assert policy_for("credit-risk", policies).path == "b.yaml"
    with pytest.raises(PolicyMissing, match="no policy covers churn") as caught:
        policy_for("churn", policies)
    assert "add policies/churn.yaml" in str(caught.value)
    with pytest.raises(PolicyMissing, match=r"credit-risk is covered by b\.yaml, c\.yaml"):
        policy_for("credit-risk", parse_policies(dict([one, three]), GATES))


@pytest.mark.parametrize(
    ("text", "value"),
    [("500MB", 500_000_000), ("2GiB", 2 * 2**30), ("1.5 kb", 1_500), ("7", 7), ("12B", 12)],
)
def test_sizes_are_read_as_people_write_them(text, value):
    assert read(f"artifacts: {{max_bytes: {text}}}\n").artifacts.max_bytes == value


def test_values_that_are_typed_already_are_taken_as_they_are():
    assert ArtifactRules(max_bytes=7).max_bytes == 7
    assert GATES["latency"](max_ratio=2, quantile=0.9).quantile == 0.9
    timed = {"at_most": timedelta(seconds=1), "because": "x", "review_by": "2027-01-01"}
    assert GATES["latency"](**timed).limit == 1_000


@pytest.mark.parametrize("text", ["lots", "5 XB", "-1", "0"])
def test_what_is_no_size_is_refused(text):
    assert said(f"artifacts: {{max_bytes: {text}}}\n")
