"""A folder's look and its load mean the same file, and no other file escapes the look."""

from __future__ import annotations

import os
import pickle
import zlib

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from bot.runner.flavors import NoModel
from bot.runner.flavors.mlflow import described, named
from tests.world.pickles import Calls, dumped, looked_at

NUMBERS = np.random.default_rng(0).normal(size=(40, 3))
MODEL = pickle.dumps(LogisticRegression().fit(NUMBERS, NUMBERS[:, 0] > 0))
EVIL = dumped(Calls(os.system, "true"))
LETTERS = dumped(Calls(os.system, "true"), version=0)
FOUND = f"{os.system.__module__}.system"
CONDA = b"channels:\n- conda-forge\ndependencies:\n- python=3.11\n- pip:\n  - mlflow\nname: env\n"


@pytest.fixture
def folder(tmp_path):
    def build(name: str = "model.pkl", **files: bytes):
        described = f"flavors:\n  sklearn:\n    code: null\n    pickled_model: {name}\n"
        (tmp_path / "MLmodel").write_text(described)
        for file, content in ({name.strip("'"): MODEL} | files).items():
            path = tmp_path / file.replace("__", "/")
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        return tmp_path

    return build


@pytest.mark.parametrize(
    ("name", "other"), [("010", "8"), ("yes", "True"), ("1_0", "10"), ("1:30", "90"), ("~", "None")]
)
def test_a_name_that_yaml_could_take_for_a_value_is_the_text_that_stands_there(folder, name, other):
    whole = folder(name, **{other: LETTERS})
    assert named(described(whole)) == ("pickle", name)
    scanned = looked_at(whole, "mlflow")
    assert FOUND in scanned.findings, "the other file is looked at as well"


@pytest.mark.parametrize("name", ["notes", "data.bin", "notes.txt", "a.json", "sub__registered"])
@pytest.mark.parametrize("evil", [EVIL, LETTERS, LETTERS[:-1], LETTERS + b"\nnumpy\n"])
def test_a_pickle_is_found_under_any_name_and_in_any_protocol(folder, name, evil):
    scanned = looked_at(folder(**{name: evil}), "mlflow")
    assert FOUND in scanned.findings
    assert scanned.carries_code


def test_a_packed_pickle_is_found(folder):
    assert FOUND in looked_at(folder(x=zlib.compress(EVIL)), "mlflow").findings


@pytest.mark.parametrize("junk", [b"\x00\x01\x02", b"just words", b"PK\x03\x04", b"\xff" * 9])
def test_a_file_that_is_nothing_known_is_unreadable(folder, junk):
    assert "weights: " in looked_at(folder(weights=junk), "mlflow").unreadable


@pytest.mark.parametrize("name", ["a.txt", "MLproject.yaml"])
def test_bytes_under_the_name_of_a_text_are_unreadable(folder, name):
    assert looked_at(folder(**{name: b"text \x00 and more"}), "mlflow").unreadable
    assert looked_at(folder(**{name: b"latin \xe9"}), "mlflow").unreadable


def test_what_mlflow_itself_writes_is_clean(folder):
    written = {
        "conda.yaml": CONDA,
        "python_env.yaml": b"python: 3.11.7\nbuild_dependencies:\n- pip==24.0\n",
        "requirements.txt": b"cloudpickle\nnumpy\nscikit-learn==1.5\n",
        "input_example.json": b'{"columns": ["a"], "data": [[1.0]]}',
        "registered_model_meta": b"model_name: churn\nmodel_version: '3'\n",
        "metadata__MLmodel": b"flavors: {}\n",
        "metadata__conda.yaml": CONDA,
        "empty.txt": b"",
    }
    scanned = looked_at(folder(**written), "mlflow")
    assert (scanned.findings, scanned.unreadable) == ((), None)


def test_modules_that_lie_in_a_folder_are_code(folder):
    whole = folder(**{"code__helpers.py": b"import os"})
    assert looked_at(whole, "mlflow").findings == ("code in code/helpers.py",)
    assert looked_at(whole, "mlflow", trusted=("code in code/helpers.py",)).findings == ()


def test_an_array_between_opcodes_hides_nothing_from_the_other_reader(folder, tmp_path):
    joblib.dump(np.frombuffer(LETTERS, dtype=np.uint8), tmp_path / "array")
    scanned = looked_at(folder(x=(tmp_path / "array").read_bytes()), "mlflow")
    assert scanned.unreadable or scanned.findings


@pytest.mark.parametrize(
    "flavors",
    [
        {"sklearn": {"pickled_model": ["a"]}},
        {"sklearn": "model.pkl"},
        {"onnx": {"data": {}}},
        {"python_function": {"loader_module": "os", "data": "x"}},
        {},
    ],
)
def test_an_mlmodel_that_names_no_one_file_names_no_model(flavors):
    with pytest.raises(NoModel):
        named(flavors)


def test_an_mlmodel_that_is_too_long_is_unreadable(folder):
    whole = folder()
    with (whole / "MLmodel").open("a") as file:
        file.write("#" * 1_000_000)
    assert "too long" in looked_at(whole, "mlflow").unreadable
