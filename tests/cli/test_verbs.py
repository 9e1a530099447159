from __future__ import annotations

import pytest

from bot.cli import VERBS, arguments
from bot.cli.register import FLAVORS
from bot.core import lock


@pytest.mark.parametrize(
    "verb", [verb for verb in VERBS if verb not in ("check", "evaluate", "demo")]
)
def test_every_verb_explains_itself_with_an_example(clone, verb):
    said = clone.lockstep(verb, "--help")
    assert f"Example: lockstep {verb}" in said.out


def test_the_names_of_the_command_line_are_those_of_the_lock():
    for kind, pattern in (
        (arguments.MODEL, lock.NAME),
        (arguments.STAGE, lock.NAME),
        (arguments.VERSION, lock.VERSION),
    ):
        assert kind.pattern.pattern == pattern.strip("^$")
    assert lock.Flavor.__args__ == FLAVORS


def test_outside_a_clone_every_verb_says_so(clone, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    clone.root = outside
    for arguments_ in (("status",), ("log",), ("fmt",), ("promote", "m", "1", "s")):
        said = clone.lockstep(*arguments_, ok=False)
        assert (said.code, "not in a git repository" in said.err) == (17, True)


def test_a_repository_without_a_commit_has_no_status_and_no_policies(clone, tmp_path):
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    clone.root = fresh
    clone.git("init", "--quiet")
    assert "no model is registered yet" in clone.lockstep("status").out
    assert "nothing has landed" in clone.lockstep("log").out
    clone.register("1")
    said = clone.lockstep("promote", "credit", "1", "staging", ok=False)
    assert (said.code, "no policy covers credit" in said.err) == (14, True)
    assert "the code is not stated" in clone.register("2").err


@pytest.mark.parametrize("value", ["2026-11-01T09:00:00", "yesterday"])
def test_a_moment_has_a_zone(clone, value):
    said = clone.register("1", "--created", value, ok=False)
    assert (said.code, "is no moment" in said.err) == (2, True)


def test_a_day_is_a_day(clone):
    said = clone.lockstep("hold", "m", "s", "--reason", "x", "--until", "soon", ok=False)
    assert (said.code, "is no day" in said.err) == (2, True)
