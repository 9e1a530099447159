"""The big list of naughty strings, through every field of a report, stays words.

In run k the field number j holds string number (k + j): every field meets every string, and
the strings of one report differ.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
import pytest

from bot.cli import run
from bot.core.account import account, trailers
from bot.core.actions import MARKER
from bot.core.errors import Malformed, Problem
from bot.core.proposal import Touched
from bot.core.trial import Judgement
from bot.report.markdown import clean
from bot.report.render import comment, marked, page
from bot.report.status import status
from bot.report.terminal import text
from tests.adversary.corpora import naughty_strings, renderer
from tests.adversary.planting import FIELDS, OUTSIDE, planted, text_fields
from tests.adversary.rendered import Page, calls, read
from tests.report.builders import DOCUMENTATION, seen
from tests.report.naughty import NAUGHTY
from tests.report.stories import STORIES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROWS = [row for row, why in FIELDS.items() if why == OUTSIDE]
TOLD = ("several-models", "waived", "refused-malformed", "hold", "retired", "fast-track",
        "passed-held", "passed-stale-review", "passed-waits-for-an-owner",
        "overridden")  # fmt: skip
"""Stories that hold every field between them."""
WHOLE = {"several-models", "refused-malformed", "passed-held", "overridden"}
"""Stories whose comment meets every string; the others' comments meet every third."""


@pytest.fixture(scope="module")
def strings() -> tuple[str, ...]:
    return naughty_strings()


@pytest.fixture(scope="module")
def every() -> tuple[str, ...]:
    """Add our own collection, and what a runner of GitHub Actions obeys in a log."""
    commands = ("::set-output name=digest::x", "##[add-mask]x", "x" * 99 + " ::error::x")
    return (*naughty_strings(), *NAUGHTY, *commands)


def turned(strings: Sequence[str], k: int) -> Callable[[str], str]:
    """Give each field the string of its turn."""
    return lambda row: strings[(k + ROWS.index(row)) % len(strings)]


def parts_of(story: str) -> Any:
    """Tell a story whose request touches a further file, as one of a whole repository might."""
    decision, judgements, proposal = STORIES[story]()
    return decision, judgements, replace(proposal, touched=(Touched(path="x", mode="100644"),))


def told(story: str, text_for: Callable[[str], str]) -> Any:
    return tuple(planted(part, text_for) for part in parts_of(story))


def test_every_field_of_a_report_has_a_row() -> None:
    found = set().union(*(text_fields(part) for name in STORIES for part in parts_of(name)))

    assert found - set(FIELDS) == set()


def test_the_stories_told_here_hold_every_field_that_can_be_planted() -> None:
    found = set().union(*(text_fields(part) for name in TOLD for part in parts_of(name)))

    assert set(ROWS) - found == set()


def shape(page: Page) -> dict[str, int]:
    """Count the elements; a pair of backticks in a sentence may add code."""
    return {tag: count for tag, count in page.tags.items() if tag != "code"}


@pytest.mark.parametrize("story", TOLD)
def test_a_comment_keeps_its_shape_and_calls_nobody(
    story: str, strings: tuple[str, ...], templates: dict[str, str]
) -> None:
    render = renderer()
    visible = [one if clean(one) else "x" for one in strings]
    calm = comment(seen(*told(story, lambda _: "calm")), templates, budget=(10**9, 10**9))
    expected = shape(read(render(calm)))
    for k in range(0, len(strings), 1 if story in WHOLE else 3):
        parts = told(story, turned(visible, k))
        written = comment(seen(*parts), templates, budget=(10**9, 10**9))
        first, body = written.split("\n", 1)
        shown = read(render(written))

        assert (shown.wrong, calls(shown), k) == ([], [], k)
        assert shape(shown) == expected, k
        assert shown.open == []
        assert all(link.startswith(f"{DOCUMENTATION}/gates.md#") for link in shown.links), k
        assert [f"<!--{one}-->" for one in shown.hidden] == [first]
        assert marked(written)["head"] == parts[2].head_sha
        assert MARKER.strip() not in body
        assert not re.search(r"^\s*/", body, re.MULTILINE), k


@pytest.mark.parametrize("story", TOLD)
def test_a_status_is_one_short_line(story: str, every: tuple[str, ...]) -> None:
    for k in range(0, len(every), 3):
        _, words = status(*told(story, turned(every, k)))

        assert 0 < len(words) <= 140
        assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in words), k


@pytest.mark.parametrize("story", TOLD)
def test_a_page_holds_no_tag_from_outside(
    story: str, strings: tuple[str, ...], templates: dict[str, str]
) -> None:
    visible = [one if clean(one) else "x" for one in strings]
    calm = read(body(page(seen(*told(story, lambda _: "calm")), templates)))
    for k in range(0, len(strings), 7):
        parts = told(story, turned(visible, k))
        shown = read(body(page(seen(*parts), templates)))

        assert shown.tags.keys() <= calm.tags.keys() | {"code"}, k
        assert all(link.startswith(f"{DOCUMENTATION}/gates.md#") for link in shown.links)
        assert shown.hidden == []


def body(html: str) -> str:
    return html[html.index("<body>") + len("<body>") : html.index("</body>")]


@pytest.mark.parametrize("story", TOLD)
def test_a_terminal_gets_no_control_character_and_a_runner_no_command(
    story: str, every: tuple[str, ...]
) -> None:
    for k in range(0, len(every), 5):
        shown = text(seen(*told(story, turned(every, k))), width=(50, 140)[k % 2], color=False)

        assert {c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs"}} == {"\n"}
        assert not re.search(r"^\s*::|##\[", shown, re.MULTILINE), k


@pytest.mark.parametrize("story", [name for name in TOLD if name != "refused-malformed"])
def test_a_record_holds_the_words_and_trailers_hold_none(
    story: str, every: tuple[str, ...]
) -> None:
    def lines(parts: tuple[Any, Sequence[Judgement], Any]) -> list[str]:
        # A login is written, and nothing but what a login may hold.
        found = [re.sub(r" by [A-Za-z0-9._\[\]-]+$", " by …", one) for one in trailers(*parts)]
        assert not any("@" in one or "\n" in one for one in found)
        return found

    calm = lines(told(story, lambda _: "calm"))
    for k in range(0, len(every), 3):
        parts = told(story, turned(every, k))

        assert json.loads(account(*parts, "0.1.0").bytes)
        assert lines(parts) == calm


def test_a_refusal_on_the_screen_commands_no_terminal_and_no_runner(
    every: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    def refused() -> None:
        raise Malformed(*(Problem(what=one, remedy=one, file=one) for one in every))

    monkeypatch.setattr("sys.argv", ["lockstep"])
    code = run(refused)
    shown = capfd.readouterr().err

    assert code == Malformed.exit_code
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs"} for c in shown if c != "\n")
    assert not re.search(r"^\s*::|##\[", shown, re.MULTILINE)
