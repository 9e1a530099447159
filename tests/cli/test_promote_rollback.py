from __future__ import annotations

import json

from bot.core.lockfile import parse


def model(clone):
    return parse(clone.lock.read_bytes(), "models.lock")["credit"]


def test_a_promotion_edits_the_lock_of_the_working_tree_alone(clone):
    clone.register("1")
    head = clone.git("rev-parse", "HEAD")
    said = clone.lockstep("promote", "credit", "1", "staging")
    assert said.out.splitlines()[0] == "models.lock: Promote credit 1 to staging"
    assert model(clone).stages == {"staging": "1"}
    assert clone.git("rev-parse", "HEAD") == head
    assert clone.git("status", "--porcelain").split() == ["M", "models.lock", "??", "models/"]


def test_json_names_the_champion(serving):
    serving.register("3")
    said = serving.lockstep("promote", "credit", "3", "staging", "--json")
    assert json.loads(said.out)["champion"] == "2"


def test_promoting_what_serves_already_is_refused(serving):
    said = serving.lockstep("promote", "credit", "2", "production", ok=False)
    assert said.code == 13
    assert "credit 2 serves production already; there is nothing to promote" in said.err


def test_unknown_names_are_refused_with_the_nearest_known_one(serving):
    for arguments, sentence in [
        (("promote", "credt", "2", "production"), "no model 'credt'; did you mean 'credit'?"),
        (("promote", "credit", "9", "production"), "has no version '9'"),
        (("promote", "credit", "1", "producton"), "did you mean 'production'?"),
        (("rollback", "credit", "--stage", "stagin"), "did you mean 'staging'?"),
        (("rollback", "credit", "--to", "7"), "has no version '7'"),
        (("rollback", "nothing"), "no model 'nothing'"),
    ]:
        said = serving.lockstep(*arguments, ok=False)
        assert (said.code, sentence in said.err) == (11, True), said.err


def test_without_a_policy_a_promotion_is_refused(clone):
    name = clone.artifact("a.onnx", "x")
    clone.lockstep("register", "other", "1", "--artifact", name)
    said = clone.lockstep("promote", "other", "1", "staging", ok=False)
    assert (said.code, "no policy covers other" in said.err) == (14, True)


def test_a_rollback_returns_to_the_champion_before_and_holds_the_one_that_leaves(serving):
    said = serving.lockstep("rollback", "credit", "--reason", "AUC 0.61 on late labels")
    assert said.out.splitlines()[0] == "models.lock: Roll credit back to 1 in production"
    assert model(serving).stages == {"staging": "2", "production": "1"}
    hold = model(serving).holds["production"]
    assert (hold.version, hold.by, hold.reason) == ("2", "ana", "AUC 0.61 on late labels")


def test_a_hold_on_the_whole_stage_is_not_narrowed_by_a_rollback(serving):
    serving.lockstep("hold", "credit", "production", "--reason", "audit", "--by", "@ben")
    serving.commit("Hold")
    serving.lockstep("rollback", "credit")
    hold = model(serving).holds["production"]
    assert (hold.version, hold.reason, hold.by) == (None, "audit", "@ben")


def test_a_first_champion_has_nothing_to_be_rolled_back_to(clone):
    clone.register("1")
    clone.commit("Register")
    clone.serve("1", "production")
    said = clone.lockstep("rollback", "credit", ok=False)
    assert (said.code, "no earlier champion to return to" in said.err) == (13, True)
    said = clone.lockstep("rollback", "credit", "--stage", "staging", ok=False)
    assert (said.code, "nothing serves staging of credit" in said.err) == (13, True)


def test_a_version_that_was_rolled_back_waits_for_its_release(serving):
    serving.lockstep("rollback", "credit")
    serving.commit("Roll back")
    before = serving.lock.read_bytes()
    said = serving.lockstep("promote", "credit", "2", "production", ok=False)
    assert (said.code, "lockstep release" in said.err) == (13, True)
    assert serving.lock.read_bytes() == before

    serving.lockstep("release", "credit", "2", "--reason", "the feed was broken")
    assert model(serving).holds == {}
    assert model(serving).released["2"].by == "ana"
    both = serving.lockstep("promote", "credit", "2", "production", ok=False)
    assert (both.code, "release" in both.err) == (13, True)
    serving.commit("Release")
    serving.lockstep("promote", "credit", "2", "production")
    assert model(serving).stages["production"] == "2"


def test_the_same_release_is_not_written_twice(serving):
    serving.lockstep("release", "credit", "2", "--reason", "fine")
    said = serving.lockstep("release", "credit", "2", "--reason", "fine", ok=False)
    assert (said.code, "released already" in said.err) == (13, True)


def test_a_hold_bars_a_promotion_until_it_ends_by_a_person(serving):
    serving.register("3")
    serving.commit("Register 3")
    serving.lockstep("hold", "credit", "production", "--reason", "audit", "--until", "2099-01-31")
    serving.commit("Hold")
    said = serving.lockstep("promote", "credit", "3", "production", ok=False)
    assert (said.code, "is held until 2099-01-31 by ana (audit)" in said.err) == (13, True)
    twice = serving.lockstep("hold", "credit", "production", "--reason", "again", ok=False)
    assert (twice.code, "is held at production already: audit" in twice.err) == (13, True)
    serving.lockstep("release", "credit", "--stage", "production", "--reason", "audit is over")
    assert model(serving).holds == {}


def test_a_release_names_a_version_or_a_stage(serving):
    for arguments in ((), ("2", "--stage", "production")):
        said = serving.lockstep("release", "credit", *arguments, "--reason", "x", ok=False)
        assert said.code == 2
    said = serving.lockstep("release", "credit", "--stage", "staging", "--reason", "x", ok=False)
    assert (said.code, "is not held at staging" in said.err) == (11, True)


def test_somebody_decides_a_hold(serving, tmp_path):
    (tmp_path / "gitconfig").write_text("")
    said = serving.lockstep("hold", "credit", "staging", "--reason", "x", ok=False)
    assert (said.code, "--by" in said.err) == (2, True)


def test_a_retired_version_is_not_promoted(serving):
    text = serving.lock.read_text()
    serving.lock.write_text(text + '    retired:\n      "1": "leaks postcode"\n')
    serving.commit("Retire 1")
    said = serving.lockstep("promote", "credit", "1", "production", ok=False)
    assert (said.code, "version '1' is retired (leaks postcode)" in said.err) == (13, True)
    said = serving.lockstep("rollback", "credit", ok=False)
    assert (said.code, "no earlier champion" in said.err) == (13, True)
