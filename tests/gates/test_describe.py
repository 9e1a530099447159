from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from bot.core.document import read
from bot.core.errors import Refusal
from bot.core.lock import Model
from bot.core.nodes import plain
from bot.core.policy import Head
from bot.core.policyfile import parse_policy
from bot.gates import GATES, describe
from bot.gates.docstrings import field_docstrings, models_in
from bot.gates.page import gates_page

ROOT = Path(__file__).resolve().parents[2]
POLICY = jsonschema_rs.validator_for(describe.policy_schema())
LOCK = jsonschema_rs.validator_for(describe.lock_schema())
HEAD = """\
models: [credit-*]
ladder: [staging, production]
data: {holdout: {uri: h.parquet, digest: "sha256:%s", task: binary, target: late, positive: 1}}
""" % ("d" * 64)  # fmt: skip
WHY = "because: floor, review_by: 2027-03-01"


class Typed(yaml.SafeLoader):
    """Reads YAML as an editor does: numbers and truths have types, dates have none."""


Typed.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if not pair[0].endswith(":timestamp")]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def typed(text):
    return yaml.load(text, Typed)  # noqa: S506 -- a SafeLoader without dates


def refused(text):
    try:
        parse_policy(text.encode(), "p.yaml", GATES)
    except Refusal:
        return True
    return False


def test_the_files_are_as_the_code_says():
    assert describe.main("--check") == 0, "run `python -m bot.gates.describe`"


def test_a_stale_file_is_named_and_written_anew(tmp_path, capsys):
    (tmp_path / "docs").mkdir()
    (tmp_path / "policies").mkdir()
    assert describe.main("--check", root=tmp_path) == 1
    assert "docs/gates.md is stale; run `python -m bot.gates.describe`" in capsys.readouterr().err
    assert describe.main(root=tmp_path) == 0
    assert describe.main("--check", root=tmp_path) == 0


def test_the_policies_of_this_repository_fit_the_schema():
    for path in sorted((ROOT / "policies").glob("*.yaml")):
        assert [str(error) for error in POLICY.iter_errors(typed(path.read_text("utf-8")))] == []


def test_the_lock_of_this_repository_fits_the_schema():
    lock = typed((ROOT / "models.lock").read_text("utf-8"))
    assert [str(error) for error in LOCK.iter_errors(lock)] == []


@pytest.mark.parametrize("name", GATES)
def test_the_example_of_a_gate_fits_the_schema(name):
    assert POLICY.is_valid(typed(HEAD + f"gates: {{production: [{GATES[name].example}]}}\n"))


@pytest.mark.parametrize(
    "gates",
    [
        "",
        "gates:\n",
        "gates: {production: }\n",
        "gates: {production: [artifact, outputs: {}, loads: ]}\n",
        "gates: {production: {leakage: {allow_share: 0.1}}}\n",
        "gates: {registration: [lineage: {require: [code]}], opening: [outputs]}\n",
        "gates: {production: [compare: {metric: roc_auc, improve_by: 0, confidence: 99%}]}\n",
        f"gates: {{production: [latency: {{at_most: 50ms, {WHY}}}]}}\n",
        "sandbox: {memory: 2GB, seconds: 30}\nartifacts: {max_bytes: 1000}\n",
        "freezes: [{from: 2026-12-20, until: 2027-01-03, reason: holidays}]\n",
        'waivers: [{gate: latency, model: x, by: "@ana", reason: slow, until: 2026-12-15}]\n',
    ],
)
def test_what_the_reader_accepts_fits_the_schema(gates):
    assert not refused(HEAD + gates)
    assert [str(error) for error in POLICY.iter_errors(typed(HEAD + gates))] == []


@pytest.mark.parametrize(
    "gates",
    [
        "gate: {}\n",
        "gates: {production: [compare]}\n",
        "gates: {production: [compare: ]}\n",
        "gates: {production: [compares: {metric: auc, allow_drop: 0}]}\n",
        "gates: {production: [compare: {metric: auc}]}\n",
        "gates: {production: [compare: {metric: auc, allow_drop: 0, improve_by: 0}]}\n",
        "gates: {production: [compare: {metric: auc, allow_drop: -1}]}\n",
        "gates: {production: [compare: {metric: auc, alow_drop: 0}]}\n",
        "gates: {production: [artifact: {}, outputs: {}, extra]}\n",
        "gates: {production: [{artifact: {}, outputs: {}}]}\n",
        "gates: {opening: [compare: {metric: auc, allow_drop: 0}]}\n",
        "gates: {production: [slices: {metric: f1, by: [], allow_drop: 0}]}\n",
        "gates: {production: [schema: {columns: {x: {kinds: text}}}]}\n",
        "gates: {production: [latency: {at_most: 50ms}]}\n",
        f"gates: {{production: [latency: {{at_most: soon, {WHY}}}]}}\n",
        f"gates: {{production: [metric: {{metric: auc, at_least: high, {WHY}}}]}}\n",
        "sandbox: {memory: lots}\n",
        "promotion: {merge: always}\n",
    ],
)
def test_what_the_schema_refuses_the_reader_refuses_too(gates):
    assert refused(HEAD + gates)
    assert not POLICY.is_valid(typed(HEAD + gates))


def test_a_lock_with_an_unknown_key_does_not_fit():
    assert LOCK.is_valid({"format": 1, "models": {}})
    assert not LOCK.is_valid({"format": 2, "models": {}})
    assert not LOCK.is_valid({"format": 1, "models": {"a": {"versions": {}, "stage": {}}}})


@pytest.mark.parametrize("root", [Head, Model])
def test_every_key_of_a_policy_and_of_the_lock_says_what_it_means(root):
    for model in models_in(root):
        names = {field.alias or name for name, field in model.model_fields.items()}
        assert set(field_docstrings(model)) == names, model.__name__


@pytest.mark.parametrize("name", GATES)
def test_the_page_has_a_section_for_each_gate_with_every_setting(name):
    section = re.search(rf"^## {name}\n(.*?)^## ", gates_page(), re.MULTILINE | re.DOTALL)
    assert section
    for setting in GATES[name].model_fields:
        assert f"| `{setting}` | " in section[1]


def test_every_example_of_the_page_is_read():
    blocks = re.findall(r"^```yaml\n(- .*?)^```", gates_page(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == len(GATES)
    for block in blocks:
        text = HEAD + "gates:\n  production:\n" + re.sub("^", "    ", block, flags=re.MULTILINE)
        assert not refused(text.rstrip() + "\n")


@pytest.mark.parametrize(
    "row",
    [
        "| `max_files` | whole number above 0 |  |",
        "| `confidence` | share or percent above 0.5 and below 1 | `0.95` |",
        "| `columns` | by name, each a table of `kind`, `min`, `max`, `values`, `missing` |  |",
        "| `by` | list of text | required |",
        "| `at_most` | duration |  |",
        "| `max_memory` | size above 0 |  |",
        "| `requests` | whole number at least 60 and at most 100,000 | `400` |",
        "| `proof` | `safe`, `worse` | `safe` |",
        "| `review_by` | date | required |",
    ],
)
def test_types_are_said_in_words(row):
    assert row in gates_page()


def test_the_schemas_are_json_that_reads_as_yaml():
    for text in describe.written().values():
        if text.startswith("{"):
            assert plain(read(text.encode(), "x.json", max_bytes=10**7))
            assert json.loads(text)
