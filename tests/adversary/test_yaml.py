"""Whatever text a lock or a policy holds, it is read or refused, in bounded time and memory."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.core.canonical import HEADER
from tests.adversary.corpora import Written, yaml_suite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
MILLION = 1_000_000
LARGE = 11 * MILLION
"""Bytes of the lock of ten thousand models."""
HEAD = HEADER.decode()
MODEL = f"{HEAD}  other:\n"

BOMBS = {
    "a billion laughs": "a: &a [x,x]\n"
    + "".join(f"{b}: &{b} [*{a},*{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    "an anchor in itself": "a: &a [*a]\n",
    "a merge of itself": "a: &a\n  <<: *a\n",
    "deep lists": "[" * 200_000,
    "deep tables": "{a: " * 200_000,
    "deep indentation": "".join(f"{' ' * i}a:\n" for i in range(2_000)),
    "deep dashes": "- " * MILLION,
    "deep questions": "? " * MILLION,
    "a long key": f"{MODEL}    {'k' * 2000}: 1\n",
    "a key of a megabyte": f"{MODEL}    {'k' * MILLION}: 1\n",
    "a key that is a list": f"{MODEL}    [a, b]: 1\n",
    "a key that is a table": f"{MODEL}    {{a: b}}: 1\n",
    "doubled keys": MODEL + "    versions: {}\n" * 50_000,
    "a doubled model": f"{MODEL}    versions: {{}}\n\n  other:\n    versions: {{}}\n",
    "another word for a key": f'{MODEL}    "versions": {{}}\n    versions: {{}}\n',
    "many empty lists": f"{MODEL}    versions: [{'[],' * 100_000}]\n",
    "many commas": f"{MODEL}    versions: [{',' * 100_000}]\n",
    "many colons": f"{MODEL}    versions: {':' * 100_000}\n",
    "many quotes": f"{MODEL}    versions: {chr(34) * 100_000}\n",
    "many brackets that close": "]" * 100_000,
    "many documents": "---\n" * 100_000,
    "many directives": "%YAML 1.2\n" * 100_000,
    "many tags": f"{MODEL}    versions: [{'!!python/object/apply:os.system x,' * 10_000}]\n",
    "many aliases": f"{MODEL}    versions: [{'*a,' * 100_000}]\n",
    "many comments": HEAD + "# x\n" * 100_000,
    "eleven megabytes of one value": f"{MODEL}    versions: {'x' * LARGE}\n",
    "eleven megabytes of spaces": f"{MODEL}    versions:{' ' * LARGE}1\n",
    "eleven megabytes of blank lines": HEAD + "\n" * LARGE,
    "eleven megabytes of a comment": f"{HEAD}#{'x' * LARGE}\n",
    "eleven megabytes of a block": f"{MODEL}    versions: |\n" + "      xxxxxxx\n" * (LARGE // 14),
    "eleven megabytes without a line": "x" * LARGE,
    "values without end": f"{MODEL}    versions: [{'x,' * (LARGE // 2)}]\n",
}
LETTERS = {
    "a null": "\0",
    "an escape": "\x1b",
    "a deletion": "\x7f",
    "a next line": "\x85",
    "a paragraph separator": "\u2029",
    "right to left": "\u202e",
    "an isolate": "\u2066",
    "no width": "\u200b",
    "a joiner": "\u200d",
    "a byte order mark": "\ufeff",
    "a tag letter": "\U000e0041",
    "a soft hyphen": "\xad",
    "no character": "\uffff",
}
BYTES = {
    "half a surrogate": b"a: \xed\xa0\x80\n",
    "an overlong slash": b"a: \xc0\xaf\n",
    "beyond unicode": b"a: \xf4\x90\x80\x80\n",
    "latin": b"a: caf\xe9\n",
    "UTF-16": HEAD.encode("utf-16"),
    "UTF-16 without a mark": HEAD.encode("utf-16-be"),
    "UTF-32": HEAD.encode("utf-32"),
    "UTF-7": b"+AGE-: 1\n",
    "a mark before": b"\xef\xbb\xbf" + HEADER,
    "ends of Windows": HEADER.replace(b"\n", b"\r\n"),
    "ends of an old Mac": HEADER.replace(b"\n", b"\r"),
    "tabs": b"models:\n\tother: 1\n",
    "nothing": b"",
    "a blank": b" ",
    "nulls": b"\0" * 1000,
    "git's conflict": b"<<<<<<< ours\na: 1\n=======\na: 2\n>>>>>>> theirs\n",
}


def told(
    documents: Sequence[bytes], seconds: int, *readers: str
) -> list[dict[str, tuple[str, float]]]:
    """Read documents in a process of its own, by some or all readers; return how each ended."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.adversary.yaml_reader", *readers],
        input=json.dumps([base64.b64encode(one).decode() for one in documents]),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: list[dict[str, tuple[str, float]]] = json.loads(done.stdout)
    return found


def broken(rows: Sequence[Mapping[str, tuple[str, float]]], names: Sequence[str]) -> list[str]:
    return [
        f"{name}, as {reader}: {how}"
        for name, row in zip(names, rows, strict=True)
        for reader, (how, _) in row.items()
        if how.startswith("broke")
    ]


def test_every_document_of_yaml_s_own_suite_is_read_or_refused() -> None:
    suite = yaml_suite()
    inside = [f"{MODEL}    versions:\n{_indented(one.text)}".encode() for one in suite]
    texts = [one.text.encode() for one in suite]

    rows = told([*texts, *inside], seconds=60)

    assert len(suite) > 350
    assert broken(rows, [one.name for one in suite] * 2) == []
    assert max(seconds for row in rows for _, seconds in row.values()) < 0.2


def _indented(text: str) -> str:
    return "".join(f"      {line}\n" for line in text.split("\n"))


def test_no_document_of_the_suite_is_a_policy_or_a_lock_in_canonical_form() -> None:
    rows = told([one.text.encode() for one in yaml_suite()], seconds=60)

    readable = [row for row in rows if "read" in (row["policy"][0], row["change"][0])]
    assert readable == []


def meant_twice(suite: Sequence[Written]) -> list[Written]:
    """Choose the documents that hold what a strict document may not, for certain."""
    marks = re.compile(r"(?:^|\s)[&*][\w-]|(?:^|\s)!|^%|<<:|\n---", re.MULTILINE)
    return [one for one in suite if not one.fails and marks.search(one.text)]


def test_a_document_that_can_mean_two_things_is_never_read() -> None:
    from bot.core.document import read
    from bot.core.errors import Malformed

    chosen, passed = meant_twice(yaml_suite()), []
    for one in chosen:
        try:
            passed.append((one.name, one.text, read(one.text.encode(), "x")))
        except Malformed:
            continue

    assert len(chosen) > 80
    # In the others the mark is text: inside quotes, a block, a comment, or after other words.
    bare = [name for name, text, _ in passed if not re.search(r"[|>\"'#]|\w [&*!]", text)]
    assert set(bare) <= {"EXG3-0", "XLQ9-0"}


@pytest.mark.slow
def test_a_bomb_is_refused_in_seconds_and_in_bounded_memory() -> None:
    rows = told([text.encode() for text in BOMBS.values()], 300, "change", "base", "policy")

    assert broken(rows, list(BOMBS)) == []
    slow = {
        f"{name}, as {reader}": seconds
        for name, row in zip(BOMBS, rows, strict=True)
        for reader, (_, seconds) in row.items()
        if seconds > 15
    }
    assert slow == {}
    assert all(row["change"][0] != "read" for row in rows)


@pytest.mark.parametrize("name", LETTERS)
def test_a_letter_nobody_sees_changes_no_name(name: str) -> None:
    letter = LETTERS[name]
    places = ["{}" + HEAD, f"{MODEL}    ver{{}}sions: {{}}", f"{HEAD}  ot{{}}her:\n    versions: x"]
    rows = told([place.replace("{}", letter).encode() for place in places], seconds=30)

    assert broken(rows, places) == []
    assert all(how.startswith("refused") for row in rows[1:] for how, _ in [row["change"]])
    assert all(letter not in how for row in rows for how, _ in row.values())


def test_bytes_that_are_no_text_are_refused() -> None:
    rows = told(list(BYTES.values()), seconds=30)

    assert broken(rows, list(BYTES)) == []
    assert [n for n, row in zip(BYTES, rows, strict=True) if row["policy"][0] == "read"] == []
