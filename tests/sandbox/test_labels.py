"""A model's own classes find their place among the hold-out's."""

from __future__ import annotations

import numpy as np
import pytest

from bot.runner.labels import WrongClasses, aligned, code_of, codes_of, in_order


@pytest.mark.parametrize(
    ("label", "expected", "code"),
    [
        (1, ("0", "1"), 1),
        (np.int64(1), ("1", "0"), 0),
        (1.0, ("0", "1"), 1),
        (0.5, ("0.5", "1"), 0),
        (True, ("False", "True"), 1),
        (np.bool_(False), ("0", "1"), 0),
        (1, ("False", "True"), 1),
        ("1", ("0", "1"), 1),
        (b"no", ("no", "yes"), 0),
        ("maybe", ("no", "yes"), -1),
        (2, ("0", "1"), -1),
        (True, ("0", "1"), 1),
    ],
)
def test_a_class_is_found_by_its_name(label, expected, code):
    assert code_of(label, expected) == code


def test_labels_become_codes_and_strangers_minus_one():
    assert codes_of(np.array(["b", "a", "c"]), ("a", "b")).tolist() == [1.0, 0.0, -1.0]


def test_libraries_number_classes_in_sorted_order():
    assert in_order(("10", "9", "1")) == ("1", "9", "10")
    assert in_order(("yes", "no")) == ("no", "yes")


def test_one_column_of_scores_is_the_second_class():
    scores = aligned(np.array([0.2, 0.9]), None, ("1", "0"))
    assert np.allclose(scores, [[0.2, 0.8, 0.0], [0.9, 0.1, 0.0]])


def test_scores_for_an_unknown_class_fall_into_the_last_column():
    scores = aligned(np.array([[0.1, 0.2, 0.7]]), ["a", "z", "b"], ("a", "b"))
    assert np.allclose(scores, [[0.1, 0.7, 0.2]])


def test_scores_for_another_number_of_classes_are_refused():
    with pytest.raises(WrongClasses):
        aligned(np.ones((2, 3)), None, ("a", "b"))
