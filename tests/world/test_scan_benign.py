"""Honest models are clean in every format, and what is clean reaches allowed names only."""

from __future__ import annotations

import contextlib
import io
import pickle
import random
import warnings
from functools import cache

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from joblib.numpy_pickle import NumpyArrayWrapper, NumpyUnpickler
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from bot.world.scan_values import allowed
from tests.world.pickles import looked_at

ROWS = pd.DataFrame(
    {
        "n": np.random.default_rng(0).normal(size=80),
        "m": np.random.default_rng(1).normal(size=80),
        "c": ["a", "b", "c", "d"] * 20,
    }
)
X, Y = ROWS[["n", "m"]], (ROWS["n"] > ROWS["m"]).astype(int)
TEXT = Y.map({0: "no", 1: "yes"})


def columns():
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    flags = OneHotEncoder(handle_unknown="ignore")
    selected = make_column_selector(dtype_include=np.number)
    return make_column_transformer((numbers, selected), (flags, ["c"]))


MODELS = {
    "logistic": lambda: LogisticRegression().fit(X, TEXT),
    "ridge": lambda: Ridge().fit(X, ROWS["n"]),
    "sgd": lambda: SGDClassifier(loss="log_loss", random_state=np.random.RandomState(0)).fit(X, Y),
    "svc": lambda: SVC().fit(X, Y),
    "neighbours": lambda: KNeighborsClassifier().fit(X, Y),
    "forest": lambda: RandomForestClassifier(5).fit(X, TEXT),
    "boosting": lambda: GradientBoostingClassifier(n_estimators=3).fit(X, Y),
    "histograms": lambda: HistGradientBoostingClassifier(max_iter=3).fit(X, Y),
    "pipeline": lambda: make_pipeline(columns(), LogisticRegression()).fit(ROWS, TEXT),
    "pipeline of trees": lambda: make_pipeline(columns(), RandomForestClassifier(3)).fit(ROWS, Y),
    "function": lambda: make_pipeline(FunctionTransformer(np.tanh), LogisticRegression()).fit(X, Y),
    "calibrated": lambda: CalibratedClassifierCV(LogisticRegression(), method="isotonic").fit(X, Y),
    "search": lambda: GridSearchCV(
        LogisticRegression(), {"C": [0.1, 1]}, scoring="roc_auc", cv=StratifiedKFold(3)
    ).fit(X, Y),
}


@cache
def fitted(name: str) -> object:
    """Fit a model once, and only if a test asks for it."""
    return MODELS[name]()


WRITERS = {
    "pickle": ("pickle", lambda model, path: path.write_bytes(pickle.dumps(model))),
    "pickle 5": ("pickle", lambda model, path: path.write_bytes(pickle.dumps(model, protocol=5))),
    "joblib": ("joblib", joblib.dump),
    "joblib zlib": ("joblib", lambda model, path: joblib.dump(model, path, compress=3)),
    "joblib xz": ("joblib", lambda model, path: joblib.dump(model, path, compress=("xz", 3))),
}


@pytest.mark.parametrize("how", WRITERS)
@pytest.mark.parametrize("name", MODELS)
def test_an_honest_model_is_clean(tmp_path, name, how):
    flavor, write = WRITERS[how]
    write(fitted(name), tmp_path / "m")
    scanned = looked_at(tmp_path / "m", flavor)
    assert (scanned.carries_code, scanned.findings, scanned.unreadable) == (True, (), None)
    assert scanned.counted > 2


@pytest.mark.parametrize("name", MODELS)
def test_a_skops_file_is_read_as_skops_itself_reads_it(tmp_path, name):
    skops.io.dump(fitted(name), tmp_path / "m")
    scanned = looked_at(tmp_path / "m", "skops")
    assert set(scanned.findings) == set(skops.io.get_untrusted_types(file=tmp_path / "m"))
    assert not scanned.carries_code
    assert looked_at(tmp_path / "m", "skops", trusted=scanned.findings).findings == ()


class Reached:
    """Stands for whatever a pickle names; being called and filled does nothing."""

    def __init__(self, *_: object, **__: object) -> None:
        """Take anything."""

    def __setstate__(self, _: object) -> None:
        """Take anything."""

    append = extend = add = __setitem__ = __setstate__


class Spy(NumpyUnpickler):
    """joblib's own reader, which notes every name and makes nothing but arrays."""

    def find_class(self, module: str, name: str) -> object:
        self.reached.add(f"{module}:{name}")
        if name == "NumpyArrayWrapper":
            return NumpyArrayWrapper
        return getattr(np, name) if name in ("dtype", "ndarray") else Reached


def reached(content: bytes) -> set[str]:
    """Return the names that joblib asks for while it reads a file."""
    spy = Spy("", io.BytesIO(content), ensure_native_byte_order=False)
    spy.reached = set()
    with contextlib.suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spy.load()
    return spy.reached


def spliced(whole: bytes, numbers: random.Random) -> bytes:
    """Damage a file: bytes changed, cut out, repeated, or opcodes put in between."""
    changed = bytearray(whole)
    for _ in range(numbers.randint(1, 4)):
        place = numbers.randrange(len(changed))
        match numbers.randrange(4):
            case 0:
                changed[place] = numbers.choice(b"0(.)\x81\x85Rb\x93\x94h}]ut\x00\xff2")
            case 1:
                del changed[place : place + numbers.randint(1, 12)]
            case 2:
                changed[place:place] = changed[place : place + numbers.randint(1, 60)]
            case _:
                changed[place:place] = numbers.choice(
                    [b"cos\nsystem\n", b"0", b"2", b"h\x03", b"R"]
                )
    return bytes(changed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_model_that_is_clean_reaches_allowed_names_only(tmp_path, seed):
    numbers, names = random.Random(seed), allowed("pickle", "joblib")
    buffer = io.BytesIO()
    mixed = np.array(["x", None], dtype=object)
    records = np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])
    joblib.dump([mixed, {"k": np.arange(40.0)}, records, StandardScaler()], buffer)
    read_through = 0
    for _ in range(1000):
        content = spliced(buffer.getvalue(), numbers)
        (tmp_path / "m").write_bytes(content)
        scanned = looked_at(tmp_path / "m", "joblib")
        if scanned.unreadable is None and not scanned.findings:
            read_through += 1
            assert reached(content) <= names
    assert read_through > 20


def test_the_spy_sees_what_a_model_reaches():
    buffer = io.BytesIO()
    joblib.dump([np.arange(3.0), StandardScaler()], buffer)
    assert "sklearn.preprocessing._data:StandardScaler" in reached(buffer.getvalue())
    evil = b"\x80\x04\x8c\x02os\x8c\x06system\x93."
    assert reached(evil) == {"os:system"}
