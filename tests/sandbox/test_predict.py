"""Answers come back to the rows they belong to, and dishonest ones are counted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from bot.core.errors import Fault
from bot.core.evidence import Absent
from bot.core.policy import ArtifactRules
from bot.core.questions import Answers, Rehearsal
from bot.world import predict, sandbox
from bot.world.sandbox_features import prepare, prepare_table, shuffled
from bot.world.sandbox_places import places


@pytest.fixture
def module(tmp_path):
    """Build a folder artifact from source."""

    def build(source: str):
        folder = tmp_path / "honest"
        folder.mkdir()
        (folder / "model.py").write_text("import numpy as np\n" + source)
        return folder

    return build


def test_answers_are_aligned_to_the_rows_of_the_holdout(module, ask, frame):
    answers = ask(module("def predict(frame):\n    return frame['a'] * 2 + frame['c']\n"))
    assert isinstance(answers, Answers), answers
    assert np.allclose(answers.predicted, frame["a"] * 2 + frame["c"])
    assert answers.scores is None
    assert (answers.inconsistent, answers.off_simplex) == (0, 0.0)
    assert answers.compared == len(frame)


def test_scores_follow_the_order_of_the_holdouts_classes(module, ask, frame):
    source = """
CLASSES = ["yes", "no"]
def predict(frame):
    p = 1 / (1 + np.exp(-frame["a"].to_numpy()))
    return np.where(p > 0.5, "yes", "no"), np.column_stack((p, 1 - p))
"""
    answers = ask(module(source), classes=("no", "yes"))
    assert isinstance(answers, Answers), answers
    chance = 1 / (1 + np.exp(-frame["a"].to_numpy()))
    assert np.allclose(answers.scores[:, 1], chance)
    assert np.array_equal(answers.predicted, (chance > 0.5).astype(float))
    assert answers.off_simplex < 1e-12
    assert answers.rehearsal.classes == (True, True)


def test_a_class_the_holdout_never_takes_is_counted_and_its_mass_is_kept(module, ask):
    source = """
CLASSES = ["no", "yes", "perhaps"]
def predict(frame):
    return np.full(len(frame), "perhaps"), np.tile([0.2, 0.3, 0.5], (len(frame), 1))
"""
    answers = ask(module(source), classes=("no", "yes"))
    assert isinstance(answers, Answers), answers
    assert set(answers.predicted) == {-1.0}
    assert np.allclose(answers.scores, [0.2, 0.3])
    assert answers.off_simplex < 1e-12
    assert answers.rehearsal.unknown_classes == 1


def test_scores_that_are_no_probabilities_are_measured(module, ask):
    source = """
CLASSES = ["no", "yes"]
def predict(frame):
    return np.full(len(frame), "no"), np.tile([0.9, 0.4], (len(frame), 1))
"""
    answers = ask(module(source), classes=("no", "yes"))
    assert isinstance(answers, Answers), answers
    assert answers.off_simplex == pytest.approx(0.3)


@pytest.mark.parametrize("name", ["order", "memory_of_calls", "batch"])
def test_answers_from_order_memory_or_company_are_inconsistent(name, hostile, ask):
    answers = ask(hostile(name), classes=("0", "1"))
    assert isinstance(answers, Answers), answers
    assert answers.inconsistent > 0


def test_rounding_by_batch_size_is_no_inconsistency(module, ask):
    source = """
def predict(frame):
    scale = np.float32(1 + len(frame) * 1e-9)
    return frame["a"].to_numpy(np.float32) * scale
"""
    answers = ask(module(source))
    assert isinstance(answers, Answers), answers
    assert answers.inconsistent == 0


def test_the_wrong_number_of_answers_is_said(module, ask):
    answers = ask(module("def predict(frame):\n    return frame['a'][1:]\n"))
    assert isinstance(answers, Absent)
    assert answers.fault is Fault.ROWS_MISMATCHED
    assert "another number of rows" in answers.reason


@pytest.mark.parametrize("value", [1e160, -1e101])
def test_values_whose_squares_are_not_finite_are_no_answers(module, ask, value):
    answers = ask(module(f"def predict(frame):\n    return frame['a'] * 0 + {value}\n"))
    assert isinstance(answers, Absent)
    assert answers.fault is Fault.SCORES_NOT_FINITE
    assert "1e100" in answers.reason


def test_large_values_are_answers(module, ask):
    answers = ask(module("def predict(frame):\n    return frame['a'] * 0 + 1e99\n"))
    assert isinstance(answers, Answers), answers


def test_a_column_the_holdout_lacks_is_in_the_reason(module, ask):
    source = "FEATURES = ['a', 'income']\ndef predict(frame):\n    return frame['income']\n"
    answers = ask(module(source))
    assert isinstance(answers, Absent)
    assert "asks for 1 features the hold-out does not have" in answers.reason


def test_text_of_an_exception_does_not_cross(module, ask):
    answers = ask(module("def predict(frame):\n    raise KeyError('**PASSED**')\n"))
    assert isinstance(answers, Absent)
    assert answers.reason == "while predicting, the model raised KeyError"


def test_an_exception_nobody_knows_crosses_as_its_nearest_relative(module, ask):
    answers = ask(module("class Mine(ValueError): pass\ndef predict(frame):\n    raise Mine\n"))
    assert isinstance(answers, Absent)
    assert answers.reason == "while predicting, the model raised ValueError"


def test_code_needs_the_policys_word(module, ask, tmp_path):
    source = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    answers = ask(module(source), rules=ArtifactRules())
    assert isinstance(answers, Absent)
    assert answers.fault is Fault.CODE_NOT_ALLOWED
    assert "nothing was loaded" in answers.reason


def test_a_folder_without_the_module_does_not_load(tmp_path, ask):
    answers = ask(tmp_path)
    assert isinstance(answers, Absent)
    assert answers.fault is Fault.MODEL_DOES_NOT_LOAD


def test_loading_alone_tells_the_columns_a_model_uses(module, features):
    from tests.sandbox.conftest import EVERYTHING, LIMITS, entry

    source = "FEATURES = ['c', 'a', 'z']\ndef predict(frame):\n    return frame['a']\n"
    found = predict.load_only(
        module(source), entry("runner"), EVERYTHING, LIMITS, sandbox.probed(), features
    )
    assert isinstance(found, Rehearsal), found
    assert found.used == (True, False, True)
    assert found.unknown_features == 1
    assert found.peak_bytes > 10_000_000


def test_two_models_answer_at_the_same_time(tmp_path, ask, frame):
    def run(sign):
        folder = tmp_path / f"times{sign}"
        folder.mkdir()
        (folder / "model.py").write_text(f"def predict(frame):\n    return frame['a'] * {sign}\n")
        return ask(folder)

    with ThreadPoolExecutor(2) as pool:
        up, down = pool.map(run, (1, -1))
    assert isinstance(up, Answers), up
    assert isinstance(down, Answers), down
    assert np.allclose(up.predicted, frame["a"])
    assert np.allclose(down.predicted, -frame["a"])


def test_a_holdout_without_rows_is_not_asked(tmp_path, frame, module):
    from tests.sandbox.conftest import EVERYTHING, LIMITS, entry

    empty = prepare(frame[:0], tmp_path / "empty", seed=1)
    given = (module("def predict(frame): ..."), entry("runner"), EVERYTHING, LIMITS)
    answers = predict.answer(*given, sandbox.probed(), empty, ())
    assert isinstance(answers, Absent)
    assert answers.fault is Fault.NO_ROWS


def test_a_table_and_a_frame_are_written_alike(tmp_path):
    frame = pd.DataFrame(
        {"whole": [3, 1, 2], "broken": [0.5, None, 2.0], "flag": [True, False, True],
         "word": ["b", None, "a"], "small": np.array([1, 2, 3], dtype=np.uint8),
         "when": pd.to_datetime(["2026-01-01", None, "2026-03-01"])}
    )  # fmt: skip
    table = pa.Table.from_pandas(frame, preserve_index=False)
    holes = table.append_column("holes", pa.array([1, None, 3]))
    seen = prepare(holes.to_pandas(), tmp_path / "frame", seed=1)
    again = prepare_table(holes, tmp_path / "table", seed=1)
    assert again.names == seen.names == (*frame.columns, "holes")
    for path in seen.folder.iterdir():
        assert path.read_bytes() == (again.folder / path.name).read_bytes(), path.name


def test_the_checkout_with_its_data_is_no_place_to_read():
    root = Path(__file__).parents[2]
    for place in places().libraries:
        assert not (root / "examples" / "labels.parquet").is_relative_to(place)
        assert not (root / "models.lock").is_relative_to(place)


def test_every_row_is_asked_once_first_and_some_again():
    asked = shuffled(1_000, seed=3)
    assert sorted(asked.row_at[asked.first_place]) == list(range(1_000))
    assert list(asked.row_at[asked.first_place]) == list(range(1_000))
    assert asked.batches[0] == (0, 1_256)
    assert [stop - start for start, stop in asked.batches[1:]] == [256, 1, 1, 1]
    assert not np.array_equal(asked.first_place, np.arange(1_000))


def test_a_seed_gives_the_same_questions_and_another_seed_others():
    first, second, other = shuffled(50, seed=1), shuffled(50, seed=1), shuffled(50, seed=2)
    assert np.array_equal(first.row_at, second.row_at)
    assert not np.array_equal(first.row_at, other.row_at)


def test_without_a_seed_nobody_can_know_the_order():
    assert not np.array_equal(shuffled(50).row_at, shuffled(50).row_at)


def test_a_single_row_can_be_asked():
    asked = shuffled(1, seed=1)
    assert asked.batches == ((0, 2), (2, 3), (3, 4))


def test_every_kind_of_column_arrives_as_it_was(tmp_path, module):
    import pandas as pd

    from tests.sandbox.conftest import EVERYTHING, LIMITS, entry

    frame = pd.DataFrame(
        {
            "whole": [1, 2, 3],
            "broken": [0.5, np.nan, 2.5],
            "flag": [True, False, True],
            "word": ["x", None, "ü"],
            "nullable": pd.array([1, None, 3], dtype="Int64"),
            "maybe": pd.array([True, None, False], dtype="boolean"),
            "kind": pd.Categorical(["b", None, "a"], categories=["b", "a"], ordered=True),
            "when": pd.to_datetime(["2026-01-01", None, "2026-03-01"]),
            "there": pd.to_datetime(["2026-01-01", None, "2026-07-01"]).tz_localize("Europe/Paris"),
        }
    )
    source = f"""
import pandas as pd
def predict(frame):
    ok = [list(frame.columns) == {list(frame.columns)!r}]
    row = frame.sort_values("whole").drop_duplicates("whole")
    if len(row) < 3:
        return np.full(len(frame), 511.0)
    ok = [
        row["whole"].dtype == "int64", np.isnan(row["broken"].iloc[1]),
        row["flag"].dtype == bool, row["word"].iloc[2] == "ü" and pd.isna(row["word"].iloc[1]),
        np.isnan(row["nullable"].iloc[1]) and row["nullable"].iloc[2] == 3,
        row["maybe"].iloc[0] is True and pd.isna(row["maybe"].iloc[1]),
        list(row["kind"].cat.categories) == ["b", "a"] and row["kind"].cat.ordered,
        row["when"].iloc[2] == pd.Timestamp("2026-03-01") and pd.isna(row["when"].iloc[1]),
        row["there"].iloc[2] == pd.Timestamp("2026-07-01", tz="Europe/Paris"),
    ]
    return np.full(len(frame), float(sum(bool(v) << i for i, v in enumerate(ok))))
"""
    features = prepare(frame, tmp_path / "kinds", seed=1)
    answers = predict.answer(
        module(source), entry("runner"), EVERYTHING, LIMITS, sandbox.probed(), features, ()
    )
    assert isinstance(answers, Answers), answers
    assert set(answers.predicted) == {511.0}
