"""What is a command and what is not."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.command import FORMS, Command, Misunderstood, Verb, parse
from bot.gates import GATES
from bot.report import replies
from tests.report.naughty import NAUGHTY

GOLDEN = Path(__file__).parents[1] / "golden"
OVERRIDE = Command(verb=Verb.OVERRIDE, gate="latency", reason="too slow, known")

UNDERSTOOD = {
    "/lockstep status": Command(verb=Verb.STATUS),
    "/LockStep EVALUATE": Command(verb=Verb.EVALUATE),
    "  /lockstep release  \r\nthank you": Command(verb=Verb.RELEASE),
    "/lockstep": Command(verb=Verb.HELP),
    "/lockstep help": Command(verb=Verb.HELP),
    "/lockstep\thold\twait for it": Command(verb=Verb.HOLD, reason="wait for it"),
    '/lockstep hold "until Monday"': Command(verb=Verb.HOLD, reason="until Monday"),
    "/lockstep hold it's 5 < 6": Command(verb=Verb.HOLD, reason="it's 5 < 6"),
    "/lockstep hold a *bold* \u202ereason": Command(verb=Verb.HOLD, reason="a bold reason"),
    "/lockstep hold a <!-- hidden --> b": Command(verb=Verb.HOLD, reason="a b"),
    "/lockstep hold" + " x" * 200: Command(verb=Verb.HOLD, reason="x" + " x" * 199),
    "/lockstep merge ABCDEF0": Command(verb=Verb.MERGE, sha="abcdef0"),
    '/lockstep override --gate latency --reason "too slow, known"': OVERRIDE,
    '/lockstep override --reason="too slow, known" --gate=latency': OVERRIDE,
    "/lockstep override \u2014gate latency \u2014reason \u201ctoo slow, known\u201d": OVERRIDE,
    '/lockstep override --gate "compare f1" --reason "x"': Command(
        verb=Verb.OVERRIDE, gate="compare f1", reason="x"
    ),
    "\n \n/lockstep status\n\n> what do you think?": Command(verb=Verb.STATUS),
}

NO_COMMANDS = (
    "",
    "please /lockstep status",
    "thanks\n/lockstep status",
    "thanks\n\n/lockstep status",
    "> /lockstep merge abcdef0",
    "> quoted\n/lockstep merge abcdef0",
    ">> > /lockstep merge abcdef0",
    "```\n/lockstep status\n```",
    "```\n/lockstep status",
    "~~~sh\n/lockstep status\n~~~",
    "    /lockstep status",
    "`/lockstep status`",
    "`x` /lockstep status",
    "<!--\n/lockstep status\n-->",
    "<!-- /lockstep status -->",
    "<details>\n/lockstep status\n</details>",
    "<!-- lockstep:report:v1 e30= -->\n/lockstep status",
    "# /lockstep status",
    "/lockstep status\n===",
    "- /lockstep status",
    "1. /lockstep status",
    "| /lockstep status |\n|--|\n",
    "[x]: /lockstep",
    "\\/lockstep status",
    "&#47;lockstep status",
    "**/lockstep status**",
    "[/lockstep status](x)",
    "> what do you think?\n\n/lockstep status",
    "<!-- a template -->\n\n/lockstep status",
    "<blockquote>\n\n/lockstep merge 0123abc\n\n</blockquote>",
    "<details>\n\n/lockstep release\n\n</details>",
    "<pre>\n\n/lockstep release\n\n</pre>",
    "<s>\n\n/lockstep release\n\n</s>",
    "~~~\nx\n~~~\n/lockstep merge 0123abc",
    "# Heading\n/lockstep status",
    "- item\n\n/lockstep status",
    "---\n/lockstep status",
    "[x]: /y\n\n/lockstep status",
    "/lockstepper status",
    "/lock step status",
    "//lockstep status",
    "/lockstep status" + "\n" * 66_000,
)

MISUNDERSTOOD = {
    "/lockstep stauts": ("there is no command", "/lockstep status"),
    "/lockstep relaese": ("there is no command", "/lockstep release"),
    "/lockstep approve": ("there is no command", "/lockstep help"),
    "/lockstep status now": ("takes nothing after it", "/lockstep status"),
    "/lockstep hold": ("a hold says why", "/lockstep hold REASON"),
    "/lockstep hold " + "x" * 501: ("at most 500", "/lockstep hold REASON"),
    "/lockstep hold " + "x" * 2_000: ("at most 2,000", "/lockstep hold REASON"),
    "/lockstep hold " + "x" * 60_000: ("at most 2,000", "/lockstep hold REASON"),
    "/lockstep hold `secret`": ("plain text", "/lockstep hold REASON"),
    "/lockstep merge": ("names the head", "/lockstep merge SHA"),
    "/lockstep merge abc": ("names the head", "/lockstep merge SHA"),
    "/lockstep merge abcdef0 now": ("names the head", "/lockstep merge SHA"),
    "/lockstep merge `abcdef0`": ("plain text", "/lockstep merge SHA"),
    '/lockstep override --gate latncy --reason "x"': (
        "there is no gate `latncy`",
        '/lockstep override --gate latency --reason "x"',
    ),
    '/lockstep override --gat latency --reason "x"': (
        "did you mean `--gate`",
        '/lockstep override --gate latency --reason "x"',
    ),
    "/lockstep override --gate latency --reason too slow": (
        "in quotation marks",
        '/lockstep override --gate latency --reason "too slow"',
    ),
    '/lockstep override --gate latency --reason "x': (
        "not closed",
        '/lockstep override --gate latency --reason "x"',
    ),
    "/lockstep override --gate latency": (
        "names its reason",
        '/lockstep override --gate latency --reason "REASON"',
    ),
    '/lockstep override --gate latency --gate schema --reason "x"': (
        "stands there twice",
        '/lockstep override --gate schema --reason "x"',
    ),
    "/lockstep override --gate latency --reason " + "x" * 501: (
        "at most 500",
        f'/lockstep override --gate latency --reason "{"x" * 500}"',
    ),
    '/lockstep override --gate "no such" --reason "x"': (
        "there is no gate",
        '/lockstep override --gate GATE --reason "x"',
    ),
    "/lockstep override": ("names its gate", '/lockstep override --gate GATE --reason "REASON"'),
    '/lockstep override latency --reason "x"': (
        "belongs to no option",
        '/lockstep override --gate latency --reason "x"',
    ),
}


@pytest.mark.parametrize("body", UNDERSTOOD, ids=range(len(UNDERSTOOD)))
def test_a_command_is_understood(body):
    assert parse(body, GATES) == UNDERSTOOD[body]


@pytest.mark.parametrize("body", NO_COMMANDS, ids=range(len(NO_COMMANDS)))
def test_what_is_quoted_or_does_not_begin_the_comment_is_no_command(body):
    assert parse(body, GATES) is None


@pytest.mark.parametrize("body", MISUNDERSTOOD, ids=range(len(MISUNDERSTOOD)))
def test_what_was_meant_is_told_with_the_line_to_paste(body):
    found = parse(body, GATES)
    because, paste = MISUNDERSTOOD[body]
    assert isinstance(found, Misunderstood)
    assert because in found.because
    assert found.paste == paste


def filled(line: str) -> str:
    """Fill the places of a line as a person does."""
    return line.replace("GATE", "latency").replace("SHA", "0123abc")


@pytest.mark.parametrize("verb", list(Verb))
def test_every_form_is_a_command_once_its_places_are_filled(verb):
    found = parse(filled(FORMS[verb].written), GATES)
    assert isinstance(found, Command)
    assert found.verb is verb


@pytest.mark.parametrize("body", MISUNDERSTOOD, ids=range(len(MISUNDERSTOOD)))
def test_the_line_to_paste_is_understood(body):
    found = parse(body, GATES)
    assert isinstance(found, Misunderstood)
    assert isinstance(parse(filled(found.paste), GATES), Command)


@given(st.text())
def test_no_text_stops_the_reader(text):
    for body in (text, f"/lockstep {text}", f"/lockstep override --gate {text} --reason {text}"):
        assert isinstance(parse(body, GATES), Command | Misunderstood | None)


@given(st.text(alphabet='/lockstep hrde-="`>*_<!&;#\n\t \u201c\u2014abcdef01', max_size=200))
def test_no_mixture_of_markup_stops_the_reader(text):
    assert isinstance(parse(f"/lockstep {text}", GATES), Command | Misunderstood | None)


@given(st.sampled_from(sorted(UNDERSTOOD)), st.sampled_from(["> {}", "    {}", "- {}", "# {}"]))
def test_no_command_acts_when_every_line_of_it_is_quoted(body, form):
    quoted = "\n".join(form.format(line.strip() or "x") for line in body.splitlines())
    assert parse(quoted, GATES) is None


@given(st.sampled_from(sorted(UNDERSTOOD)), st.sampled_from(["```", "~~~~"]))
def test_no_command_acts_in_a_fence(body, fence):
    assert parse(f"{fence}\n{body}\n{fence}", GATES) is None


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_reply_of_ours_is_a_command_and_none_has_a_line_that_begins_with_a_slash(one, other):
    for text in (
        replies.not_understood(one, f"/lockstep {other}"),
        replies.not_done(one, f"/lockstep {other}"),
        replies.help_text(),
    ):
        body = f"{replies.marker_of(7)}\n{text}"
        assert parse(body, GATES) is None
        assert parse(text, GATES) is None
        assert not re.search(r"^\s*/", text, re.MULTILINE)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.md")), ids=lambda path: path.stem)
def test_no_report_of_ours_is_a_command(path):
    text = path.read_text("utf-8")
    assert parse(text, GATES) is None
    assert parse(text.split("\n", 1)[1], GATES) is None


@pytest.mark.parametrize("form", ["{}", "/lockstep {}", "/lockstep hold {}"])
def test_naughty_strings_are_read_or_passed_over(form):
    for text in NAUGHTY:
        found = parse(form.format(text), GATES)
        if isinstance(found, Command):
            assert found.reason.isprintable()


@pytest.mark.parametrize(
    "body",
    [
        ">" * 65_000 + "/lockstep",
        "- " * 32_000 + "/lockstep",
        "[" * 65_000 + "/lockstep",
        "`" * 60_000 + "/lockstep",
        "/lockstep hold\n" * 4_000,
        "\n\n".join([">x\n"] * 15_000) + "/lockstep",
        "/lockstep " + "[a](" * 480,
    ],
    ids=range(7),
)
def test_a_hostile_comment_costs_little(body):
    begun = time.process_time()
    parse(body, GATES)
    assert time.process_time() - begun < 2


def test_the_documentation_lists_every_command_as_the_help_does():
    page = (GOLDEN.parents[1] / "docs/concepts.md").read_text("utf-8")
    for form in FORMS.values():
        assert f"| `{form.written}` | {form.about} |" in page
