"""Every command by everybody: who may, who is told why not, and who is not answered."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.authority import MOST_AN_HOUR, WRITERS, Asker, denied
from bot.core.command import Verb
from bot.world import forge
from bot.world.commanding import LOUDEST
from tests.commands.town import CODE, NOW, Town

COMMANDS = {
    Verb.STATUS: "/lockstep status",
    Verb.HELP: "/lockstep help",
    Verb.EVALUATE: "/lockstep evaluate",
    Verb.HOLD: "/lockstep hold wait",
    Verb.MERGE: "/lockstep merge {head}",
    Verb.OVERRIDE: '/lockstep override --gate lineage --reason "known"',
    Verb.RELEASE: "/lockstep release",
}
ANSWERED = {Verb.STATUS, Verb.HELP}
ROLES = ("none", "read", "triage", "write", "maintain", "admin", "root", "")


def test_writers_are_those_of_the_forge():
    assert frozenset(forge.WRITERS) == WRITERS


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("verb", list(Verb))
def test_only_writers_command_and_an_unknown_role_is_none(verb, role):
    asker = Asker(login="ben", role=role, author="ana")
    assert bool(denied(verb, asker)) is (role not in {"write", "maintain", "admin"})


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("verb", list(Verb))
def test_the_author_does_everything_but_override(verb, role):
    asker = Asker(login="Ana", role=role, author="ana")
    allowed = role in WRITERS and verb is not Verb.OVERRIDE
    assert bool(denied(verb, asker)) is not allowed


def test_who_made_the_head_does_not_override_its_gates():
    asker = Asker(login="ben", role="admin", author="ana", makers=("cleo", "Ben"))
    assert "who made the head" in denied(Verb.OVERRIDE, asker)
    assert denied(Verb.HOLD, asker) == ""


@pytest.mark.parametrize("verb", list(Verb))
def test_the_cap_is_for_everything_that_is_ordered(verb):
    few = Asker(login="ben", role="admin", author="ana", within_the_hour=MOST_AN_HOUR - 1)
    many = Asker(login="ben", role="admin", author="ana", within_the_hour=MOST_AN_HOUR)
    assert denied(verb, few) == ""
    assert bool(denied(verb, many)) is (verb not in ANSWERED)


@pytest.fixture(scope="module")
def towns(tmp_path_factory) -> dict[bool, Town]:
    """A request that failed a gate; and another for overrides, after which a merge may be asked."""
    return {overrides: failed(tmp_path_factory.mktemp("town")) for overrides in (False, True)}


def failed(folder: Path) -> Town:
    town = Town(folder, merge="manual")
    town.promote("2")
    town.judge(1)
    return town


@pytest.mark.parametrize("who", ["ben", "ana", "eve", "tom", "renovate[bot]", "lockstep[bot]"])
@pytest.mark.parametrize("verb", COMMANDS)
def test_everybody_gets_what_is_due(towns, verb, who):
    judged = towns[verb is Verb.OVERRIDE]
    if verb is Verb.RELEASE:
        judged.carry(judged.comment("cleo", "/lockstep hold wait"))
    before, said = len(judged.orders()), len(judged.replies())
    event = judged.comment(who, COMMANDS[verb].format(head=judged.head()))
    done = judged.carry(event)
    ordered, replied = len(judged.orders()) - before, len(judged.replies()) - said
    found = (judged.reactions(event), ordered, replied, done.evaluate)
    if who.endswith("[bot]"):
        assert found == ([], 0, 0, False)
    elif who in {"eve", "tom"}:
        assert found == (["-1"], 0, 0, False)
    elif verb in ANSWERED:
        assert found == (["eyes", "+1"], 0, 1, False)
    elif verb is Verb.MERGE or (who, verb) == ("ana", Verb.OVERRIDE):
        # It failed a gate, so that an order to merge it would do nothing.
        assert found == (["eyes", "-1"], 0, 1, False)
    else:
        assert found == (["eyes", "+1"], 1, 0, True)


def test_twenty_orders_an_hour_are_enough_for_one_person(tmp_path):
    town = Town(tmp_path)
    town.promote("1", code=CODE)
    for _ in range(MOST_AN_HOUR):
        assert town.carry(town.comment("ben", "/lockstep evaluate")).evaluate
    assert not town.carry(town.comment("ben", "/lockstep evaluate")).evaluate
    assert "within the hour" in town.replies()[-1]
    assert town.carry(town.comment("cleo", "/lockstep evaluate")).evaluate
    later = town.orders()[0].at + timedelta(hours=2)
    assert town.carry(town.comment("ben", "/lockstep evaluate"), later).evaluate


def test_after_many_replies_a_reaction_has_to_do(tmp_path):
    town = Town(tmp_path)
    town.promote("1", code=CODE)
    for _ in range(LOUDEST + 3):
        event = town.comment("ben", "/lockstep help")
        town.carry(event)
    assert len(town.replies()) == LOUDEST
    assert town.reactions(event) == ["eyes", "+1"]


@pytest.mark.parametrize("number", [1, 2])
def test_a_request_that_is_over_takes_no_orders(tmp_path, number):
    town = Town(tmp_path)
    town.promote("1", code=CODE)
    town.judge(1)
    town.ana.pulls()
    town.promote("3", code=CODE)
    town.forge.close(2)
    for text in ("/lockstep hold wait", "/lockstep evaluate"):
        assert not town.carry(town.comment("ben", text, number)).evaluate
    assert town.orders(number) == []
    assert ("merged", "closed")[number - 1] in town.replies(number)[0]
    assert town.carry(town.comment("ben", "/lockstep status", number)).said == "status answered"


@pytest.mark.parametrize("verb", COMMANDS)
def test_a_command_delivered_twice_is_carried_once(tmp_path, verb):
    town = Town(tmp_path, merge="manual")
    town.promote("2")
    town.judge(1)
    town.carry(town.comment("cleo", "/lockstep hold wait"))
    event = town.comment("ben", COMMANDS[verb].format(head=town.head()))
    first = town.carry(event, NOW)
    orders, replies = town.orders(), town.replies()
    for minutes in (1, 60, 100_000):
        again = town.carry(event, NOW + timedelta(minutes=minutes))
        assert again.evaluate is first.evaluate
    assert town.orders() == orders
    assert town.replies() == replies
    assert town.reactions(event) == ["eyes", "-1" if verb is Verb.MERGE else "+1"]


def test_a_hold_that_is_delivered_after_its_release_stays_released(tmp_path):
    town = Town(tmp_path)
    town.promote("1", code=CODE)
    town.carry(town.comment("cleo", "/lockstep hold first"))
    late = town.comment("ben", "/lockstep hold second")
    town.carry(town.comment("ben", "/lockstep release"))
    town.carry(late)
    assert town.judge(1).decision.waiting == ()


def test_a_release_that_is_delivered_after_a_newer_hold_says_that_it_came_too_late(tmp_path):
    town = Town(tmp_path)
    town.promote("1", code=CODE)
    town.carry(town.comment("cleo", "/lockstep hold first"))
    late = town.comment("ben", "/lockstep release")
    town.carry(town.comment("cleo", "/lockstep hold second"))
    town.carry(late)
    assert town.reactions(late) == ["eyes", "-1"]
    assert "cleo holds it since that comment" in town.replies()[-1]
    assert town.judge(1).decision.waiting != ()


def test_status_says_the_verdict_and_what_is_awaited(tmp_path):
    town = Town(tmp_path, merge="manual")
    town.promote("1", code=CODE)
    town.carry(town.comment("ben", "/lockstep status"))
    assert "**Not judged yet.**" in town.replies()[0]
    town.judge(1)
    town.carry(town.comment("ben", "/lockstep hold wait for the audit"))
    town.push_to_main("README.md", "another base\n")
    town.carry(town.comment("ben", "/lockstep status"))
    reply = town.replies()[-1]
    assert "**PASS 4/4 gates: credit 1 opens production. A person merges.**" in reply
    assert "- held by ben: wait for the audit; comment `/lockstep release` to go on." in reply
    assert "the base is" in reply
