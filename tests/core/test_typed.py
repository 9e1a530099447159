# ruff: noqa: E501 -- a row of a table is one input and the sentence it earns
from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BeforeValidator, Field, StringConstraints

from bot.core import lock, policy, policyfile
from bot.core.document import Reading, Text, load, read
from bot.core.errors import Malformed, Refusal, UnknownName
from bot.core.lock import Day, Digest, Line, Moment, Name, Value, Version
from bot.core.wording import PATTERNS

FILE = "p.yaml"


def _even(value: object) -> object:
    if value == "odd":
        raise ValueError("write an even number")
    return value


def _overflow(value: object) -> object:
    return int(float(str(value)))


class Window(Value):
    rows: int = Field(ge=1)
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5


class Latency(Value):
    quantile: Annotated[float, Field(le=1)]


class Settings(Value):
    metric: Name
    task: Literal["binary", "regression"] = "binary"
    threshold: float | Window | None = None
    windows: tuple[Window, ...] = ()
    by: dict[Name, Window] = Field(default_factory=dict)
    strict: bool = False
    title: Annotated[str, StringConstraints(min_length=2, max_length=4)] = "abc"
    tags: Annotated[list[Line], Field(min_length=1, max_length=2)] = Field(
        default_factory=lambda: ["a"]
    )
    odd: Annotated[int, BeforeValidator(_even)] = 2
    size: Annotated[int, BeforeValidator(_overflow)] = 2
    code: Annotated[str, StringConstraints(pattern="^x+$")] = "x"
    at: Moment | None = None
    day: Day | None = None
    plain_day: date | None = None
    plain_moment: datetime | None = None
    span: timedelta | None = None
    amount: Decimal | None = None
    version: Version = "1"
    digest: Digest | None = None
    since: str = Field(default="a", alias="from")


def refused(text: str) -> list[str]:
    with pytest.raises(Refusal) as caught:
        load(read(text.encode(), FILE), Settings)
    return [str(problem).removeprefix("p.yaml:") for problem in caught.value.problems]


def test_the_declared_type_decides_a_scalar() -> None:
    text = b"""
metric: 'no'
threshold: "0.5"
windows: [{rows: "5"}]
strict: true
at: 2026-11-23T09:00:00Z
day: 2026-11-23
version: 1.10
from: ~x
"""
    settings = load(read(text, FILE), Settings)
    assert (settings.metric, settings.version, settings.strict) == ("no", "1.10", True)
    assert settings.windows == (Window(rows=5),)
    assert (settings.threshold, settings.day) == (0.5, date(2026, 11, 23))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("task: binary", "1:1: 'metric' is missing; add 'metric: …'"),
        ("metric: a\nwindows:\n- share: 0.1", "3:3: 'rows' is missing; add 'rows: …'"),
        ("metric: a\nby:\n  x:\n    share: 0.1", "3:3: 'rows' is missing; add 'rows: …' to 'x'"),
        ("metric: A", "1:9: 'metric' is 'A', not a name; use up to 64 lower-case letters, digits, '.', '_' and '-'"),
        ("metric: a\nmetrik: b", "2:1: unknown key 'metrik'; did you mean 'metric'?"),
        ("metric: a\nby: {x: {rows: 1, row: 2}}", "2:19: unknown key 'row'; did you mean 'rows'?"),
        ("metric: a\nwindows: [{rows: 1, zzz: 2}]", "2:21: unknown key 'zzz'; write one of rows, share"),
        ("metric: a\nthreshold: {rows: 1, shere: 2}", "2:22: unknown key 'shere'; did you mean 'share'?"),
        ("metric: a\nfrm: b", "2:1: unknown key 'frm'; did you mean 'from'?"),
        ("metric: a\ntask: binry", "2:7: 'task' is 'binry', not one of binary, regression; did you mean 'binary'?"),
        ("metric: a\ntask: [x]", "2:7: 'task' is a list, not one of binary, regression; write one of binary, regression"),
        ("metric: a\nstrict: maybe", "2:9: 'strict' is 'maybe', not true or false; write true or false, such as strict: true"),
        ("metric: a\nwindows: [{rows: x}]", "2:18: 'rows' is 'x', not a whole number; write a whole number, such as rows: 5"),
        ("metric: a\nwindows: [{rows: 1.5}]", "2:18: 'rows' is '1.5', not a whole number; write a whole number, such as rows: 5"),
        ("metric: a\nwindows: [{rows: }]", "2:18: 'rows' is empty, not a whole number; write a whole number, such as rows: 5"),
        ("metric: a\nwindows: [{rows: 0}]", "2:18: 'rows' is '0', not at least 1; write a value at least 1"),
        ("metric: a\nwindows: [{rows: 1, share: 1}]", "2:28: 'share' is '1', not below 1.0; write a value below 1.0"),
        ("metric: a\nwindows: [5]", "2:11: this is '5', not a table of keys; write a table of keys, such as {key: value}"),
        ("metric: a\nwindows: {}", "2:10: 'windows' is an empty table, not a list; write a list, such as windows: [one, two]"),
        ("metric: a\nby: []", "2:5: 'by' is an empty list, not a table of keys; write a table of keys, such as by: {key: value}"),
        ("metric: a\nby: {X: {rows: 1}}", "2:6: this is 'X', not a name; use up to 64 lower-case letters, digits, '.', '_' and '-'"),
        ("metric: a\ntitle: abcde", "2:8: 'title' is 'abcde', too long; give at most 4"),
        ("metric: a\ntitle: b", "2:8: 'title' is 'b', too short; give at least 2"),
        ("metric: a\ntags: []", "2:7: 'tags' is an empty list, too few entries; give at least 1"),
        ("metric: a\ntags: [a, b, c]", "2:7: 'tags' is a list, too many entries; give at most 2"),
        ('metric: a\ntags: ["a\\nb"]', "2:8: this is 'a b', not text on one line; remove line breaks and control characters"),
        ("metric: a\nodd: odd", "2:6: 'odd' is 'odd', which does not fit; write an even number"),
        ("metric: a\nsize: 1e999", "1:1: a number here is too large; write a smaller number"),
        ("metric: a\ncode: y", "2:7: 'code' is 'y', not in the form asked for; match ^x+$"),
        ("metric: a\nday: 2026", "2:6: 'day' is '2026', which does not fit; write a date as 2026-11-23 and a moment as 2026-11-23T09:00:00Z"),
        ("metric: a\nat: 2026-11-23T09:00:00", "2:5: 'at' is '2026-11-23T09:00:00', which does not fit; a moment needs its zone; write 2026-11-23T09:00:00Z"),
        ("metric: a\nat: 2026-99", "2:5: 'at' is '2026-99', not a moment with its zone; write a moment with its zone, such as at: 2026-11-23T09:00:00Z"),
        ("metric: a\namount: b", "2:9: 'amount' is 'b', which does not fit; see `lockstep schema` for what may stand here"),
        ("metric: a\nspan: ever", "2:7: 'span' is 'ever', not a duration; write a duration, such as span: 6h"),
        ("metric: a\nthreshold: nan", "2:12: 'threshold' is 'nan', not a number; write a number, such as threshold: 0.5"),
        ("metric: a\nthreshold: {rows: x}", "2:19: 'rows' is 'x', not a whole number; write a whole number, such as rows: 5"),
        ("metric: a\nthreshold: abc", "2:12: 'threshold' is 'abc', not a number; write a number, such as threshold: 0.5"),
        ("", "1:1: this is empty, not a table of keys; write a table of keys, such as {key: value}"),
        ("metric: a\ntitle: {b: 1}", "2:8: 'title' is a table, not text; write text, such as title: \"text\""),
    ],
)  # fmt: skip
def test_what_a_type_refuses_is_said_plainly_at_its_place(text: str, problem: str) -> None:
    assert refused(text) == [problem]


def test_a_union_speaks_with_the_voice_of_the_member_that_fits_best() -> None:
    assert len(refused("metric: a\nthreshold: [1]")) == 2
    assert len(refused("metric: a\nthreshold: {rows: 1, share: 5, z: 1}")) == 2


def test_unknown_keys_alone_are_unknown_names() -> None:
    with pytest.raises(UnknownName):
        load(read(b"metric: a\nmetrik: b", FILE), Settings)
    with pytest.raises(Malformed) as caught:
        load(read(b"metrik: b\ntask: c\nmetric: a", FILE), Settings)
    assert [problem.line for problem in caught.value.problems] == [1, 2]


def test_a_long_value_is_shortened() -> None:
    assert len(refused("metric: " + "A" * 5_000)[0]) < 200
    assert len(refused("metric: a\n" + "b" * 900 + ": 1")[0]) < 400
    assert len(refused("metric: a\n" + "\n".join(f"k{n}: 1" for n in range(900)))) == 50


def test_every_pattern_of_locks_and_policies_has_words() -> None:
    found = {lock.NAME, lock.VERSION, lock.DIGEST}
    for module in (lock, policy, policyfile):
        for value in vars(module).values():
            for constraint in getattr(value, "__metadata__", ()):
                found |= {getattr(constraint, "pattern", None)} - {None}
    assert found <= PATTERNS.keys()


TABLE = {"window": Window, "latency": Latency, "settings": Settings}


def choices(text: str) -> tuple[list[tuple[str, str]], list[str]]:
    reading = Reading()
    found = reading.choices(read(text.encode(), FILE), TABLE, kind="gate")
    problems: list[str] = []
    try:
        reading.settle()
    except Refusal as refusal:
        problems = [str(problem).removeprefix("p.yaml:") for problem in refusal.problems]
    return [(choice.name, str(choice.mark)) for choice in found], problems


def test_gates_are_chosen_by_name_with_their_places() -> None:
    expected = [("window", "p.yaml:1:3"), ("latency", "p.yaml:2:4")]
    assert choices("- window: {rows: 1}\n- {latency: {quantile: 0.9}}\n") == (expected, [])
    assert choices("[window: {rows: 1}]")[0] == [("window", "p.yaml:1:2")]
    assert choices("~") == ([], [])


@pytest.mark.parametrize("text", ["- loads", "- loads:", "- loads: {}", "- loads: ~", "[loads]"])
def test_a_gate_without_settings_may_be_written_in_any_way(text: str) -> None:
    class Loads(Value):
        """No settings."""

    reading = Reading()
    (choice,) = reading.choices(read(text.encode(), FILE), {"loads": Loads}, kind="gate")
    reading.settle()
    assert choice.settings == Loads()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- windw: {}", "1:3: unknown gate 'windw'; did you mean 'window'?"),
        ("- zzz", "1:3: unknown gate 'zzz'; write one of latency, settings, window"),
        ("- window", "1:3: 'rows' is missing; add 'rows: …' to 'window'"),
        ("- window: {row: 1, rows: 1}", "1:12: unknown key 'row'; did you mean 'rows'?"),
        ("- {window: {rows: 1}, latency: 1}", "1:3: this is not one gate; write `- gate: {…}`, one a line"),
        ("- ~", "1:3: this is not one gate; write `- gate: {…}`, one a line"),
        ("- []", "1:3: this is not one gate; write `- gate: {…}`, one a line"),
        ("window: {rows: 1}", "1:1: this is not a list of gates; write `- gate: {…}`, one a line"),
        ("- window: 5", "1:11: 'window' is '5', not a table of keys; write a table of keys, such as window: {key: value}"),
        ("- latency: {quantile: 2}", "1:23: 'quantile' is '2', not at most 1.0; write a value at most 1.0"),
        ("- settings: {metric: a, size: 1e999}", "1:3: a number here is too large; write a smaller number"),
    ],
)  # fmt: skip
def test_a_wrong_choice_is_refused_at_its_place(text: str, problem: str) -> None:
    assert choices(text) == ([], [problem])


def test_the_parts_of_a_document_are_refused_together() -> None:
    reading = Reading()
    root = read(b"metric: A\ngates: [zzz]\nextra: 1\n", FILE)
    assert reading.load(root.without("gates"), Settings) is None
    assert reading.choices(root.get("gates"), TABLE, kind="gate") == ()
    reading.refuse(Text("", plain=True, mark=root.mark).mark, "a rule of the caller", "mend it")
    with pytest.raises(Malformed) as caught:
        reading.settle()
    assert [problem.line for problem in caught.value.problems] == [1, 1, 2, 3]


_JARGON = re.compile(r"Input should|pydantic|validation|https?://|Value error|\bloc\b|\bdict\b")
_trees = st.recursive(
    st.sampled_from(["~", "1", "x", "1e999", "-1", "nan", "[]", "{}", "2026-13-01", "'a b'"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(
            st.sampled_from(["rows", "share", "x", "Z", "row"]), inner, max_size=3
        ).map(
            lambda table: "{" + ", ".join(f"{key}: {value}" for key, value in table.items()) + "}"
        )
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*Settings.model_fields, "from", "metrik"]), _trees))
def test_whatever_stands_there_is_loaded_or_refused_in_plain_words(table: dict[str, str]) -> None:
    text = "".join(f"{key}: {value}\n" for key, value in table.items())
    try:
        load(read(text.encode(), FILE), Settings)
    except Refusal as refusal:
        for problem in refusal.problems:
            assert not _JARGON.search(str(problem))
            assert problem.line is not None
            assert problem.remedy
