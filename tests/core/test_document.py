from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.document import LOADER, Items, Table, Text, comments, plain, read
from bot.core.errors import Malformed, Refusal

FILE = "p.yaml"


def refused(text: bytes | str, loader: type = LOADER) -> list[str]:
    with pytest.raises(Malformed) as caught:
        read(text.encode() if isinstance(text, str) else text, FILE, loader=loader)
    return [str(problem).removeprefix("p.yaml:") for problem in caught.value.problems]


@pytest.fixture(params=[yaml.CSafeLoader, yaml.SafeLoader], ids=["libyaml", "pure"])
def loader(request: pytest.FixtureRequest) -> type:
    """Machines without libyaml fall back to the pure parser; both must read alike."""
    return request.param


def test_every_scalar_stays_the_text_that_stands_there(loader: type) -> None:
    text = b"version: 1.10\nwhen: 12:30:45\nno: no\nhex: 0x1F\nday: 2026-11-23\nsha: 0e12345\n"
    assert plain(read(text, FILE, loader=loader)) == {
        "version": "1.10",
        "when": "12:30:45",
        "no": "no",
        "hex": "0x1F",
        "day": "2026-11-23",
        "sha": "0e12345",
    }


def test_only_unquoted_nulls_are_nothing(loader: type) -> None:
    text = b"[~, null, Null, '~', \"null\", '', nil]\n"
    assert plain(read(text, FILE, loader=loader)) == [None, None, None, "~", "null", "", "nil"]
    assert plain(read(b"a:\nb: ''", FILE, loader=loader)) == {"a": None, "b": ""}
    assert plain(read(b"", FILE, loader=loader)) is None
    assert plain(read(b"# nothing\n", FILE, loader=loader)) is None


def test_every_node_has_its_place(loader: type) -> None:
    node = read("é:\n  - {b: [c]}\n".encode(), FILE, line_offset=10, loader=loader)
    assert isinstance(node, Table)
    key, value = node.pairs[0]
    assert str(key.mark) == "p.yaml:11:1"
    assert isinstance(value, Items)
    inner = value.items[0]
    assert isinstance(inner, Table)
    assert str(inner.mark) == "p.yaml:12:5"
    assert str(inner.key("b").mark) == "p.yaml:12:6"
    assert str(inner.get("b").items[0].mark) == "p.yaml:12:10"
    assert inner.key("z") is None
    assert inner.get("z") is None


def test_a_table_can_be_taken_apart() -> None:
    node = read(b"a: 1\nb: 2\nc: 3\n", FILE)
    assert plain(node.without("a", "c", "z")) == {"b": "2"}
    assert isinstance(node.get("b"), Text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: &x 1", "1:4: the anchor '&x' is not allowed; write the value out"),
        ("a: &x [1]", "1:4: the anchor '&x' is not allowed; write the value out"),
        ("a: !!str 1", "1:4: the tag 'tag:yaml.org,2002:str' is not allowed; delete the tag"),
        ("a: ! 1", "1:4: the tag '!' is not allowed; delete the tag"),
        ("a: 1\na: 2", "2:1: the key 'a' stands twice, first on line 1; keep one"),
        ("{a: 1, 'a': 2}", "1:8: the key 'a' stands twice, first on line 1; keep one"),
        ("<<: {a: 1}", "1:1: the merge key '<<' is not allowed; write the keys out"),
        ("? \n: 2", "1:2: a key is empty; write `key: value`"),
        ("? [a]\n: 1", "1:3: a key must be text; write `key: value`"),
        ("--- a\n--- b", "2:1: a second document begins here; keep one document per file"),
        (
            "%YAML 1.1\n---\na",
            "1:1: a YAML directive is not allowed; delete the line that begins with %",
        ),
        ("a: \u202ex", "1:4: the invisible character U+202E is not allowed; delete it"),
        ("a\u200bb: x", "1:2: the invisible character U+200B is not allowed; delete it"),
        ("\ufeffa: x", "1:1: the invisible character U+FEFF is not allowed; delete it"),
        ("a: \x07", "1:4: the invisible character U+0007 is not allowed; delete it"),
        ("a: 1\rb: 2", "1:5: the invisible character U+000D is not allowed; delete it"),
        ("a: \x85", "1:4: the invisible character U+0085 is not allowed; delete it"),
        ('a: "\\0"', "1:4: the invisible character U+0000 is not allowed; delete it"),
        ('a: "\\u202E"', "1:4: the invisible character U+202E is not allowed; delete it"),
        ('"\\u200b": 1', "1:1: the invisible character U+200B is not allowed; delete it"),
        ("[" * 13, "1:13: values are nested more than 12 deep; flatten the document"),
    ],
)
def test_what_can_mean_two_things_is_refused_at_its_place(
    loader: type, text: str, problem: str
) -> None:
    assert problem in refused(text, loader)


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ("a: b: c", "1:5", "quote a value that holds ': ', and check the indentation"),
        ("a: @b", "1:4", "quote the value, and indent with spaces, not tabs"),
        ("a:\n\t- b", "2:1", "quote the value, and indent with spaces, not tabs"),
        ("a\nb: 1\n", "2:2", "quote a value that holds ': ', and check the indentation"),
        ("a: [b\nc: d", "2:2", "close the bracket or brace, and put commas between entries"),
        ("a: 'b", "1:6", "close the quote"),
        ('a: "\\q"', "1:", "double the backslash, or use single quotes"),
        ("a: 1\n b: 2", "2:3", "quote a value that holds ': ', and check the indentation"),
        ("- a\nb: 1", "2:1", "check the indentation, quotes and brackets here and above"),
    ],
)
def test_broken_yaml_is_refused_with_a_way_out(
    loader: type, text: str, place: str, remedy: str
) -> None:
    problem = refused(text, loader)[-1]
    assert problem.startswith(place)
    assert ": this is not YAML (" in problem
    assert problem.endswith(f"; {remedy}")


@pytest.mark.parametrize("escape", ["\\U00110000", "\\UFFFFFFFF", "\\uD800", "\\x8"])
def test_an_escape_that_is_no_character_is_refused(loader: type, escape: str) -> None:
    assert len(refused(f'a: "{escape}"', loader)) == 1


def test_an_alias_is_refused_and_expands_to_nothing(loader: type) -> None:
    assert refused("a: &x [1]\nb: [*x, *x]", loader) == [
        "1:4: the anchor '&x' is not allowed; write the value out",
        "2:5: the alias '*x' is not allowed; write the value out, or quote it when it is a pattern",
        "2:9: the alias '*x' is not allowed; write the value out, or quote it when it is a pattern",
    ]


def test_every_problem_is_told_at_once_in_order_of_place(loader: type) -> None:
    problems = refused("a: &x 1\nb: !t 2\na: 3\nc: {d: 1, d: 2}\ne: [", loader)
    assert [problem.split(":")[0] for problem in problems[:3]] == ["1", "2", "4"]
    assert "this is not YAML" in problems[3]
    assert [problem.split(":")[0] for problem in refused("x: \u202e\ny: 1\nz: \u200b", loader)] == [
        "1",
        "3",
    ]


def test_bytes_that_are_not_utf_8_are_refused_at_their_place() -> None:
    assert refused("é: ".encode() + b"\xff") == [
        "1:4: byte 0xff is not UTF-8; save the file as UTF-8"
    ]
    assert refused("a: b".encode("utf-16")) == [
        "1:1: byte 0xff is not UTF-8; save the file as UTF-8"
    ]


def test_lines_may_end_as_on_windows() -> None:
    assert plain(read(b"a: 1\r\nb: 2\r\n", FILE)) == {"a": "1", "b": "2"}


def test_documents_beyond_their_caps_are_refused() -> None:
    assert refused(b"#" * 262_145) == [
        " the file has 262,145 bytes, more than 262,144; split it or remove what is not needed"
    ]
    assert refused("[" + "a," * 20_000 + "]") == [
        "1:40000: the document has too many values; split it into several files"
    ]
    assert isinstance(read(b"- a\n" * 30_000, FILE, max_nodes=40_000), Items)


def test_comments_are_found_and_what_looks_like_one_is_not(loader: type) -> None:
    text = (
        b"# one\na: b#c # two\nb: 'd # e'\nc: \"# f\"\nd: |  # three\n  # g\n\n  h\n# four\n- #\n"
    )
    places = [(mark.line, mark.column) for mark in comments(text[:-4], FILE, loader=loader)]
    assert places == [(1, 1), (2, 8), (5, 7), (9, 1)]
    assert comments(b"a: 1\n", FILE, loader=loader) == ()
    assert [str(mark) for mark in comments(b"> # x", FILE, loader=loader)] == ["p.yaml:1:3"]


_YAMLISH = st.text(st.sampled_from("abc01 \n\t:-?[]{},#&*!|>'\"%@`~<.\\x"), max_size=60)


@settings(max_examples=300)
@given(st.binary(max_size=80) | st.text(max_size=40).map(str.encode) | _YAMLISH.map(str.encode))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    try:
        node = read(text, FILE)
    except Refusal as refusal:
        assert refusal.problems  # noqa: PT017 -- either end is right; only another error is not
    else:
        assert isinstance(node, Text | Items | Table)
        assert isinstance(comments(text, FILE), tuple)


@settings(max_examples=200)
@given(_YAMLISH)
def test_both_parsers_read_alike_or_one_refuses(text: str) -> None:
    outcomes = []
    for loader in (yaml.CSafeLoader, yaml.SafeLoader):
        try:
            outcomes.append(plain(read(text.encode(), FILE, loader=loader)))
        except Refusal:
            return
    assert outcomes[0] == outcomes[1]


BOMBS = {
    "brackets": b"[" * 262_144,
    "braces": b"{" * 262_144,
    "dashes": b"- " * 131_072,
    "questions": b"? " * 131_072,
    "flow list": b"[" + b"a," * 131_000,
    "empty maps": b"a:\n" * 87_000,
    "ladder": b"".join(b" " * depth + b"a:\n" for depth in range(700)),
    "aliases": b"a: &a [x]\n" + b"- *a\n" * 50_000,
    "anchors": b"- &a a\n" * 37_000,
    "documents": b"---\n" * 65_000,
    "quotes": b"'" + b"\n" * 262_000,
    "colons": b"{" + b":" * 262_000,
    "comments": b"#\n" * 131_000,
    "spaces": b" " * 262_144,
    "tabs": b"\t" * 262_144,
    "long key": b"a" * 262_000 + b": 1",
    "flow keys": b"{" + b"a: b, " * 43_000,
    "doubled keys": b"a:\n" * 9_000,
    "controls": b"\x01\n" * 131_072,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_or_read_in_a_moment(bomb: str) -> None:
    start = time.process_time()
    try:
        read(BOMBS[bomb], FILE)
    except Malformed as refusal:
        assert len(refusal.problems) <= 51  # noqa: PT017 -- a bomb may also be harmless
    # Aim: 0.2 s on an idle machine; the bound leaves room for a busy one.
    assert time.process_time() - start < 1.0
