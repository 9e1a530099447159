from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from bot.cli.making import public
from bot.core.lockfile import parse

if TYPE_CHECKING:
    from tests.cli.conftest import Clone


def models(clone: Clone):
    return parse(clone.lock.read_bytes(), "models.lock")


def test_a_version_is_hashed_as_it_is_now_and_the_code_is_the_clean_commit(clone):
    clone.artifact("models/1.onnx", "model 1")
    commit = clone.commit("Add the model")
    clone.register("1")
    entry = models(clone)["credit"].versions["1"]
    assert entry.artifact.digest == f"sha256:{hashlib.sha256(b'model 1').hexdigest()}"
    assert (entry.artifact.uri, entry.artifact.flavor) == ("models/1.onnx", "onnx")
    assert entry.lineage.code == f"forge@{commit}"


def test_code_with_uncommitted_changes_is_not_stated_and_that_is_said(clone):
    (clone.root / "policies" / "credit.yaml").write_text("changed\n")
    said = clone.register("1")
    assert "the code is not stated: the working tree has uncommitted changes" in said.err
    assert models(clone)["credit"].versions["1"].lineage.code is None


def test_the_whole_lineage_is_stated(clone):
    pins = clone.artifact("requirements.txt", "numpy==2\n")
    rows = clone.artifact("rows.csv", "id\n1\n")
    more = ("--requirements", pins, "--manifest", rows, "--data", rows, "--parent", "0")
    clone.register(
        "1", *more, "--parameter", "depth=6", "--parameter", "rate=0.1",
        "--created", "2026-11-01T09:00:00Z",
    )  # fmt: skip
    lineage = models(clone)["credit"].versions["1"].lineage
    digest = f"sha256:{hashlib.sha256(b'id' + bytes([10]) + b'1' + bytes([10])).hexdigest()}"
    assert (lineage.data, lineage.manifest.digest, lineage.manifest.uri) == (digest, digest, rows)
    assert lineage.requirements == pins
    assert lineage.environment == f"sha256:{hashlib.sha256(b'numpy==2' + bytes([10])).hexdigest()}"
    assert lineage.parameters == {"depth": "6", "rate": "0.1"}
    assert lineage.created.isoformat() == "2026-11-01T09:00:00+00:00"


def test_a_version_that_exists_is_immutable_and_the_next_number_is_named(clone):
    clone.register("1")
    before = clone.lock.read_bytes()
    said = clone.register("1", ok=False)
    assert said.code == 13
    assert said.err.splitlines()[-1].startswith("models.lock:6:")
    assert "register '2'" in said.err
    assert clone.lock.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "flavor"),
    [("a.skops", "skops"), ("a.pkl", "pickle"), ("a.ubj", "xgboost"), ("a.txt", "lightgbm")],
)
def test_the_flavor_is_told_by_the_name(clone, name, flavor):
    clone.lockstep("register", "credit", "1", "--artifact", clone.artifact(name, "x"))
    assert models(clone)["credit"].versions["1"].artifact.flavor == flavor


def test_a_runner_without_a_module_is_its_model_py(clone):
    clone.artifact("model/model.py", "def predict(frame): ...\n")
    clone.lockstep("register", "credit", "1", "--artifact", "model", "--flavor", "runner")
    artifact = models(clone)["credit"].versions["1"].artifact
    assert (artifact.flavor, artifact.module) == ("runner", None)


def test_a_folder_with_an_mlmodel_file_is_mlflow(clone):
    clone.artifact("model/MLmodel", "flavors: {}\n")
    clone.lockstep("register", "credit", "1", "--artifact", "model/")
    artifact = models(clone)["credit"].versions["1"].artifact
    assert (artifact.flavor, artifact.uri) == ("mlflow", "model")


def test_a_name_that_tells_no_flavor_is_asked_for_one_of_the_list(clone):
    said = clone.lockstep(
        "register", "credit", "1", "--artifact", clone.artifact("a.bin", "x"), ok=False
    )
    assert said.code == 2
    assert "--flavor, one of onnx, skops" in said.err


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--artifact", "a.onnx", "--flavor", "runner", "--module", "Bad!"), 2, "module cannot be"),
        (("--artifact", "."), 2, "--flavor, one of"),
        (("--artifact", ".", "--flavor", "mlflow"), 16, "inside this repository"),
        (("--artifact", "gone.onnx"), 21, "gone.onnx: nothing is there"),
        (("--artifact", "/etc/hostname", "--flavor", "onnx"), 16, "inside this repository"),
        (("--artifact", "a.onnx", "--module", "m"), 2, "--module goes with --flavor runner"),
        (("--artifact", "a.onnx", "--parameter", "x"), 2, "'x' is no name=value"),
        (("--artifact", "a.onnx", "--parameter", "x=1", "--parameter", "x=2"), 2, "given twice"),
        (("--artifact", "a.onnx", "--created", "2026"), 2, "is no moment"),
        (("--artifact", "a.onnx", "--code", "main"), 2, "40 hex digits"),
        (("--artifact", "a.onnx", "--data", "gone"), 26, "gone: nothing is there"),
        (("--artifact", "a.onnx", "--manifest", "gone"), 38, "gone: nothing is there"),
        (("--artifact", "a.onnx", "--requirements", "gone"), 26, "gone: nothing is there"),
        (("--artifact", "a.onnx", "--stage", "prodution"), 11, "did you mean 'production'?"),
        (("--artifact", "https://127.0.0.1/a.onnx"), 21, "https://127.0.0.1/a.onnx: "),
        (("--artifact", "ftp://example.org/a.onnx"), 21, "ftp:// are not read"),
    ],
)
def test_what_cannot_be_registered_is_refused_and_the_lock_stays(clone, arguments, code, sentence):
    clone.artifact("a.onnx", "x")
    before = clone.lock.read_bytes()
    said = clone.lockstep("register", "credit", "1", *arguments, ok=False)
    assert (said.code, sentence in said.err) == (code, True), said.err
    assert clone.lock.read_bytes() == before


def test_names_that_a_lock_does_not_take_are_a_wrong_command_line(clone):
    said = clone.lockstep("register", "Credit", "1", "--artifact", "a.onnx", ok=False)
    assert (said.code, "is no model name" in said.err) == (2, True)


def test_what_the_policys_lineage_gate_would_miss_is_not_registered(clone):
    policy = clone.root / "policies" / "credit.yaml"
    policy.write_text(
        policy.read_text().replace("[artifact]\n  staging", "[lineage]\n  staging", 1)
    )
    clone.commit("Ask for lineage")
    before = clone.lock.read_bytes()
    said = clone.register("1", ok=False)
    lacking = "policies/credit.yaml:4:18: the lineage must state data, environment"
    assert (said.code, lacking in said.err) == (13, True)
    assert clone.lock.read_bytes() == before
    assert lacking in clone.register("1", "--incomplete").err


def test_code_of_a_clone_without_origin_is_named_by_its_folder(clone):
    clone.git("remote", "remove", "origin")
    clone.register("1")
    head = clone.git("rev-parse", "HEAD").strip()
    assert models(clone)["credit"].versions["1"].lineage.code == f"clone@{head}"


def test_a_model_of_the_name_of_another_policy_can_be_registered_first(clone):
    clone.artifact("b.onnx", "x")
    clone.lockstep("register", "brand-new", "2024.1", "--artifact", "b.onnx")
    assert set(models(clone)) == {"brand-new"}


def test_json_names_the_digest(clone):
    said = clone.register("1", "--stage", "staging", "--json")
    found = json.loads(said.out)
    assert found["artifact"]["digest"].startswith("sha256:")
    assert (found["version"], found["stage"], found["title"]) == (
        "1", "staging", "Register and promote credit 1 to staging",
    )  # fmt: skip


def test_a_lock_that_is_not_canonical_is_not_edited(clone):
    clone.lock.write_text("format: 1\nmodels: {}\n")
    said = clone.register("1", ok=False)
    assert (said.code, "lockstep fmt" in said.err) == (12, True)
    assert clone.lock.read_text() == "format: 1\nmodels: {}\n"


def test_a_symlink_is_not_edited(clone):
    clone.lock.rename(clone.root / "other.lock")
    clone.lock.symlink_to("other.lock")
    said = clone.register("1", ok=False)
    assert (said.code, said.err) == (
        16, "models.lock: models.lock is a symlink; make it a plain file\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("origin", "shown"),
    [
        ("git@example.org:acme/train.git", "https://example.org/acme/train"),
        ("ssh://git@example.org/acme/train.git", "https://example.org/acme/train"),
        ("https://user:secret@example.org/acme/train.git", "https://example.org/acme/train"),
        ("/srv/forge/repository.git", "forge"),
        ("../train.git", "train"),
    ],
)
def test_an_origin_is_written_without_secrets_and_local_paths(origin, shown):
    assert public(origin) == shown
