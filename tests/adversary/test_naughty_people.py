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
from bot.core.finding import Finding, Kind
from bot.core.proposal import Standing
from bot.core.verdict import Override
from bot.core.waiting import Wait, Waiting
from bot.report import replies
from bot.report.incident import raised
from tests.adversary.corpora import naughty_strings, renderer
from tests.adversary.planting import holds_text
from tests.adversary.rendered import calls, read
from tests.report.naughty import NAUGHTY

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 23, tzinfo=UTC)
FOUND = {"by", "subject", "moves"}
"""Fields of a finding that hold text from outside; the others are ids, words and names of ours."""


@pytest.fixture(scope="module")
def every() -> tuple[str, ...]:
    return (*naughty_strings(), *NAUGHTY)


def answers(text: str) -> list[str]:
    """Write every answer to a command, with a text in each place that people fill."""
    override = Override(gate="latency", by=text, reason=text, until=NOW, keys=("k",), comment=1)
    standing = Standing(overrides=(override,))
    waiting = (Waiting(kind=Wait.DRAFT, because=f"x{text}", unblock=text),)
    return [
        replies.not_understood(text, text),
        replies.not_done(text, text),
        replies.not_done(f"x{text}"),
        replies.state(text, waiting, standing, "0" * 40),
        replies.state(f"{text} @{'0' * 12}", (), standing, "0" * 40),
    ]


def test_every_text_of_a_finding_is_planted_or_ours() -> None:
    fields = {one.name for one in dataclasses.fields(Finding) if holds_text(one.type)}

    assert fields - FOUND == {"commit", "branch", "lock", "judged", "tip", "before"}


def test_an_answer_to_a_command_calls_nobody(every: tuple[str, ...]) -> None:
    render: Callable[[str], str] = renderer()
    for k, text in enumerate(every):
        for written in answers(text):
            shown = read(render(f"{replies.marker_of(1)}\n{written}\n"))

            assert (shown.wrong, calls(shown), shown.links, k) == ([], [], [], k)
            assert shown.hidden == [replies.marker_of(1)[4:-3]]
            # The bot's own words give no command, whoever reads them.
            assert not re.search(r"^\s*/", written, re.MULTILINE), k


@pytest.mark.parametrize("kind", Kind)
def test_a_finding_calls_nobody_and_is_stored_as_it_was(kind: Kind, every: tuple[str, ...]) -> None:
    render = renderer()
    for k, text in enumerate(every[:: 1 if kind is Kind.BY_HAND else 9]):
        finding = Finding(
            kind=kind, commit="1" * 40, branch="main", at=NOW, by=text, subject=text,
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
                case ProposeRevert(title=title, body=body):
                    _inert(render, body, k)
                    assert "\n" not in title
                case StoreFinding(content=content):
                    assert json.loads(content)


def _inert(render: Callable[[str], str], body: str, k: int) -> None:
    shown = read(render(body))
    wrong = [one for one in shown.wrong if one not in {"h2", "ol"}]
    assert (wrong, calls(shown), shown.links, k) == ([], [], [], k)
    assert len(shown.hidden) == body.startswith("<!--")
    assert body.count("<!--") == len(shown.hidden)
