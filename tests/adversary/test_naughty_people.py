"""What people write in comments and commits is answered and told of in words that call nobody."""

from __future__ import annotations

import dataclasses
import json
import re
import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot.core.action import OpenIssue, ProposeRevert, SetStatus, StoreFinding
from bot.core.approvals import Against
from bot.core.command import parse
from bot.core.finding import Finding, Kind
from bot.core.proposal import Standing
from bot.core.verdict import Override
from bot.core.waiting import Wait, Waiting
from bot.gates import GATES
from bot.report import replies
from bot.report.incident import raised
from bot.report.markdown import ZERO
from tests.adversary.corpora import naughty_strings, renderer
from tests.adversary.planting import holds_text
from tests.adversary.rendered import calls, read
from tests.report.naughty import NAUGHTY

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LONGEST = 65_536
"""Characters that GitHub takes as the body of an issue, a request or a comment."""
TITLE = r"[\w ,./-]{1,120}"
"""What titles of ours hold; GitHub takes 256 characters."""
FOUND = {"branch", "by", "subject", "moves"}
"""Fields of a finding that hold text from outside; the others are ids, words and names of ours."""


@pytest.fixture(scope="module")
def every() -> tuple[str, ...]:
    return (*naughty_strings(), *NAUGHTY)


def answers(text: str) -> list[str]:
    """Write every answer to a command, with a text in each place that people fill."""
    override = Override(gate="latency", by=text, reason=text, until=NOW, keys=("k",), comment=1)
    standing = Standing(overrides=(override,))
    waiting = (Waiting(kind=Wait.DRAFT, because=f"x{text}", unblock=text),)
    against = tuple(Against(title=text, outcome=how, because=text) for how in ("failed", "x"))
    return [
        replies.not_understood(text, text),
        replies.not_done(text, text),
        replies.not_done(f"x{text}"),
        replies.state(text, waiting, standing, "0" * 40),
        replies.state(f"{text} @{'0' * 12}", (), standing, "0" * 40),
        replies.state(text, (), standing, "0" * 40, against=against),
        replies.over(text, "0" * 40),
        replies.over(text, None),
        replies.refused(text),
    ]


def test_every_text_of_a_finding_is_planted_or_ours() -> None:
    fields = {one.name for one in dataclasses.fields(Finding) if holds_text(one.type)}

    assert fields - FOUND == {"commit", "lock", "judged", "tip", "before"}


def test_an_answer_to_a_command_calls_nobody(every: tuple[str, ...]) -> None:
    render: Callable[[str], str] = renderer()
    for k, text in enumerate(every):
        for written in answers(text):
            shown = read(render(f"{replies.marker_of(1)}\n{written}\n"))

            assert (shown.wrong, calls(shown), shown.links, k) == ([], [], [], k)
            assert shown.hidden == [replies.marker_of(1)[4:-3]]
            _orders_nothing(written, k)


@pytest.mark.parametrize("kind", Kind)
def test_a_finding_calls_nobody_and_is_stored_as_it_was(kind: Kind, every: tuple[str, ...]) -> None:
    render = renderer()
    for k, text in enumerate(every[:: 1 if kind is Kind.BY_HAND else 9]):
        finding = Finding(
            kind=kind, commit="1" * 40, branch=text, at=NOW, by=text, subject=text,
            lock="2" * 40, judged="3" * 40, request=7, moves=(text, text),
        )  # fmt: skip
        for action in raised(finding):
            match action:
                case SetStatus(description=words):
                    assert len(words) <= 140
                    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs"} for c in words)
                case OpenIssue(title=title, body=body):
                    _inert(render, body, k)
                    assert text.strip() not in title or len(text.strip()) < 3
                    assert re.fullmatch(TITLE, title), k
                case ProposeRevert(title=title, body=body):
                    _inert(render, body, k)
                    assert re.fullmatch(TITLE, title), k
                case StoreFinding(content=content):
                    assert json.loads(content)


@pytest.mark.parametrize("text", ["@" * 9_000, "<b>|" * 3_000, "`x` " * 3_000, "é#1 " * 3_000])
def test_an_issue_of_very_much_stays_within_githubs_limits(text: str) -> None:
    finding = Finding(
        kind=Kind.BY_HAND, commit="1" * 40, branch="main", at=NOW, by=text, subject=text,
        before=("4" * 40,) * 500, moves=(text,) * 500,
    )  # fmt: skip
    bodies = [one.body for one in raised(finding) if isinstance(one, OpenIssue | ProposeRevert)]

    assert len(bodies) == 2
    assert max(len(body) for body in bodies) <= LONGEST
    assert "470 more" in bodies[0]


@pytest.mark.parametrize("text", ["@" * 9_000, "<b>|" * 3_000, "`x` " * 3_000, "é#1 " * 3_000])
def test_an_answer_about_very_much_stays_within_githubs_limits(text: str) -> None:
    waiting = (Waiting(kind=Wait.DRAFT, because=text, unblock=text),) * 1_000
    against = (Against(title=text, outcome="failed", because=text),) * 1_000
    override = Override(gate=text, by=text, reason=text, until=NOW, keys=("k",), comment=1)
    standing = Standing(overrides=(override,) * len(GATES))
    answers = [
        replies.not_understood(text, text[:2_000]),
        replies.not_done(text, text[:2_000]),
        replies.over(text, "0" * 40),
        replies.refused(text),
        replies.state(text, waiting, standing, "0" * 40),
        replies.state(text, (), standing, "0" * 40, against=against),
    ]

    assert max(len(one) for one in answers) <= LONGEST - len(replies.marker_of(10**12))
    assert all("and 970 more" in one for one in answers[-2:])


def _orders_nothing(written: str, k: int) -> None:
    """Hold that our own words give no command, whoever posts them, with their first line or not."""
    assert not re.search(r"^\s*/", written, re.MULTILINE), k
    assert parse(written, GATES) is parse(written.partition("\n")[2], GATES) is None, k


def _inert(render: Callable[[str], str], body: str, k: int) -> None:
    shown = read(render(body))
    wrong = [one for one in shown.wrong if one not in {"h2", "ol"}]
    assert (wrong, calls(shown), shown.links, k) == ([], [], [], k)
    assert len(shown.hidden) == body.startswith("<!--")
    assert body.count("<!--") == len(shown.hidden)
    _orders_nothing(body, k)
    strange = {c for c in body if unicodedata.category(c) in {"Cc", "Cf", "Cs"}}
    assert strange <= {"\n", ZERO}, k
