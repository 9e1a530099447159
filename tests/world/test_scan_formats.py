"""Formats without code are looked through for what reaches outside; folders piece by piece."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile

import joblib
import lightgbm
import numpy as np
import onnx
import pytest
import skl2onnx
import skops.io
import xgboost
from onnx import TensorProto, helper
from sklearn.linear_model import LogisticRegression

from tests.world.pickles import Calls, dumped, looked_at, zipped

NUMBERS = np.random.default_rng(0).normal(size=(40, 3))
LABELS = (NUMBERS[:, 0] > 0).astype(int)
MODEL = LogisticRegression().fit(NUMBERS, LABELS)


def graph(*nodes: onnx.NodeProto, **tensors: onnx.TensorProto) -> bytes:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    made = helper.make_graph(list(nodes), "g", [value], [value], list(tensors.values()))
    domains = [helper.make_opsetid("", 17)]
    return helper.make_model(made, opset_imports=domains).SerializeToString()


def external() -> onnx.TensorProto:
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [1], [1.0])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    return tensor


def in_branch(tensor: onnx.TensorProto) -> bytes:
    inner = helper.make_graph([helper.make_node("Constant", [], ["y"], value=tensor)], "i", [], [])
    return graph(helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner))


def write(path, content: bytes):
    path.write_bytes(content)
    return path


def skops_file(schema: object) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("schema.json", json.dumps(schema))
    return buffer.getvalue()


def node(name: str, loader: str = "ObjectNode", **more: object) -> dict[str, object]:
    module, _, kind = name.rpartition(".")
    return {"__module__": module, "__class__": kind, "__loader__": loader} | more


def mlflow(folder, described: str, **files: bytes):
    (folder / "MLmodel").write_text(described)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)
    return folder


SKLEARN = "flavors:\n  sklearn:\n    pickled_model: model.pkl\n"


def test_a_converted_model_is_clean_onnx(tmp_path):
    data = skl2onnx.to_onnx(MODEL, NUMBERS[:1].astype("f4")).SerializeToString()
    scanned = looked_at(write(tmp_path / "m.onnx", data), "onnx")
    assert (scanned.carries_code, scanned.findings, scanned.unreadable) == (False, (), None)
    assert scanned.counted >= 2


@pytest.mark.parametrize("data", [graph(w=external()), in_branch(external())])
def test_a_tensor_in_another_file_is_found_wherever_it_stands(tmp_path, data):
    found = looked_at(write(tmp_path / "m.onnx", data), "onnx").findings
    assert found == ("a tensor in another file",)


def test_operators_of_other_libraries_are_found_unless_trusted(tmp_path):
    custom = graph(helper.make_node("Run", ["x"], ["x"], domain="com.example"))
    path = write(tmp_path / "m.onnx", custom)
    assert looked_at(path, "onnx").findings == ("operators of com.example",)
    assert looked_at(path, "onnx", trusted=("operators of com.example",)).findings == ()


def test_long_attributes_do_not_hide_what_follows(tmp_path):
    run = helper.make_node("Op", [], ["y"], ints=list(range(-500, 500)), floats=[0.5] * 500)
    data = graph(run, helper.make_node("Run", ["x"], ["x"], domain="com.example"), w=external())
    found = looked_at(write(tmp_path / "m.onnx", data), "onnx").findings
    assert found == ("operators of com.example", "a tensor in another file")


@pytest.mark.parametrize(
    "data", [b"", b"hello onnx", dumped([1]), graph()[:-3], b"\x3a\xff\xff\xff"]
)
def test_what_is_no_onnx_is_unreadable(tmp_path, data):
    assert looked_at(write(tmp_path / "m.onnx", data), "onnx").unreadable


def test_boosters_in_their_own_formats_carry_no_code(tmp_path):
    boosted = xgboost.XGBClassifier(n_estimators=2).fit(NUMBERS, LABELS)
    for name in ("m.json", "m.ubj"):
        boosted.save_model(tmp_path / name)
        scanned = looked_at(tmp_path / name, "xgboost")
        assert (scanned.carries_code, scanned.findings, scanned.unreadable) == (False, (), None)
    trees = lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(NUMBERS, LABELS)
    trees.booster_.save_model(tmp_path / "m.txt")
    assert looked_at(tmp_path / "m.txt", "lightgbm").unreadable is None


@pytest.mark.parametrize("flavor", ["xgboost", "lightgbm", "skops", "onnx"])
def test_a_pickle_under_another_flavor_is_unreadable(tmp_path, flavor):
    path = write(tmp_path / "m", dumped(Calls(os.system, "true")))
    assert looked_at(path, flavor).unreadable
    assert looked_at(tmp_path, flavor).unreadable


def test_a_skops_model_is_clean_and_its_types_are_counted(tmp_path):
    skops.io.dump(MODEL, tmp_path / "m.skops")
    scanned = looked_at(tmp_path / "m.skops", "skops")
    assert (scanned.carries_code, scanned.findings, scanned.unreadable) == (False, (), None)
    assert scanned.counted > 3


@pytest.mark.parametrize(
    ("schema", "finding"),
    [
        (node("posix.system", "FunctionNode"), "posix.system"),
        (node("builtins.list", "ListNode", content=[node("os.PathLike")]), "os.PathLike"),
        (node("operator.methodcaller", "OperatorFuncNode", attrs={}), "operator.methodcaller"),
        (
            node("x.Y", "MethodNode", content={"obj": node("x.Y"), "func": "run"}),
            "x.Y.run",
        ),
        (node("functools.partial", "PartialNode", content={}), "functools.partial"),
    ],
)
def test_a_type_that_skops_does_not_trust_is_found(tmp_path, schema, finding):
    path = write(tmp_path / "m.skops", skops_file(schema))
    assert finding in looked_at(path, "skops").findings
    assert finding not in looked_at(path, "skops", trusted=(finding,)).findings


@pytest.mark.parametrize(
    "data",
    [
        b"no zip",
        zipped(b"x"),
        skops_file([1]),
        skops_file({"a": 1}),
        skops_file(node("a.b") | {"x": {"__class__": 3}}),
        skops_file(node("a.b"))[:-10],
    ],
)
def test_what_is_no_skops_file_is_unreadable(tmp_path, data):
    assert looked_at(write(tmp_path / "m.skops", data), "skops").unreadable


def test_a_skops_file_that_unpacks_to_too_much_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "m", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", json.dumps(node("a.b")))
        archive.writestr("zeros", bytes(3_000_000))
    assert "1,000,000" in looked_at(tmp_path / "m", "skops", max_bytes=1_000_000).unreadable


def test_a_folder_is_read_by_its_mlmodel(tmp_path):
    folder = mlflow(tmp_path, SKLEARN, model__pkl=pickle.dumps(MODEL))
    scanned = looked_at(folder, "mlflow")
    assert (scanned.carries_code, scanned.findings, scanned.unreadable) == (True, (), None)
    mlflow(tmp_path, SKLEARN, model__pkl=dumped(Calls(os.system, "true")))
    assert looked_at(folder, "mlflow").findings == ("posix.system",)


def test_a_pickle_that_the_mlmodel_does_not_name_is_read_too(tmp_path):
    described = "flavors:\n  onnx: {data: m.onnx}\n"
    extra = dumped(Calls(os.system, "true"))
    folder = mlflow(tmp_path, described, m__onnx=graph(), hidden__bin=extra)
    scanned = looked_at(folder, "mlflow")
    assert scanned.carries_code
    assert scanned.findings == ("posix.system",)


def test_a_folder_of_a_codeless_format_carries_none(tmp_path):
    folder = mlflow(tmp_path, "flavors:\n  onnx: {data: m.onnx}\n", m__onnx=graph())
    assert not looked_at(folder, "mlflow").carries_code


def test_loader_code_of_a_folder_is_found(tmp_path):
    described = SKLEARN + "  python_function:\n    loader_module: my.loader\n    code: src\n"
    folder = mlflow(tmp_path, described, model__pkl=pickle.dumps(MODEL))
    scanned = looked_at(folder, "mlflow")
    assert scanned.carries_code
    assert scanned.findings == ("loader my.loader", "code in src")


@pytest.mark.parametrize(
    "described",
    [
        "flavors:\n  sklearn:\n    pickled_model: ../../secret.pkl\n",
        "flavors:\n  sklearn: {}\n",
        "flavors:\n  python_function: {loader_module: mlflow.sklearn, data: no.pkl}\n",
        "flavors:\n  keras: {data: x}\n",
        "flavors: &a [*a]\n",
        "{",
        "",
    ],
)
def test_a_folder_whose_mlmodel_says_nothing_useful_is_unreadable(tmp_path, described):
    assert looked_at(mlflow(tmp_path, described), "mlflow").unreadable
    (tmp_path / "MLmodel").unlink()
    assert looked_at(tmp_path, "mlflow").unreadable


@pytest.mark.parametrize(("kind", "name"), [("sklearn", "m.bin"), ("xgboost", "m.pkl")])
def test_a_pickle_behind_a_python_function_is_read_as_one(tmp_path, kind, name):
    loader = f"{{loader_module: mlflow.{kind}, data: {name}}}"
    described = f"flavors:\n  python_function: {loader}\n"
    evil = dumped(Calls(os.system, "true"))
    folder = mlflow(tmp_path, described, **{name.replace(".", "__"): evil})
    assert looked_at(folder, "mlflow").findings == ("posix.system",)


def test_a_folder_that_is_a_file_is_unreadable(tmp_path):
    assert looked_at(write(tmp_path / "m", b"x"), "mlflow").unreadable


def test_a_schema_that_is_no_json_is_unreadable(tmp_path):
    with zipfile.ZipFile(tmp_path / "m", "w") as archive:
        archive.writestr("schema.json", "[" * 100_000)
    assert "no JSON" in looked_at(tmp_path / "m", "skops").unreadable


def test_a_runner_is_code_and_says_so(tmp_path):
    assert looked_at(tmp_path, "runner").unreadable
    (tmp_path / "model.py").write_text("def predict(frame): ...")
    scanned = looked_at(tmp_path, "runner")
    assert (scanned.carries_code, scanned.findings, scanned.counted) == (True, (), 1)


def test_a_file_that_is_gone_is_unreadable(tmp_path):
    assert looked_at(tmp_path / "no", "joblib").unreadable
    joblib.dump(MODEL, tmp_path / "yes")
    assert looked_at(tmp_path / "yes", "joblib").unreadable is None


def test_a_pickle_inside_a_folder_wants_the_same_permission_as_one_outside(tmp_path):
    folder = mlflow(tmp_path, SKLEARN, model__pkl=pickle.dumps([1, 2]))

    assert looked_at(folder, "mlflow", flavors=("mlflow",)).findings == ("a pickle inside",)
    assert looked_at(folder, "mlflow", flavors=("mlflow", "pickle")).findings == ()
