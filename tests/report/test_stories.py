from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

from bot.core.actions import MARKER
from bot.report.render import comment, marked, summary
from bot.report.status import status
from bot.report.terminal import text
from tests.report.builders import (
    DOCUMENTATION,
    case,
    compare,
    decided,
    judgement,
    promotion,
    seen,
)
from tests.report.stories import STORIES

PARSER = MarkdownIt("gfm-like", {"html": True, "linkify": False})
ALLOWED = re.compile(r"</?(?:details|summary|sub|br)>")
EVERY = sorted(STORIES)


def inert(markdown: str) -> None:
    """Assert what may never be in a comment, whatever was put into it."""
    tokens = PARSER.parse(markdown.split("\n", 1)[1])
    flat = [t for token in tokens for t in (token, *(token.children or ()))]
    for token in flat:
        assert token.type != "image"
        if token.type in {"html_block", "html_inline"}:
            left = ALLOWED.sub("", token.content)
            assert "<" not in left, token.content
        if token.type == "link_open":
            assert token.attrs["href"].startswith(f"{DOCUMENTATION}/gates.md#")
        if token.type in {"text", "html_block"}:
            assert not re.search(r"@\w|#\d|\bGH-\d|://|\bwww\.\w", token.content), token.content
    assert markdown.count("<details>") == markdown.count("</details>")
    assert markdown.count("<!--") == 1
    assert not re.search(r"^\s*/", markdown, re.MULTILINE)


@pytest.mark.parametrize("name", EVERY)
def test_a_comment_reads_as_its_golden_file(name, templates, golden):
    written = comment(seen(*STORIES[name]()), templates)
    golden(f"{name}.md", written)
    inert(written)


@pytest.mark.parametrize("name", EVERY)
def test_a_terminal_reads_as_its_golden_file(name, golden):
    golden(f"{name}.txt", text(seen(*STORIES[name]()), width=100, color=False))


def test_statuses_read_as_their_golden_file(golden):
    lines = []
    for name in EVERY:
        state, description = status(*STORIES[name]())
        assert 0 < len(description) <= 140
        lines.append(f"{name:26} {state:8} {description}\n")
    golden("statuses.txt", "".join(lines))


@pytest.mark.parametrize("name", EVERY)
def test_the_verdict_stands_first_and_the_table_on_the_first_screen(name, templates):
    lines = comment(seen(*STORIES[name]()), templates).splitlines()
    assert lines[0].startswith(MARKER)
    assert lines[1].startswith("### ")
    gates = [i for i, line in enumerate(lines) if line.startswith("| Gate |")]
    assert all(i <= 18 for i in gates[:1])


@pytest.mark.parametrize("name", EVERY)
def test_the_marker_says_what_was_judged(name, templates):
    decision, judgements, proposal = STORIES[name]()
    content = marked(comment(seen(decision, judgements, proposal), templates))
    assert content is not None
    assert content["head"] == proposal.head_sha
    assert content["ruling"] == decision.ruling.value
    assert content["verdict"] in {
        "passed",
        "overridden",
        "failed",
        "errored",
        "inconclusive",
        "refused",
        "nothing",
    }


def test_several_cases_have_one_key_that_is_none_of_theirs(templates):
    first, second = (
        judgement(promotion(model=model), compare(), judged=case(promotion(), key=key * 64))
        for model, key in (("a", "1"), ("b", "2"))
    )
    one, both, turned = (
        marked(comment(seen(decided(*judged), judged), templates))["key"]
        for judged in ((first,), (first, second), (second, first))
    )
    assert one == "1" * 64
    assert len(both) == 64
    assert both == turned
    assert both not in {"1" * 64, "2" * 64}


def test_the_summary_is_the_comment_without_its_marker(templates):
    shown = seen(*STORIES["failed"]())
    assert comment(shown, templates).split("\n", 1)[1] == summary(shown, templates)


def test_only_the_moment_in_the_footer_leaves_the_digest_of_a_body_alone(templates):
    from dataclasses import replace
    from datetime import timedelta

    decision, judgements, proposal = STORIES["failed"]()
    later = replace(proposal, now=proposal.now + timedelta(hours=1))
    now = marked(comment(seen(decision, judgements, proposal), templates))
    then = marked(comment(seen(decision, judgements, later), templates))
    assert now["body"] == then["body"]
    assert now["evaluated_at"] != then["evaluated_at"]


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "hello",
        f"x{MARKER}e30= -->",
        f"{MARKER}e30=",
        f"{MARKER}not base64 -->",
        f"{MARKER}bm90IGpzb24= -->",
        f"{MARKER}W10= -->",
        f"\n{MARKER}e30= -->",
    ],
)
def test_a_forged_marker_is_none(forged):
    assert marked(forged) is None
