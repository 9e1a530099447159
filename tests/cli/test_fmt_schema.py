from __future__ import annotations

import json


def test_a_canonical_lock_is_left_alone(clone):
    assert clone.lockstep("fmt").out == "models.lock is canonical\n"
    assert clone.lockstep("fmt", "--check").code == 0


def test_fmt_writes_the_canonical_form_and_check_only_tells(serving):
    canonical = serving.lock.read_text()
    loose = canonical.replace(
        'stages: {production: "2", staging: "2"}', "stages: {staging: '2', production: '2'}"
    )
    assert loose != canonical
    serving.lock.write_text(loose)
    said = serving.lockstep("fmt", "--check", ok=False)
    line = canonical.splitlines().index('    stages: {production: "2", staging: "2"}') + 1
    assert said.code == 12
    assert said.err == f"models.lock:{line}:1: the lock is not canonical; run `lockstep fmt`\n"
    assert serving.lock.read_text() == loose
    serving.lockstep("fmt")
    assert serving.lock.read_text() == canonical


def test_a_comment_that_would_be_lost_is_refused(clone):
    text = clone.lock.read_text() + "# a note\n"
    clone.lock.write_text(text)
    said = clone.lockstep("fmt", ok=False)
    assert (said.code, "this comment would be lost" in said.err) == (10, True)
    assert clone.lock.read_text() == text


def test_a_lock_that_is_not_there_is_said(clone):
    clone.lock.unlink()
    said = clone.lockstep("fmt", ok=False)
    assert (said.code, "lockstep init" in said.err) == (17, True)


def test_broken_yaml_is_refused_with_its_place(clone):
    clone.lock.write_text("format: 1\nmodels: [\n")
    said = clone.lockstep("fmt", ok=False)
    assert said.code == 10
    assert said.err.startswith("models.lock:")


def test_schemas_are_printed_and_written(clone, tmp_path):
    printed = clone.lockstep("schema", "lock").out
    assert json.loads(printed)["$schema"].endswith("2020-12/schema")
    clone.lockstep("schema", "policy", "--write", str(tmp_path / "policy.json"))
    written = json.loads((tmp_path / "policy.json").read_text())
    assert "gates" in written["properties"]
    said = clone.lockstep("schema", "lock", "--write", str(tmp_path / "no" / "x.json"), ok=False)
    assert (said.code, "Traceback" in said.err) == (1, False)
