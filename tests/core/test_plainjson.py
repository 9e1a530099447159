"""JSON from outside is read strictly, and what it says is never repeated."""

from __future__ import annotations

import pytest

from bot.core.plainjson import NotPlain, read_json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"a": [1, 2.5, "x", null, true]}', {"a": [1, 2.5, "x", None, True]}),
        (b'"[[[[{{{{"', "[[[[{{{{"),
        (rb'"\"[[[[[["', '"[[[[[['),
    ],
)
def test_json_is_read(text: bytes, value: object) -> None:
    assert read_json(text, most=100, deepest=2) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"[" * 200, "more than 100"),
        (b"[[[]]]", "deeper than 2"),
        (b'{"a": 1, "a": 2}', "a key twice"),
        (b'{"a": {"b": 1, "b": 2}}', "a key twice"),
        (b"[NaN]", "no number"),
        (b"[-Infinity]", "no number"),
        (b"{'a': 1}", "not JSON"),
        (b"\xff", "not JSON"),
        (b"", "not JSON"),
        (b"[" + b"9" * 90 + b",]", "not JSON"),
    ],
)
def test_anything_else_is_refused(text: bytes, says: str) -> None:
    with pytest.raises(NotPlain, match=says):
        read_json(text, most=100, deepest=2)


def test_a_number_of_ten_thousand_digits_is_refused() -> None:
    with pytest.raises(NotPlain, match="not JSON"):
        read_json(b"9" * 10_000, most=20_000)


def test_brackets_within_an_open_text_do_not_stop_the_reader() -> None:
    with pytest.raises(NotPlain):
        read_json(b'"' + b"[" * 50_000, most=100_000)
