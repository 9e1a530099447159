"""What holds for every gate of the table, whatever it asks."""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path

import pytest
import yaml

from bot.core.document import read
from bot.core.errors import Fault, Malformed
from bot.core.evidence import Evidence
from bot.core.trial import Asked, Trial, judge
from bot.core.typed import load
from bot.core.verdict import Bounds, Outcome
from bot.gates import GATES
from bot.gates.docstrings import field_docstrings
from tests.builders import ABSENT, case, evidence
from tests.gates.asking import ROWS, asked, found, parsed

FOLDER = Path(__file__).resolve().parents[2] / "bot" / "gates"
SHARED = {"__init__", "gate", "fields", "contest", "describe", "docstrings", "page"}
"""Files of the folder that are no gates."""
SPARED = {("schema", "champion")}
"""A champion that does not load is no fault of the challenger: only its changes go unnamed."""
every_gate = pytest.mark.parametrize("name", GATES)


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
