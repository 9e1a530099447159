"""Labels become codes that mean the same on every reading, or a reason."""

from __future__ import annotations

import pyarrow as pa
import pytest

from bot.core.errors import Fault
from bot.world.holdout import read_holdout
from tests.world.holdouts import ROWS, absent, dataset, stored


@pytest.fixture
def write(tmp_path):
    def call(rows: dict[str, list[object]] | None = None, **changes: list[object]):
        table = rows if rows is None or isinstance(rows, pa.Table) else pa.table(rows)
        return stored(tmp_path / "h.parquet", table, **changes)

    return call


@pytest.mark.parametrize(
    ("values", "positive", "classes", "codes"),
    [
        (["no", "yes", "no", "no"], None, ("no", "yes"), [0, 1, 0, 0]),
        (["no", "yes", "no", "no"], "no", ("yes", "no"), [1, 0, 1, 1]),
        ([2, 10, 10, 2], None, ("2", "10"), [0, 1, 1, 0]),
        ([1.0, 0.0, 1.0, 0.0], None, ("0", "1"), [1, 0, 1, 0]),
        ([1.0, 0.0, 1.0, 0.0], "0", ("1", "0"), [0, 1, 0, 1]),
        ([True, False, True, True], None, ("False", "True"), [1, 0, 1, 1]),
        ([True, False, True, True], "true", ("False", "True"), [1, 0, 1, 1]),
        ([True, False, True, True], "0", ("True", "False"), [0, 1, 0, 0]),
    ],
)
def test_the_positive_class_has_code_one(write, values, positive, classes, codes):
    read = read_holdout(write(late=values), dataset(positive=positive))
    assert read.classes == classes
    assert read.target.tolist() == codes


def test_classes_are_sorted_as_numbers_or_as_text(write):
    numbers = read_holdout(write(late=[10, 9, 100, 9]), dataset(task="multiclass"))
    assert (numbers.classes, numbers.target.tolist()) == (("9", "10", "100"), [1, 0, 2, 0])
    text = read_holdout(write(late=["10", "9", "b", "a"]), dataset(task="multiclass"))
    assert text.classes == ("10", "9", "a", "b")


def test_a_regression_target_stays_a_number(write):
    read = read_holdout(write(late=[1.5, -2.0, 3.0, 0.0]), dataset(task="regression"))
    assert (read.classes, read.target.tolist()) == ((), [1.5, -2.0, 3.0, 0.0])


@pytest.mark.parametrize("labels", [[1, None, 0, None], [1.0, float("nan"), 0.0, None]])
def test_missing_labels_are_counted(write, labels):
    answer = read_holdout(write(late=labels), dataset())
    absent(answer, Fault.TARGET_MISSING, "2 of 4 rows")


def test_one_class_is_no_hold_out(write):
    absent(read_holdout(write(late=[1, 1, 1, 1]), dataset()), Fault.ONE_CLASS, "'1'")
    many = dataset(task="multiclass")
    absent(read_holdout(write(late=["x"] * 4), many), Fault.ONE_CLASS, "'x'")


@pytest.mark.parametrize(
    ("values", "task", "word"),
    [
        ([0, 1, 2, 1], "binary", "3 classes"),
        ([0.5, 1.0, 2.0, 1.0], "multiclass", "fractions"),
        (["a", "b", "a", "b"], "regression", "not a number"),
        ([1.0, float("inf"), 2.0, 3.0], "regression", "1 rows have an infinite"),
        (ROWS["when"], "multiclass", "moments"),
    ],
)
def test_a_target_that_does_not_fit_its_task_is_refused(write, values, task, word):
    absent(read_holdout(write(late=values), dataset(task=task)), Fault.UNREADABLE, word)


def test_a_positive_class_that_never_occurs_is_refused(write):
    answer = read_holdout(write(), dataset(positive="yes"))
    absent(answer, Fault.TARGET_MISSING, "'yes'", "'0', '1'")
