from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.core.decision import refuse
from bot.core.errors import Fault, Malformed, Problem
from bot.core.proposal import Blob
from bot.core.verdict import Outcome, Waiver
from bot.report import markdown
from bot.report.ladder import RUNGS, lower
from bot.report.render import comment, page, summary
from bot.report.terminal import text
from tests.report.builders import compare, decided, gate, promoted, proposal, seen, slice_of
from tests.report.naughty import NAUGHTY
from tests.report.test_stories import PARSER, inert

GFM = MarkdownIt("gfm-like", {"html": True, "linkify": False})


def rendered(filtered):
    table = f"| a | b |\n|--|--|\n| {filtered} | last |"
    return GFM.render(f"start {filtered} end\n\n{table}\n\n{filtered}\n")


def plain(name):
    """What a reader sees of a string: visible characters, one space for each run of them."""
    return markdown.clean(name).replace("`", "")


@pytest.mark.parametrize("write", [markdown.sentence, markdown.cell, markdown.code])
@pytest.mark.parametrize("name", NAUGHTY)
def test_naughty_text_stays_one_cell_of_inert_text(write, name):
    filtered = write(name)
    assert "\n" not in filtered
    html = rendered(filtered)
    assert html.count("<td>") == 2
    assert html.count("<p>") == (2 if filtered else 1)
    for tag in re.findall(r"</?(\w+)", html):
        assert tag in {"p", "table", "thead", "tbody", "tr", "th", "td", "code"}
    words = re.sub(r"<code>.*?</code>", "", html)
    assert not re.search(r"@\w|(?<!&)#\d|GH-\d|://|www\.", words, re.IGNORECASE)
    assert "<!--" not in filtered
    assert "-->" not in filtered


@given(st.text(max_size=300))
def test_any_text_is_inert_and_keeps_its_words(name):
    for write in (markdown.sentence, markdown.code):
        html = rendered(write(name))
        assert set(re.findall(r"</?(\w+)", html)) <= {
            "p",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "code",
        }
    words = re.findall(r"[a-z]{3,}", plain(name)[:100])
    shown = rendered(markdown.sentence(name)).replace(markdown.ZERO, "")
    assert all(word in shown for word in words)


@given(st.text(max_size=400))
def test_clean_text_is_one_visible_line(name):
    cleaned = markdown.clean(name)
    assert all(
        unicodedata.category(c)[0] != "C" or unicodedata.category(c) in {"Co", "Cn"}
        for c in cleaned
    )
    assert cleaned == cleaned.strip()
    assert markdown.clean(cleaned) == cleaned
    cleaned.encode()


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("roc_auc", "roc_auc"),
        ("a `name` here", "a `name` here"),
        ("a `b", "a \\`b"),
        ("2 < 3", "2 &lt; 3"),
        ("recall [a=b]", "recall &#91;a=b&#93;"),
        ("policies/x.yaml:12:7", "`policies/x.yaml:12:7`"),
        ("by policies/x.yaml:12:7: why", "by `policies/x.yaml:12:7`: why"),
        ("ask :smile: of x.yaml:1", "ask :\u200bsmile: of `x.yaml:1`"),
        ("x.yaml:1@ana", "x.yaml:1@\u200bana"),
        ("`git@x:a#1` and a `b", "`git@x:a#1` and a \\`b"),
        ("+0.021 (\u22120.01)", "+0.021 (\u22120.01)"),
        ("1. first", "1\\. first"),
        ("fixes #7", "fix\u200bes #\u200b7"),
        ("the fixed point", "the fixed point"),
        ("/lockstep merge", "\\/lockstep merge"),
    ],
)
def test_ordinary_sentences_stay_readable(name, written):
    assert markdown.sentence(name) == written


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("credit-risk", "`credit-risk`"),
        ("a`b", "``a`b``"),
        ("`a`", "`` `a` ``"),
        ("a|b", "a&#124;b"),
        ("", markdown.EMPTY),
        ("--base", "`--base`"),
    ],
)
def test_code_spans_grow_their_fence(name, written):
    assert markdown.code(name) == written


@pytest.mark.parametrize("name", ["::error::x", ":::x", "x ##[group]", "\x1b[1m::x"])
def test_a_line_of_a_log_commands_no_runner(name):
    shown = markdown.on_screen(name)
    assert "::" not in shown
    assert "##[" not in shown
    assert shown.replace(" ", "") == markdown.clean(name).replace(" ", "")


def test_names_are_cut_in_the_middle_and_sentences_at_the_end():
    assert markdown.middle_cut("a" * 60 + "b" * 100, 120) == "a" * 59 + "…" + "b" * 60
    assert markdown.end_cut("word " * 40, 20) == "word word word word…"
    assert len(markdown.code("x" * 500)) == markdown.CELL + 2


def test_numbers_break_only_around_their_interval():
    assert markdown.whole("+0.1 ms (0.0, 0.2) better") == "+0.1\xa0ms (0.0,\xa00.2) better"
    assert markdown.whole("") == ""


def test_a_diff_keeps_its_signs_and_its_fence():
    fenced = markdown.fence(("@@", "+  a: ```", "-  b: @ana", " \tc"), "diff")
    assert fenced == "````diff\n@@\n+  a: ```\n-  b: @ana\n c\n````"


def test_text_in_a_line_of_html_is_escaped_there():
    assert markdown.raw("<b> `x` & @ana") == "&lt;b&gt; x &amp; @\u200bana"


def test_the_target_of_a_link_cannot_end_the_link():
    assert markdown.target("https://x.example/a) [b](c d|e") == (
        "https://x.example/a%29%20%5Bb%5D%28c%20d%7Ce"
    )


def story(name):
    """Put one string into every field that text from outside can reach."""
    line = markdown.clean(name)[:500] or "x"
    waiver = Waiver(gate="latency", model="m", by=name, reason=name, until=date(2026, 12, 1))
    said = {
        "because": f"x{name}",
        "required": name,
        "details": (name, name),
        "notes": (name, f"sandbox layer missing: {name}"),
        "place": name,
        "unblock": name,
        "remedy": name,
    }
    measured = (
        replace(slice_of(name, 300, -0.2, Outcome.FAILED, note=name), method=name),
        slice_of(name, 3, 0.0),
        replace(slice_of(name, 3, 0.0, note=name), outcome=None),
    )
    verdicts = (
        gate("slices", name, Outcome.FAILED, **said, measured=measured),
        replace(compare(), **said),
        replace(gate("latency", name, Outcome.FAILED, **said), waived=waiver),
        gate("loads", name, Outcome.ERRORED, **said, fault=Fault.UNREADABLE),
        gate("lineage", name, **said),
    )
    judged = promoted(*verdicts)
    judged = replace(judged, trial=replace(judged.trial, policy=name, needs_person=name))
    lock = b"models:\n  " + name.encode("utf-8", "replace")
    read = proposal(title=name, author=name, branch=line, head=Blob(text=lock, oid="a" * 40))
    return (judged, promoted(compare(), model="other")), read


def shape(written):
    """Count the blocks that a comment consists of."""
    kinds = ("heading_open", "table_open", "tr_open", "td_open", "html_block", "list_item_open")
    return Counter(t.type for t in PARSER.parse(written) if t.type in kinds)


@pytest.fixture(scope="module")
def calm(templates):
    judged, read = story("calm")
    view = seen(decided(*judged), judged, read)
    return {rung: shape(summary(lower(view, rung), templates)) for rung in RUNGS}


@pytest.mark.parametrize("name", NAUGHTY)
def test_naughty_text_in_every_field_leaves_a_comment_inert(name, templates, calm):
    judged, read = story(name)
    view = seen(decided(*judged), judged, read)
    for rung in (RUNGS[0], RUNGS[5]):
        written = comment(lower(view, rung), templates, budget=(10**9, 10**9))
        inert(written)
        assert shape(written.split("\n", 1)[1]) == calm[rung]


@pytest.mark.parametrize("name", NAUGHTY)
def test_naughty_text_in_a_refusal_leaves_a_comment_inert(name, templates):
    problem = Problem(what=f"x{name}", remedy=name, file=name, line=1, column=2)
    decision = refuse(Malformed(problem, problem))
    inert(comment(seen(decision, (), proposal(head=None)), templates))


@pytest.mark.parametrize("name", NAUGHTY)
def test_naughty_text_reaches_no_terminal_and_no_page(name, templates):
    judged, read = story(name)
    view = seen(decided(*judged), judged, read)
    for width in (50, 140):
        shown = text(view, width=width, color=False)
        assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs"} for c in shown if c != "\n")
    html = page(view, templates)
    body = html[html.index("<body>") :]
    assert not re.search(r"<(?:script|img|a href=\"(?!https://docs\.example\.org/))", body)
    assert "<!--" not in body


def test_an_undefined_name_in_a_template_is_an_error(templates):
    from jinja2 import UndefinedError

    broken = {**templates, "comment.md": "{{ view.verdcit }}"}
    judged = (promoted(compare()),)
    with pytest.raises(UndefinedError):
        summary(seen(decided(*judged), judged), broken)


def test_a_template_that_joins_safe_and_unsafe_text_escapes_both(templates):
    careless = {**templates, "comment.md": "{{ (view.subject | code) ~ '<b>' }}"}
    judged = (promoted(compare()),)
    assert "<b>" not in summary(seen(decided(*judged), judged), careless)
