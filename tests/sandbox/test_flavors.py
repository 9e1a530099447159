"""Every flavor answers as its own library does outside of the sandbox."""

from __future__ import annotations

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from bot.core.errors import Fault
from bot.core.evidence import Absent
from bot.core.policy import ArtifactRules, SandboxRules
from bot.core.questions import Answers
from bot.runner.numbers import EXCEPTIONS, IMPORTING, Numbers
from bot.world import predict, sandbox
from bot.world.sandbox_child import Ending
from bot.world.sandbox_ending import failed
from bot.world.sandbox_features import prepare
from tests.sandbox.conftest import EVERYTHING, LIMITS, entry

NAMES = ["b two", "a"]


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    random = np.random.default_rng(3)
    frame = pd.DataFrame(random.normal(size=(300, 3)), columns=["a", "b two", "unused"])
    return frame.assign(word=random.choice(["x", "y", "z"], 300))


@pytest.fixture(scope="module")
def yes(rows) -> np.ndarray:
    return (rows["a"] + rows["b two"] > 0.2).astype(int).to_numpy()


@pytest.fixture(scope="module")
def three(rows) -> np.ndarray:
    return np.array(["high", "low", "mid"])[np.digitize(rows["a"], [-0.5, 0.5])]


@pytest.fixture(scope="module")
def ask(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    known = prepare(rows, folder / "all", seed=5)
    numbers = prepare(rows[["a", "b two", "unused"]], folder / "numbers", seed=5)

    def answer(path, flavor, classes=("0", "1"), *, rules=EVERYTHING, only_numbers=False):
        features = numbers if only_numbers else known
        given = (path, entry(flavor), rules, LIMITS, sandbox.probed(), features, classes)
        answers = predict.answer(*given)
        if isinstance(answers, Answers):
            assert answers.inconsistent == 0
        return answers

    return answer


def test_skops_answers_as_outside_whatever_the_order_of_columns(rows, yes, ask, tmp_path):
    columns = make_column_transformer((StandardScaler(), NAMES), (OneHotEncoder(), ["word"]))
    model = make_pipeline(columns, LogisticRegression()).fit(rows[["word", *NAMES]], yes)
    skops.io.dump(model, tmp_path / "m.skops")
    answers = ask(tmp_path / "m.skops", "skops")
    assert isinstance(answers, Answers), answers
    assert np.allclose(answers.scores, model.predict_proba(rows), atol=1e-12)
    assert np.array_equal(answers.predicted, model.predict(rows))
    assert answers.rehearsal.used == (True, True, False, True)
    assert answers.rehearsal.classes == (True, True)


def test_skops_loads_no_type_that_the_policy_does_not_name(ask, tmp_path):
    model = RandomForestClassifier(2).fit([[0.0], [1.0]], [0, 1])
    model.hidden = SandboxRules  # a type no library vouches for
    skops.io.dump(model, tmp_path / "m.skops")
    answers = ask(tmp_path / "m.skops", "skops", rules=ArtifactRules())
    assert isinstance(answers, Absent)
    assert answers.fault is Fault.MODEL_DOES_NOT_LOAD


def test_joblib_and_mlflow_folders_answer_as_outside(rows, three, ask, tmp_path):
    model = RandomForestClassifier(5, random_state=0).fit(rows[NAMES], three)
    joblib.dump(model, tmp_path / "m.joblib")
    answers = ask(tmp_path / "m.joblib", "joblib", ("high", "low", "mid"))
    assert isinstance(answers, Answers), answers
    assert np.allclose(answers.scores, model.predict_proba(rows[NAMES]), atol=1e-12)
    folder = tmp_path / "mlflow"
    folder.mkdir()
    (folder / "model.pkl").write_bytes(pickle.dumps(model))
    (folder / "MLmodel").write_text("flavors:\n  sklearn: {pickled_model: model.pkl}\n")
    same = ask(folder, "mlflow", ("high", "low", "mid"))
    assert isinstance(same, Answers), same
    assert np.array_equal(same.scores, answers.scores)


def test_an_mlflow_folder_cannot_point_outside_of_itself(ask, tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(1))
    (tmp_path / "m" / "MLmodel").write_text("flavors: {sklearn: {pickled_model: ../model.pkl}}")
    answers = ask(tmp_path / "m", "mlflow")
    assert isinstance(answers, Absent)
    assert answers.reason == "while loading, the model is nothing that can predict"


@pytest.mark.parametrize(("name", "other"), [("010", "8"), ("yes", "True"), ("1:30", "90")])
def test_an_mlflow_folder_opens_the_file_that_its_text_names(name, other, rows, yes, ask, tmp_path):
    model = LogisticRegression().fit(rows[NAMES], yes)
    (tmp_path / name).write_bytes(pickle.dumps(model))
    (tmp_path / other).write_bytes(pickle.dumps("another one"))
    (tmp_path / "MLmodel").write_text(f"flavors: {{sklearn: {{pickled_model: {name}}}}}")
    answers = ask(tmp_path, "mlflow")
    assert isinstance(answers, Answers), answers
    assert np.array_equal(answers.predicted, model.predict(rows[NAMES]))


@pytest.mark.parametrize("maps", [False, True], ids=["tensor", "list of maps"])
def test_onnx_answers_as_outside_with_either_form_of_scores(maps, rows, yes, ask, tmp_path):
    skl2onnx = pytest.importorskip("skl2onnx")
    values = rows[["a", "b two", "unused"]].to_numpy(np.float32)
    model = LogisticRegression().fit(values, yes)
    graph = skl2onnx.to_onnx(model, values[:1], options={"zipmap": maps})
    (tmp_path / "m.onnx").write_bytes(graph.SerializeToString())
    answers = ask(tmp_path / "m.onnx", "onnx", only_numbers=True)
    assert isinstance(answers, Answers), answers
    assert np.allclose(answers.scores, model.predict_proba(values), atol=1e-6)
    assert np.array_equal(answers.predicted, model.predict(values))
    assert answers.rehearsal.peak_bytes < 150_000_000, "neither pandas nor sklearn is imported"


def test_onnx_takes_named_inputs_by_name(rows, yes, tmp_path):
    skl2onnx = pytest.importorskip("skl2onnx")
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    plain = rows.rename(columns={"b two": "b"})
    columns = make_column_transformer((StandardScaler(), ["b"]), (OneHotEncoder(), ["word"]))
    model = make_pipeline(columns, LogisticRegression()).fit(plain[["word", "b"]], yes)
    kinds = [("word", StringTensorType([None, 1])), ("b", FloatTensorType([None, 1]))]
    graph = skl2onnx.to_onnx(model, initial_types=kinds, options={"zipmap": False})
    (tmp_path / "m.onnx").write_bytes(graph.SerializeToString())
    features = prepare(plain, tmp_path / "f", seed=1)
    given = (tmp_path / "m.onnx", entry("onnx"), EVERYTHING, LIMITS, sandbox.probed(), features)
    answers = predict.answer(*given, ("0", "1"))
    assert isinstance(answers, Answers), answers
    assert np.allclose(answers.scores, model.predict_proba(plain), atol=1e-5)
    assert answers.rehearsal.used == (False, True, False, True)


def test_onnx_regression_gives_values(rows, ask, tmp_path):
    skl2onnx = pytest.importorskip("skl2onnx")
    values = rows[["a", "b two", "unused"]].to_numpy(np.float32)
    model = LinearRegression().fit(values, values @ np.array([1, 2, 3], np.float32))
    graph = skl2onnx.to_onnx(model, values[:1])
    (tmp_path / "m.onnx").write_bytes(graph.SerializeToString())
    answers = ask(tmp_path / "m.onnx", "onnx", (), only_numbers=True)
    assert isinstance(answers, Answers), answers
    assert np.allclose(answers.predicted, model.predict(values), atol=1e-4)
    assert answers.scores is None


def test_a_file_that_is_no_onnx_does_not_load(ask, tmp_path):
    pytest.importorskip("onnxruntime")
    (tmp_path / "m.onnx").write_bytes(b"not a graph")
    answers = ask(tmp_path / "m.onnx", "onnx")
    assert isinstance(answers, Absent)
    assert answers.fault is Fault.MODEL_DOES_NOT_LOAD


def test_xgboost_answers_as_outside_and_names_columns(rows, ask, tmp_path):
    xgboost = pytest.importorskip("xgboost")
    codes = np.digitize(rows["a"], [-0.5, 0.5])
    data = xgboost.DMatrix(rows[NAMES], codes)
    model = xgboost.train({"objective": "multi:softprob", "num_class": 3}, data, 4)
    model.save_model(tmp_path / "m.json")
    answers = ask(tmp_path / "m.json", "xgboost", ("high", "low", "mid"))
    assert isinstance(answers, Answers), answers
    assert np.allclose(answers.scores, model.predict(data), atol=1e-6)
    assert answers.rehearsal.used == (True, True, False, False)


def test_lightgbm_answers_as_outside_with_blanks_in_names(rows, yes, ask, tmp_path):
    lightgbm = pytest.importorskip("lightgbm")
    data = lightgbm.Dataset(rows[NAMES].to_numpy(), yes, feature_name=["b_two", "a"])
    model = lightgbm.train({"objective": "binary", "verbose": -1}, data, 4)
    model.save_model(tmp_path / "m.txt")
    answers = ask(tmp_path / "m.txt", "lightgbm")
    assert isinstance(answers, Answers), answers
    assert np.allclose(answers.scores[:, 1], model.predict(rows[NAMES].to_numpy()), atol=1e-12)
    assert answers.rehearsal.used == (True, True, False, False)
    assert answers.rehearsal.unknown_features == 0


def test_a_library_that_is_not_installed_is_told_from_a_bad_model():
    numbers = Numbers(stage=IMPORTING, exception=EXCEPTIONS.index("ModuleNotFoundError"))
    ending = Ending(code=0, seconds=1.0, timed_out=False, overflowed=False, log=b"")
    absent = failed(numbers, ending, LIMITS, "onnx")
    assert absent is not None
    assert absent.fault is Fault.FLAVOR_MISSING
    assert "lockstep-bot[onnx]" in absent.remedy
