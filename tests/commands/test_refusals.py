"""Orders that would change nothing are refused with what would; replies say how it stands."""

from __future__ import annotations

import pytest

from tests.commands.town import CODE, Town


def said(town: Town, who: str, text: str) -> str:
    """Let somebody command what is refused; return the reply."""
    event = town.comment(who, text)
    assert not town.carry(event).evaluate
    assert town.reactions(event) == ["eyes", "-1"]
    assert town.orders() == []
    return town.replies()[-1]


def answered(town: Town) -> str:
    town.carry(town.comment("ben", "/lockstep status"))
    return town.replies()[-1]


def opened(tmp_path, version: str = "1", **more) -> Town:
    town = Town(tmp_path, **more)
    town.promote(version, code=CODE if version == "1" else None)
    town.judge(1)
    return town


def test_a_policy_that_merges_by_approval_takes_no_order_to_merge(tmp_path):
    town = opened(tmp_path, merge="approved", owners="* @cleo @ben\n")
    reply = said(town, "ben", f"/lockstep merge {town.head()}")
    assert "`merge: approved`: it merges by approval, not by command" in reply
    assert "a code owner approves it: ben or cleo" in reply


def test_a_policy_that_merges_by_itself_takes_no_order_to_merge(tmp_path):
    town = Town(tmp_path)
    town.promote("1", code=CODE)
    reply = said(town, "ben", f"/lockstep merge {town.head()}")
    assert "`merge: auto`: it merges by itself, not by command" in reply


def test_a_head_whose_gate_failed_takes_no_order_to_merge(tmp_path):
    town = opened(tmp_path, "2", merge="manual")
    reply = said(town, "ben", f"/lockstep merge {town.head()}")
    assert "`lineage` failed: " in reply
    assert "push another challenger" in reply
    assert '`/lockstep override --gate lineage --reason "REASON"`' in reply


def test_a_head_whose_hard_gate_failed_is_not_to_be_overridden(tmp_path):
    town = opened(tmp_path, "2", merge="manual", hard=True)
    reply = said(town, "ben", f"/lockstep merge {town.head()}")
    assert "push another challenger" in reply
    assert "override" not in reply


def test_an_order_to_merge_may_come_while_what_was_ordered_before_it_is_judged(tmp_path):
    town = opened(tmp_path, "2", merge="manual")
    order = '/lockstep override --gate lineage --reason "known"'
    assert town.carry(town.comment("ben", order)).evaluate
    assert town.carry(town.comment("ben", f"/lockstep merge {town.head()}")).evaluate
    town.judge(1)
    assert town.landed() is not None


def test_what_promotes_nothing_takes_no_order_and_waits_for_nobody(tmp_path):
    town = Town(tmp_path, merge="approved")
    git = town.ana._git
    git("switch", "--quiet", "--create", "notes")
    (town.ana.clone / "NOTES.md").write_text("notes\n")
    git("add", "--all")
    git("commit", "--quiet", "-m", "Notes")
    git("push", "--quiet", "origin", "notes")
    town.forge.propose(title="Notes", body="", head="notes", base="main")
    town.judge(1)
    assert "it promotes nothing" in said(town, "ben", f"/lockstep merge {town.head()}")
    assert "Lockstep has nothing to merge here." in answered(town)


@pytest.mark.parametrize(
    ("line", "paste"),
    [
        ('--gate artifct --reason "known"', '--gate lineage --reason "known"'),
        ("--gate latency", '--gate lineage --reason "REASON"'),
        ("--gate lineage", '--gate lineage --reason "REASON"'),
    ],
)
def test_only_an_override_that_would_be_carried_out_is_suggested(tmp_path, line, paste):
    town = opened(tmp_path, "2")
    reply = said(town, "ben", f"/lockstep override {line}")
    assert f"`/lockstep override {paste}`" in reply


def test_where_every_gate_is_hard_no_override_is_suggested(tmp_path):
    town = opened(tmp_path, "2", hard=True)
    for line in ("--gate lineage", '--gate latency --reason "x"'):
        assert "`/lockstep override" not in said(town, "ben", f"/lockstep override {line}")


def test_an_author_is_told_first_that_they_override_nothing(tmp_path):
    town = opened(tmp_path, "2")
    assert "for their own request" in said(town, "ana", "/lockstep override --gate lineage")


def test_a_gate_that_passed_is_not_overridden(tmp_path):
    town = opened(tmp_path, merge="manual")
    reply = said(town, "ben", '/lockstep override --gate lineage --reason "x"')
    assert "keeps nothing out" in reply


def test_a_hold_without_a_reason_is_given_none(tmp_path):
    town = opened(tmp_path, merge="manual")
    assert "`/lockstep hold REASON`" in said(town, "ben", "/lockstep hold")


@pytest.mark.parametrize("length", [501, 3_000, 60_000])
def test_a_reason_that_is_too_long_is_refused_with_the_limit(tmp_path, length):
    town = opened(tmp_path, merge="manual")
    assert "500" in said(town, "ben", "/lockstep hold " + "x" * length)


def test_the_status_of_what_failed_names_the_gates_and_nothing_that_would_come_after(tmp_path):
    town = opened(tmp_path, "2", merge="approved")
    reply = answered(town)
    assert "These gates keep it out:" in reply
    assert "- `lineage` failed: " in reply
    assert "waits" not in reply


def test_the_status_of_what_is_merged_says_so(tmp_path):
    town = opened(tmp_path)
    landed = town.landed()
    assert landed
    reply = answered(town)
    assert f"**Merged as `{landed[:12]}`.**" in reply
    assert "waits" not in reply


def test_the_status_of_what_is_closed_says_so(tmp_path):
    town = opened(tmp_path, merge="manual")
    town.forge.close(1)
    reply = answered(town)
    assert "**Closed without a merge.**" in reply
    assert "The last that was said of it: PASS 4/4" in reply


def test_the_status_of_what_is_refused_says_why_with_a_place_to_copy(tmp_path):
    town = Town(tmp_path)
    town.promote("1", code=CODE)
    town.push_to_main("policies/credit.yaml", town.policy() + "nonsense: 1\n")
    town.judge(1)
    reply = answered(town)
    assert "**Not evaluated:** `policies/credit.yaml:" in reply
    assert "\u200b" not in reply
    assert town.reaction() == "+1"


def test_the_status_of_what_waits_names_places_to_copy(tmp_path):
    frozen = "freezes: [{from: 2020-01-01, until: 2999-12-31, reason: audit}]"
    town = opened(tmp_path, more=frozen)
    reply = answered(town)
    assert "`policies/credit.yaml:" in reply
    assert "\u200b" not in reply
