"""How long the bot waits for GitHub, and when it stops waiting."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from bot.core.errors import Unavailable

from .server.faults import Drop, accepted, broken, page_of_a_proxy, slow_down, used_up

if TYPE_CHECKING:
    from .server.faults import Fault
    from .server.web import Server
    from .stand import Stand


def trouble(stand: Stand, *faults: Fault) -> Server:
    assert stand.server
    stand.server.log.clear()
    stand.server.trouble(dict(enumerate(faults)))
    return stand.server


def test_a_read_is_repeated_with_growing_pauses(github: Stand) -> None:
    server = trouble(github, broken(502, "before"), Drop(when="before"), accepted())
    assert github.forge.default_branch() == "main"
    assert github.waits == [1.0, 2.0, 4.0]
    assert len(server.log) == 4


def test_after_four_tries_the_world_is_unavailable(github: Stand) -> None:
    server = trouble(github, *[broken(503, "before")] * 9)
    with pytest.raises(Unavailable, match=r"reading the repository: .* 503; tried 4 times"):
        github.forge.default_branch()
    assert len(server.log) == 4


def test_a_limit_is_waited_for_as_long_as_github_asks(github: Stand) -> None:
    trouble(github, slow_down(403, retry_after=17), slow_down(429, retry_after=5))
    assert github.forge.default_branch() == "main"
    assert github.waits == [17.0, 5.0]


def test_a_limit_without_a_time_is_waited_for_a_minute(github: Stand) -> None:
    trouble(github, slow_down(403, retry_after=None), slow_down(429, retry_after=None))
    assert github.forge.default_branch() == "main"
    assert github.waits == [60.0, 60.0]


def test_a_spent_hour_is_waited_for_until_its_reset_by_the_server_s_clock(github: Stand) -> None:
    trouble(github, used_up(seconds_left=40, now=int(time.time())))
    assert github.forge.default_branch() == "main"
    assert len(github.waits) == 1
    assert 35 <= github.waits[0] <= 42


def test_a_wait_longer_than_two_minutes_ends_the_run_instead(github: Stand) -> None:
    trouble(github, used_up(seconds_left=3000, now=int(time.time())))
    with pytest.raises(Unavailable, match=r"limits our rate \(403\); it asks to wait"):
        github.forge.default_branch()
    assert github.waits == []


def test_a_limit_met_by_a_write_is_waited_for_and_the_write_happens_once(github: Stand) -> None:
    number, _ = github.proposed({"models.lock": "format: 1\n# a\n"})
    server = trouble(github)
    server.trouble({1: slow_down(403, retry_after=9)})
    github.forge.comment(number, "hello")
    assert github.waits == [9.0]
    assert github.hosted
    assert len(github.hosted.comments) == 1


def test_a_page_of_a_proxy_is_not_taken_for_github(github: Stand) -> None:
    trouble(github, *[page_of_a_proxy("before")] * 4)
    with pytest.raises(Unavailable, match="not one of GitHub's"):
        github.forge.default_branch()


def test_a_forge_that_is_not_there_is_unavailable(github: Stand) -> None:
    assert github.server
    github.server.server_close()
    github.server.shutdown()
    with pytest.raises(Unavailable, match="not reached"):
        github.forge.open_pull_requests()
