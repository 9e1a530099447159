from __future__ import annotations

import re

import pytest

from bot.core.verdict import Measure
from bot.report.render import page
from tests.report.builders import DOCUMENTATION, decided, gate, promoted, seen
from tests.report.stories import STORIES


@pytest.mark.parametrize("name", sorted(STORIES))
def test_a_page_needs_nothing_but_itself(name, templates):
    html = page(seen(*STORIES[name]()), templates)
    addresses = re.findall(r"\b(?:src|href|action|data)=[\"']?([^\"'>]+)", html)
    assert "url(" not in html
    assert all(address.startswith(f"{DOCUMENTATION}/gates.md#") for address in addresses)
    assert "<script" not in html
    assert html.startswith("<!doctype html>")


def test_a_page_draws_strips_with_their_words(templates):
    html = page(seen(*STORIES["failed"]()), templates)
    drawn = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(drawn) == 3 + 3  # two gates and a load time; three slices
    assert all("<title>Against the limit: " in svg for svg in drawn)
    assert "┣" not in html


def test_a_page_shows_everything_that_a_comment_may_leave_out(templates):
    html = page(seen(*STORIES["failed"]()), templates)
    for part in ("Lock change", "Evidence", "Slices (4)", "Why each gate says so"):
        assert part in html


def test_a_number_without_a_limit_is_not_drawn(templates):
    verdict = gate("size", "size", measured=(Measure(name="size", challenger=3.0, unit="bytes"),))
    judged = (promoted(verdict),)
    html = page(seen(decided(*judged), judged), templates)
    assert "3\xa0bytes" in html
    assert "<svg" not in html


def test_steps_are_boxes_that_are_ticked_or_not(templates):
    html = page(seen(*STORIES["passed-merges"]()), templates)
    assert '<li class="done">Gates evaluated' in html
    assert '<li class="open">Then this commit' in html
