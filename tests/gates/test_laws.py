"""What holds for every gate of the table, whatever it asks."""

from __future__ import annotations

import ast
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.document import read
from bot.core.errors import Fault, Malformed
from bot.core.evidence import Evidence
from bot.core.policyfile import parse_policy
from bot.core.questions import Feature
from bot.core.trial import Asked, Trial, judge
from bot.core.typed import load
from bot.core.verdict import Bounds, Outcome
from bot.gates import GATES
from bot.gates.docstrings import field_docstrings
from tests.builders import (
    ABSENT,
    against_itself,
    case,
    evidence,
    holdout,
    overlap,
    rehearsal,
    scored,
    target,
    times,
    timings,
)

FOLDER = Path(__file__).resolve().parents[2] / "bot" / "gates"
SHARED = {"__init__", "gate", "fields", "contest", "describe", "docstrings", "page"}
"""Files of the folder that are no gates."""
SPARED = {("schema", "champion")}
"""A champion that does not load is no fault of the challenger: only its changes go unnamed."""
TRUTH = target()
ROWS = holdout(
    TRUTH,
    {"region": ["north" if number % 2 else "south" for number in range(len(TRUTH))]},
    features=(Feature(name="region", kind="text", missing=0, values=("north", "south")),),
)
POLICY = """\
models: [credit-risk]
ladder: [production]
data:
  holdout: {uri: holdout.parquet, digest: "sha256:%s", task: binary, target: late}
gates:
  %s: [%s]
"""
every_gate = pytest.mark.parametrize("name", GATES)


def parsed(entry, section="production"):
    text = POLICY % ("d" * 64, section, entry)
    return parse_policy(text.encode(), "policies/p.yaml", GATES)


def asked(name):
    (ask,) = parsed(GATES[name].example).gates("production")
    return ask.gate


def changed(name, **other):
    return GATES[name].model_validate({**asked(name).model_dump(exclude_none=True), **other})


def found(gate, about=None, **measured):
    about = about or case()
    return gate.judge(about, evidence(gate, about, **{"holdout": ROWS, **measured}))


def outcome_with(gate, about, facts):
    ask = Asked(name=gate.name, gate=gate, place="policies/p.yaml:7:15")
    trial = Trial(
        case=about,
        transition=about.transition,
        asked=(ask,),
        policy="policies/p.yaml",
        policy_digest="sha256:" + "0" * 64,
    )
    (judgement,) = judge([trial], Evidence(facts))
    return judgement.verdicts[0]


@every_gate
def test_the_example_of_the_documentation_is_read_and_passes(name):
    assert found(asked(name)).outcome is Outcome.PASSED


@every_gate
def test_without_evidence_the_answer_is_an_error(name):
    gate, about = asked(name), case()
    verdict = outcome_with(gate, about, {})
    assert verdict.outcome is Outcome.ERRORED
    assert verdict.fault is Fault.NOT_GATHERED


@every_gate
def test_whatever_single_answer_is_missing_the_gate_does_not_pass(name):
    gate, about = asked(name), case()
    facts = evidence(gate, about, holdout=ROWS).facts
    for need in facts:
        whose = getattr(need, "artifact", None)
        who = "champion" if whose == about.champion.entry.artifact else "challenger"
        if (name, who) in SPARED:
            continue
        verdict = outcome_with(gate, about, {**facts, need: ABSENT})
        assert verdict.outcome is Outcome.ERRORED, need
        assert verdict.because == ABSENT.reason
        assert verdict.remedy == ABSENT.remedy


@every_gate
def test_the_same_evidence_gives_the_same_verdict(name):
    gate, about = asked(name), case()
    facts = evidence(gate, about, holdout=ROWS)
    assert gate.judge(about, facts) == gate.judge(about, facts)


@every_gate
def test_the_order_of_evidence_does_not_matter(name):
    gate, about = asked(name), case()
    facts = evidence(gate, about, holdout=ROWS).facts
    turned = Evidence(dict(reversed(facts.items())))
    assert gate.judge(about, turned) == gate.judge(about, Evidence(facts))


@every_gate
def test_a_verdict_names_its_gate_and_says_what_was_measured_and_required(name):
    verdict = found(asked(name))
    assert verdict.gate == name
    assert verdict.title.startswith(name)
    assert verdict.required
    assert any(character.isdigit() for character in verdict.because)
    if verdict.measured:
        assert _names_a_value(verdict)


def _names_a_value(verdict):
    said = [float(one.replace(",", "")) for one in re.findall(r"\d[\d,]*\.?\d*", verdict.because)]
    values = [value for measure in verdict.measured for value in _values(measure)]
    scales = (1.0, 100.0, 1e-3, 1e-6, 1e-9)
    return any(
        math.isclose(abs(value) * scale, number, abs_tol=6e-4, rel_tol=5e-3)
        for value in values
        for scale in scales
        for number in said
    )


def _values(measure):
    for quantity in (measure.difference, measure.challenger):
        if quantity is not None:
            yield quantity.value if isinstance(quantity, Bounds) else quantity


@every_gate
def test_settings_survive_a_round_trip_through_yaml(name):
    gate = asked(name)
    text = yaml.safe_dump(gate.model_dump(mode="json", exclude_none=True))
    assert load(read(text.encode(), "p.yaml"), GATES[name]) == gate


@every_gate
def test_a_gate_and_each_of_its_settings_say_what_they_mean(name):
    gate = GATES[name]
    assert gate.__doc__ != GATES["artifact"].__base__.__doc__
    assert vars(gate).get("__doc__")
    assert set(field_docstrings(gate)) == set(gate.model_fields)


@every_gate
def test_a_gate_that_compares_opens_nothing(name):
    for section in ("registration", "opening"):
        if not GATES[name].compares:
            assert parsed(GATES[name].example, section).gates(section)
            continue
        with pytest.raises(Malformed, match=f"in `{section}` there is none"):
            parsed(GATES[name].example, section)


@every_gate
def test_a_gate_lies_in_the_file_of_its_name(name):
    gate = GATES[name]
    assert gate.name == name
    assert gate.__module__ == f"bot.gates.{name}"
    assert gate.__name__.lower() == name.replace("_", "")


def test_every_file_is_a_gate_of_the_table_or_shared():
    assert {path.stem for path in FOLDER.glob("*.py")} == set(GATES) | SHARED


@every_gate
def test_no_gate_imports_another(name):
    imported = set(_imports(ast.parse((FOLDER / f"{name}.py").read_text("utf-8"))))
    assert not imported & {f"bot.gates.{other}" for other in GATES if other != name}


def _imports(tree):
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=names):
                yield module
                yield from (f"{module}.{one.name}" for one in names)
            case ast.Import(names=names):
                yield from (one.name for one in names)


limits = st.floats(0.0, 1.0)


def never_passes_what_is_laxer(strict, lax):
    return not (strict.outcome is Outcome.PASSED and lax.outcome is not Outcome.PASSED)


@given(st.tuples(limits, limits).map(sorted), st.floats(0.2, 2.0))
def test_a_higher_floor_never_passes_what_a_lower_one_refused(floors, skill):
    why = {"because": "x", "review_by": "2027-03-01", "metric": "roc_auc"}
    given_ = {"challenger": scored(TRUTH[:400], skill), "holdout": holdout(TRUTH[:400])}
    lax, strict = (
        found(GATES["metric"].model_validate({**why, "at_least": floor}), **given_)
        for floor in floors
    )
    assert never_passes_what_is_laxer(strict, lax)


@given(
    st.tuples(limits, limits).map(sorted),
    st.floats(0.2, 2.0),
    st.sampled_from(["accuracy", "recall"]),
)
def test_a_smaller_drop_never_passes_what_a_larger_one_refused(drops, skill, metric):
    given_ = {
        "challenger": scored(TRUTH[:400], skill, seed=7),
        "champion": scored(TRUTH[:400], 1.0),
        "holdout": holdout(TRUTH[:400]),
    }
    strict, lax = (
        found(GATES["compare"](metric=metric, allow_drop=drop / 5), **given_) for drop in drops
    )
    assert never_passes_what_is_laxer(strict, lax)
    superior = found(GATES["compare"](metric=metric, improve_by=drops[0] / 5), **given_)
    assert never_passes_what_is_laxer(superior, strict)


@given(st.tuples(limits, limits).map(sorted), st.floats(0.5, 2.0))
def test_a_stricter_slice_never_passes_what_a_laxer_one_refused(drops, skill):
    given_ = {"challenger": scored(TRUTH, skill, seed=7), "champion": scored(TRUTH, 1.2)}
    stated = {"metric": "accuracy", "by": ["region"]}
    strict, lax = (
        found(changed("slices", **stated, allow_drop=drop / 5), **given_) for drop in drops
    )
    worse = changed("slices", **stated, allow_drop=drops[0] / 5, proof="worse")
    assert never_passes_what_is_laxer(strict, lax)
    assert never_passes_what_is_laxer(strict, found(worse, **given_))


@given(st.tuples(st.floats(1.0, 3.0), st.floats(1.0, 3.0)).map(sorted), st.floats(10, 40))
def test_a_shorter_limit_never_passes_what_a_longer_one_refused(ratios, median):
    measured = timings(times(500, median), times(500, seed=4))
    strict, lax = (found(changed("latency", max_ratio=ratio), timings=measured) for ratio in ratios)
    assert never_passes_what_is_laxer(strict, lax)
    alone, why = replace(measured, champion=None), {"because": "x", "review_by": "2027-03-01"}
    strict, lax = (
        found(GATES["latency"].model_validate({"at_most": f"{18 * ratio:.3f}ms", **why}),
              timings=alone)
        for ratio in ratios
    )  # fmt: skip
    assert never_passes_what_is_laxer(strict, lax)


@given(st.tuples(st.integers(1, 99), st.integers(1, 99)).map(sorted), st.integers(1, 99))
def test_a_smaller_cap_never_passes_what_a_larger_one_refused(caps, measured):
    run = rehearsal(load_seconds=float(measured), peak_bytes=measured)
    for setting in ("max_seconds", "max_memory"):
        strict, lax = (found(changed("loads", **{setting: cap}), rehearsal=run) for cap in caps)
        assert never_passes_what_is_laxer(strict, lax)


@given(st.tuples(st.floats(0, 0.9), st.floats(0, 0.9)).map(sorted), st.integers(0, 12_000))
def test_a_smaller_share_never_passes_what_a_larger_one_refused(shares, seen):
    strict, lax = (
        found(changed("leakage", allow_share=share), overlap=overlap(shared_rows=seen))
        for share in shares
    )
    assert never_passes_what_is_laxer(strict, lax)


@pytest.mark.parametrize("metric", ["accuracy", "recall", "f1", "log_loss", "roc_auc", "brier"])
@settings(max_examples=10)
@given(skill=st.floats(0.3, 2.0), seed=st.integers(0, 9))
def test_the_champion_is_never_superior_to_itself_and_never_inferior(metric, skill, seed):
    same = scored(TRUTH[:300], skill, seed)
    given_ = {"challenger": same, "champion": same, "holdout": holdout(TRUTH[:300])}
    about = against_itself(case())
    compare = GATES["compare"]
    assert found(compare(metric=metric, improve_by=0), about, **given_).outcome is Outcome.FAILED
    safe = found(compare(metric=metric, allow_drop=0), about, **given_)
    assert safe.outcome is Outcome.PASSED


@pytest.mark.parametrize("rows", [0, 1, 2, 7])
@pytest.mark.parametrize("classes", ["one", "two"])
@pytest.mark.parametrize("fill", [0.5, 0.0, np.nan])
def test_data_that_say_nothing_never_raise_and_never_pass(rows, classes, fill):
    truth = np.zeros(rows) if classes == "one" else np.arange(rows) % 2.0
    blank = scored(truth)
    blank = replace(blank, scores=np.full((rows, 2), fill))
    measured = {
        "holdout": holdout(truth, {"region": ["north"] * rows}),
        "challenger": blank,
        "champion": scored(truth),
    }
    why = {"because": "x", "review_by": "2027-03-01"}
    for gate in (
        GATES["metric"].model_validate({"metric": "auc", "at_least": 0.1, **why}),
        GATES["compare"](metric="auc", allow_drop=0.001),
        GATES["compare"](metric="log_loss", improve_by=0),
        changed("slices", metric="auc"),
    ):
        assert found(gate, **measured).outcome is not Outcome.PASSED
