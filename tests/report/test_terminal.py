from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console

from bot.report.terminal import show, text
from tests.report.builders import seen
from tests.report.stories import STORIES

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
@pytest.mark.parametrize("name", sorted(STORIES))
def test_no_line_is_wider_than_the_terminal(name, width):
    shown = text(seen(*STORIES[name]()), width=width, color=False)
    assert all(cell_len(line) <= width for line in shown.splitlines())


@pytest.mark.parametrize("name", sorted(STORIES))
def test_colour_adds_nothing_but_colour(name):
    view = seen(*STORIES[name]())
    coloured = text(view, width=140, color=True)
    plain = COLOURS.sub("", coloured)
    trimmed = "".join(line.rstrip() + "\n" for line in plain.splitlines())
    assert trimmed == text(view, width=140, color=False)
    assert coloured != plain


def test_a_terminal_without_tables_still_says_every_gate():
    shown = text(seen(*STORIES["failed"]()), width=60, color=False)
    for gate in ("compare pr_auc", "slices recall", "artifact", "lineage", "loads"):
        assert gate in shown
    assert "│" not in shown
    assert "─" not in shown


def test_a_wide_terminal_draws_strips():
    shown = text(seen(*STORIES["failed"]()), width=140, color=False)
    assert "┣━━━●━━━┫" in shown or "●" in shown
    assert "Where it stands" in shown


def test_the_environment_of_this_process_changes_nothing(monkeypatch):
    view = seen(*STORIES["failed"]())
    before = text(view, width=100, color=True)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "30")
    assert text(view, width=100, color=True) == before


def test_no_color_of_a_console_is_obeyed():
    out = io.StringIO()
    console = Console(file=out, width=100, force_terminal=True, _environ={"NO_COLOR": "1"})
    show(seen(*STORIES["failed"]()), console)
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", out.getvalue())


def test_a_console_that_knows_ascii_alone_gets_a_report():
    out = io.BytesIO()
    file = io.TextIOWrapper(out, encoding="ascii", write_through=True)
    show(seen(*STORIES["failed"]()), Console(file=file, width=100))
    assert b"? fail compare pr_auc" in out.getvalue()


def test_many_problems_are_counted():
    from bot.core.decision import refuse
    from bot.core.errors import Malformed, Problem

    view = seen(refuse(Malformed(*[Problem(what="bad", remedy="mend it")] * 60)), ())
    assert "  and 10 more" in text(view, width=80, color=False)
