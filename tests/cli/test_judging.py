"""What check and evaluate refuse and say around a judgement."""

from __future__ import annotations

import json

import pytest

from bot.core.lockfile import fmt
from bot.core.policyfile import parse_policy
from bot.gates import GATES
from tests.cli.test_documents import blocks


def test_an_executable_lock_is_refused_before_it_is_pushed(clone):
    clone.lock.chmod(0o755)
    assert clone.lockstep("check", ok=False).code == 16
    found = json.loads(clone.lockstep("check", "--json", ok=False).out)
    assert (found["exit_code"], found["problems"][0]["file"]) == (16, "models.lock")


def test_a_lock_that_is_a_symlink_has_its_problems_as_json(clone):
    clone.lock.rename(clone.root / "other.lock")
    clone.lock.symlink_to("other.lock")
    said = clone.lockstep("check", "--json", ok=False)
    assert (said.code, json.loads(said.out)["problems"][0]["what"]) == (
        16, "models.lock is a symlink",
    )  # fmt: skip


def test_check_takes_an_ancestor_a_tag_and_a_short_id_as_its_base(clone):
    clone.register("1")
    head = clone.commit("Register credit 1")
    clone.git("tag", "before", "HEAD~1")
    for base in ("HEAD~1", "before", "HEAD^"):
        assert "credit" in clone.lockstep("check", "--base", base).out
    assert "nothing to judge" in clone.lockstep("check", "--base", head[:9]).out


@pytest.mark.parametrize("base", ["--output=x", "HEAD:models.lock", "gone", "a b", ""])
def test_what_is_no_commit_is_no_base(clone, base):
    said = clone.lockstep("check", f"--base={base}", ok=False)
    assert (said.code, "write a branch, a tag or a commit id" in said.err) == (17, True)


@pytest.mark.parametrize("number", ["abc", "0", "-1", "7.5"])
def test_what_is_no_number_is_no_pull_request(clone, number):
    said = clone.lockstep("evaluate", "--", number, ok=False)
    assert (said.code, "write the number of a pull request" in said.err) == (2, True)


def test_a_merge_names_the_commit_it_landed_as_once_and_again(clone):
    clone.artifact("models/1.onnx", "model 1")
    clone.commit("Add the model")
    clone.lockstep(
        "register", "credit", "1", "--artifact", "models/1.onnx", "--stage", "staging", "--pr"
    )
    clone.forge.approve(1, "ben")
    first = clone.lockstep("evaluate", "1")
    landed = clone.on_forge("rev-parse", "main").strip()
    assert first.out.splitlines()[-1] == f"landed as {landed}"
    again = clone.lockstep("evaluate", "1")
    assert again.out.splitlines()[-1] == f"already merged as {landed}"
    assert json.loads(clone.lockstep("evaluate", "1", "--json").out)["landed"] == landed


def test_the_lock_in_the_documentation_is_canonical():
    (text,) = blocks("docs/lock.md", "yaml")
    assert fmt(text.encode(), "models.lock") == text.encode()


def test_the_policy_in_the_documentation_is_read():
    text, data, gate = blocks("docs/policy.md", "yaml")
    assert parse_policy(text.encode(), "policies/credit.yaml", GATES).ladder[-1] == "production"
    blind = data.replace("sha256:…", f"sha256:{'0' * 64}")
    rest = f"models: [late]\nladder: [production]\n{blind}gates:\n  registration: [artifact]\n"
    read = parse_policy(f"{rest}  production:\n{gate}".encode(), "policies/late.yaml", GATES)
    assert read.data["holdout"].blind is not None
    assert [asked.hard for asked in read.gates("production")] == [True]


def test_the_gates_in_the_readme_are_read():
    (text,) = blocks("README.md", "yaml")
    whole = "models: [flight-delay]\nladder: [production]\ndata:\n  holdout:\n    uri: a.csv\n"
    whole += f"    digest: sha256:{'0' * 64}\n    task: binary\n    target: late\n"
    whole += "    slices: [origin, carrier, daypart]\n"
    gates = parse_policy(f"{whole}{text}".encode(), "policies/a.yaml", GATES).gates("production")
    assert [asked.name for asked in gates] == ["compare", "compare", "slices"]
