"""Races: what moves while a request is judged is judged again, never merged stale."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.cli.evaluate import carry
from bot.core.decision import Ruling
from bot.core.errors import Incident, Moved, Unavailable
from bot.core.proposal import Request
from bot.flow import handle
from bot.world.here import Hosted
from tests.stories.workshop import Workshop

MARKER = "<!-- lockstep:report:v1 "


class Meddler:
    """A forge at which something happens just before one call."""

    def __init__(self, forge: Any, call: str, deed: Any, times: int = 1) -> None:
        self._forge, self._call, self._deed, self._left = forge, call, deed, times

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._forge, name)
        if name != self._call:
            return found

        def meddled(*arguments: Any, **named: Any) -> Any:
            if self._left:
                self._left -= 1
                self._deed()
            return found(*arguments, **named)

        return meddled


def meddled(workshop: Workshop, call: str, deed: Any, times: int = 1) -> Hosted:
    return replace(workshop.world, forge=Meddler(workshop.forge, call, deed, times))


def push_to_head(workshop: Workshop, branch: str) -> None:
    workshop.ana._git("checkout", "--quiet", branch)
    workshop.ana._git("commit", "--quiet", "--allow-empty", "-m", "another thought")
    workshop.ana._git("push", "--quiet", "origin", branch)


def test_a_head_that_moves_before_the_merge_is_judged_again(champion: Workshop) -> None:
    number = champion.promote("2")
    world = meddled(champion, "merge", lambda: push_to_head(champion, "production-2"))

    conclusion = carry(number, world)

    assert conclusion.decision.ruling is Ruling.MERGE
    assert conclusion.proposal.head_sha == champion.forge.pull_request(number).head_sha
    assert champion.landed(number) is not None


def test_a_base_that_moves_while_judging_is_judged_again(champion: Workshop) -> None:
    number = champion.promote("2")
    world = meddled(
        champion, "set_status", lambda: champion.push_to_main("models/note.txt", b"words")
    )

    with pytest.raises(Moved, match="base moved"):
        handle(Request(number=number), world)
    assert champion.landed(number) is None

    assert champion.judge(number).decision.ruling is Ruling.MERGE


def test_a_stricter_policy_that_lands_meanwhile_decides(champion: Workshop) -> None:
    number = champion.promote("2")
    stricter = champion.policy_text().replace("improve_by: 0}", "improve_by: 0.5}").encode()
    world = meddled(
        champion, "set_status", lambda: champion.push_to_main("policies/churn.yaml", stricter)
    )

    conclusion = carry(number, world)

    assert conclusion.decision.ruling is Ruling.REFUSE
    assert champion.landed(number) is None


def test_a_base_that_never_rests_ends_in_try_again(champion: Workshop) -> None:
    number = champion.promote("2")
    count = iter(range(100))
    world = meddled(
        champion,
        "set_status",
        lambda: champion.push_to_main("models/note.txt", str(next(count)).encode()),
        times=99,
    )

    with pytest.raises(Unavailable, match="base moved"):
        carry(number, world)
    assert champion.landed(number) is None


def test_what_lands_in_another_form_than_judged_is_an_incident(champion: Workshop) -> None:
    """The base moves in the last instant: a squash merge then lands what nobody judged."""
    number = champion.promote("2")
    other = champion.ana.clone / "models.lock"

    def sneak() -> None:
        champion.ana.pulls()
        text = other.read_bytes().replace(b"churn:", b"churm:")
        champion.push_to_main("models.lock", text)

    world = meddled(champion, "merge", sneak)

    with pytest.raises((Incident, Moved)):
        handle(Request(number=number), world)


def test_a_report_that_somebody_edited_is_written_again(champion: Workshop) -> None:
    number = champion.promote("3")
    champion.judge(number)
    ours = champion.forge.reports(number, MARKER)[0]
    champion.forge.edit_comment(number, ours, ours.body.replace("Nothing is merged", "All is well"))

    champion.judge(number)

    again = champion.forge.reports(number, MARKER)
    assert len(again) == 1
    assert "Nothing is merged" in again[0].body


def test_a_second_report_of_ours_is_removed(champion: Workshop) -> None:
    number = champion.promote("3")
    champion.judge(number)
    champion.forge.comment(number, f"{MARKER}e30= -->\nan older report")

    champion.judge(number)

    assert len(champion.forge.reports(number, MARKER)) == 1


def test_a_comment_of_somebody_else_with_our_marker_is_left_alone(champion: Workshop) -> None:
    number = champion.promote("3")
    theirs = champion.forge.acting_as("eve")
    theirs.comment(number, f"{MARKER}e30= -->\n✅ Promotion gates passed")

    champion.judge(number)

    assert len(theirs.reports(number, MARKER)) == 1
    assert len(champion.forge.reports(number, MARKER)) == 1
