from __future__ import annotations

import subprocess
from datetime import UTC, date, datetime

import pytest

from bot.core.canonical import EMPTY
from bot.core.policyfile import parse_policy
from bot.gates import GATES
from bot.world.local_forge import LocalForge


@pytest.fixture
def bare(clone):
    """A repository without a lock or a policy, and three hold-outs."""
    clone.lock.unlink()
    (clone.root / "policies" / "credit.yaml").unlink()
    (clone.root / "policies").rmdir()
    rows = [f"{n},{n % 7},{'ab'[n % 2]},{n % 2},{'xyz'[n % 3]},{n / 10}" for n in range(60)]
    text = "\n".join(["id,age,region,late,kind,price", *rows]) + "\n"
    clone.artifact("data/holdout.csv", text)
    return clone


def policy_of(clone, name="credit"):
    path = f"policies/{name}.yaml"
    return parse_policy((clone.root / path).read_bytes(), path, GATES)


def start(clone, *more, ok=True):
    return clone.lockstep(
        "init", "--model", "credit", "--holdout", "data/holdout.csv", *more, ok=ok
    )


def test_the_first_files_are_complete_and_check_runs(bare):
    said = start(bare, "--target", "late", "--task", "binary", "--id", "id", "--slice", "region")
    assert "lockstep register credit 1" in said.out
    assert bare.lock.read_bytes() == EMPTY
    policy = policy_of(bare)
    assert policy.ladder == ("staging", "production")
    assert [asked.name for asked in policy.gates("production")] == [
        "schema", "outputs", "compare", "slices",
    ]  # fmt: skip
    text = (bare.root / "policies/credit.yaml").read_text()
    assert "TODO" not in text
    bare.commit("Start")
    assert "nothing to judge" in bare.lockstep("check").out


def test_training_rows_are_asked_for_when_a_person_says_so(bare):
    said = start(bare, "--target", "late", "--task", "binary", "--leakage", "--merge", "auto")
    assert "--manifest TRAINING-ROWS" in said.out
    policy = policy_of(bare)
    assert "leakage" in [asked.name for asked in policy.gates("staging")]
    assert policy.head.promotion.merge == "auto"
    bare.commit("Start")
    refused = bare.register("1", ok=False)
    assert (refused.code, "the lineage must state manifest" in refused.err) == (13, True)


def test_a_forge_alone_is_made_for_the_branch_and_kept(bare, tmp_path):
    bare.git("checkout", "--quiet", "-b", "trunk")
    for _ in range(2):
        said = bare.lockstep("init", "--forge", f"local:{tmp_path}/new")
        assert f"git remote add origin {tmp_path}/new/repository.git" in said.out
    assert LocalForge(tmp_path / "new").default_branch() == "trunk"
    assert not bare.lock.exists()


def test_a_forge_is_not_made_among_other_files(bare):
    said = bare.lockstep("init", "--forge", "local:data", ok=False)
    assert (said.code, "is not empty" in said.err) == (2, True)


def test_the_floor_is_reviewed_half_a_year_from_today(bare):
    start(bare, "--target", "late", "--task", "binary")
    (floor,) = policy_of(bare).gates("opening")
    ahead = floor.gate.review_by - datetime.now(UTC).date()
    assert 180 <= ahead.days <= 183
    assert isinstance(floor.gate.review_by, date)


@pytest.mark.parametrize(
    ("target", "task", "metric", "limit"),
    [
        ("late", "binary", "roc_auc", ("at_least", 0.5)),
        ("kind", "multiclass", "accuracy", ("at_least", pytest.approx(1 / 3, abs=1e-3))),
        (
            "price",
            "regression",
            "root_mean_squared_error",
            ("at_most", pytest.approx(1.732, abs=1e-3)),
        ),
    ],
)
def test_the_floor_is_what_a_model_that_learned_nothing_reaches(bare, target, task, metric, limit):
    start(bare, "--target", target, "--task", task)
    (floor,) = policy_of(bare).gates("opening")
    assert (floor.gate.metric, getattr(floor.gate, limit[0])) == (metric, limit[1])


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--target", "lat", "--task", "binary"), 28, "did you mean 'late'?"),
        (("--target", "age", "--task", "binary"), 39, "data/holdout.csv: "),
        (("--target", "late"), 2, "--task is missing"),
        (("--task", "binary"), 2, "--target is missing"),
        (("--target", "late", "--task", "binary", "--time", "when"), 39, "'when'"),
        (("--target", "late", "--task", "cluster"), 2, "'cluster'"),
    ],
)
def test_what_cannot_be_judged_on_is_refused_and_nothing_is_written(
    bare, arguments, code, sentence
):
    said = start(bare, *arguments, ok=False)
    assert (said.code, sentence in said.err) == (code, True), said.err
    assert not bare.lock.exists()
    assert not (bare.root / "policies").exists()


def test_a_holdout_that_is_not_there_cannot_be_had(bare):
    said = bare.lockstep(
        "init", "--model", "credit", "--holdout", "gone.csv", "--target", "late",
        "--task", "binary", ok=False,
    )  # fmt: skip
    assert (said.code, said.err) == (26, "gone.csv: nothing is there; check the path\n")


def test_a_remote_holdout_is_named_in_the_policy_later(bare):
    said = bare.lockstep(
        "init", "--model", "credit", "--holdout", "s3://bucket/rows.parquet", "--target", "late",
        "--task", "binary", ok=False,
    )  # fmt: skip
    assert (said.code, "names a file of this repository" in said.err) == (2, True)


def test_nothing_is_overwritten(bare):
    start(bare, "--target", "late", "--task", "binary")
    (bare.root / "policies/credit.yaml").write_text("mine\n")
    said = start(bare, "--target", "late", "--task", "binary", ok=False)
    assert (said.code, "overwrites nothing" in said.err) == (13, True)
    assert (bare.root / "policies/credit.yaml").read_text() == "mine\n"


def test_a_second_model_keeps_the_lock_and_the_attributes(bare):
    start(bare, "--target", "late", "--task", "binary")
    bare.register("1")
    before = bare.lock.read_bytes(), (bare.root / ".gitattributes").read_bytes()
    bare.lockstep(
        "init", "--model", "other", "--holdout", "data/holdout.csv", "--target", "late",
        "--task", "binary",
    )  # fmt: skip
    assert (bare.lock.read_bytes(), (bare.root / ".gitattributes").read_bytes()) == before


def test_column_names_that_yaml_would_misread_are_quoted(bare):
    bare.artifact(
        "data/holdout.csv", "id,no,a: b\n" + "".join(f"{n},{n % 2},1\n" for n in range(9))
    )
    start(bare, "--target", "no", "--task", "binary", "--slice", "a: b")
    dataset = policy_of(bare).data["holdout"]
    assert (dataset.target, dataset.slices) == ("no", ("a: b",))


def test_outside_a_repository_it_is_refused(bare, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    bare.root = outside
    said = bare.lockstep("init", "--model", "credit", ok=False)
    assert (said.code, "git init" in said.err) == (17, True)


def test_an_empty_repository_may_begin(bare, tmp_path):
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    subprocess.run(["git", "init", "--quiet", str(fresh)], check=True)
    (fresh / "rows.csv").write_text("id,late\n" + "".join(f"{n},{n % 2}\n" for n in range(9)))
    bare.root = fresh
    bare.lockstep(
        "init", "--model", "first", "--holdout", "rows.csv", "--target", "late", "--task", "binary"
    )
    assert (fresh / "models.lock").read_bytes() == EMPTY
