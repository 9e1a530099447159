from __future__ import annotations

import json

RECORD = f"Record: sha256:{'a' * 64}"
BY_BOT = ("Model: credit", "Decision: merge", RECORD, "Triggered-by: local/forge#7")


def test_an_empty_lock_says_what_comes_first(clone):
    assert "lockstep register MODEL VERSION" in clone.lockstep("status").out
    assert clone.lockstep("log").out == "nothing has landed in models.lock yet\n"


def test_status_says_since_when_and_by_which_request(serving):
    serving.register("3")
    serving.commit("Register credit 3")
    commit = serving.serve("3", "production", *BY_BOT)
    lines = [line.split() for line in serving.lockstep("status").out.splitlines()]
    assert lines[0] == ["MODEL", "STAGE", "VERSION", "SINCE", "COMMIT", "BY"]
    assert ["credit", "production", "3", "2023-11-23", commit[:10], "local/forge#7"] in lines
    assert [line[5:] for line in lines if line[1] == "staging"] == [["by", "hand"]]


def test_status_shows_holds_and_traffic_and_what_is_not_committed(serving):
    text = serving.lock.read_text().rstrip("\n")
    serving.lock.write_text(text + "\n    traffic: {staging: 10}\n")
    serving.commit("Send traffic")
    serving.lockstep("rollback", "credit", "--reason", "late labels")
    said = serving.lockstep("status")
    assert "not committed" in said.err
    assert "10% of traffic" in said.out
    assert "held" not in said.out
    serving.commit("Roll back")
    assert "2 held by ana: late labels" in serving.lockstep("status", "credit").out


def test_status_as_json_is_one_row_a_stage(serving):
    found = json.loads(serving.lockstep("status", "--json").out)
    rows = {row["stage"]: row for row in found["stages"]}
    assert {stage: row["version"] for stage, row in rows.items()} == {
        "staging": "2", "production": "2",
    }  # fmt: skip
    assert rows["production"]["commit"] == found["commit"]
    assert rows["production"]["recorded"] is False


def test_more_than_fifty_models_are_shown_without_their_history(clone):
    name = clone.artifact("a.onnx", "x")
    clone.lockstep("register", "m-0", "1", "--artifact", name)
    block = clone.lock.read_text().partition("models:\n")[2]
    blocks = [block.replace("m-0", f"m-{number}") for number in range(60)]
    header = clone.lock.read_text().partition("models:\n")[0]
    clone.lock.write_text(header + "models:\n" + "\n".join(sorted(blocks)))
    clone.commit("Sixty models")
    short = clone.lockstep("status").out
    assert ("SINCE" in short, "add --since" in short) == (False, True)
    assert "SINCE" in clone.lockstep("status", "--since").out
    assert len(json.loads(clone.lockstep("status", "--json").out)["stages"]) == 60


def test_an_unknown_model_is_refused(serving):
    for verb in ("status", "log"):
        said = serving.lockstep(verb, "credti", ok=False)
        assert (said.code, "did you mean 'credit'?" in said.err) == (11, True)


def test_log_tells_each_transition_newest_first_and_names_hand_work(serving):
    serving.lockstep("rollback", "credit", "--reason", "late labels")
    commit = serving.commit("Roll credit back to 1 in production", *BY_BOT)
    said = serving.lockstep("log", "credit").out.splitlines()
    assert said[0].split() == ["DAY", "COMMIT", "TRANSITION", "DECISION"]
    decided = f"local/forge#7, merge, record sha256:{'a' * 12}…"
    assert said[1].startswith(f"2023-11-22  {commit[:10]}  roll production back from 2 to 1  ")
    assert said[1].endswith(decided)
    assert said[2].startswith(f"2023-11-22  {commit[:10]}  hold 2 at production: late labels")
    assert "promote 2 to production, champion was 1  by hand: no decision is recorded" in said[3]
    assert said[8].split()[2:4] == ["register", "1"]


def test_reigns_follow_the_log_of_one_model(serving):
    serving.lockstep("rollback", "credit")
    serving.commit("Roll back", *BY_BOT)
    found = json.loads(serving.lockstep("log", "credit", "--json").out)
    reigns = [row for row in found["reigns"] if row["stage"] == "production"]
    assert [(row["version"], row["left_by_rollback"]) for row in reigns] == [
        ("1", False), ("2", True), ("1", False),
    ]  # fmt: skip
    assert reigns[0]["until"] is None
    assert reigns[1]["until"] == reigns[0]["since"]
    assert [row["days"] for row in reigns[1:]] == [1, 3]
    table = serving.lockstep("log", "credit").out
    assert "rolled back" in table
    assert "today" in table


def test_log_of_everything_names_the_models(serving):
    name = serving.artifact("b.onnx", "x")
    serving.lockstep("register", "other", "1", "--artifact", name)
    serving.commit("Register other 1", "Model: other", RECORD)
    lines = serving.lockstep("log").out.splitlines()
    assert lines[1].split()[2:5] == ["other", "register", "1"]
    assert lines[2].split()[2] == "credit"
    assert len(serving.lockstep("log", "--limit", "2").out.splitlines()) == 3


def test_a_recorded_commit_that_hides_a_change_cannot_hide_what_serves(serving):
    serving.register("3")
    serving.commit("Register credit 3")
    hidden = serving.serve("3", "production", "Model: other", RECORD)
    (row,) = [
        row
        for row in json.loads(serving.lockstep("status", "credit", "--json").out)["stages"]
        if row["stage"] == "production"
    ]
    assert (row["version"], row["commit"]) == ("3", hidden)


def test_a_lock_that_was_not_canonical_once_keeps_its_history(serving):
    text = serving.lock.read_text()
    serving.lock.write_text(text.partition("\n")[2])
    serving.commit("Lose the header")
    serving.lock.write_text(text)
    serving.commit("Find it again")
    found = json.loads(serving.lockstep("log", "credit", "--json").out)["log"]
    assert found[0]["words"] == "promote 2 to production, champion was 1"
    assert "register 1" in serving.lockstep("log").out


def test_a_message_cannot_steer_the_terminal(serving):
    serving.register("3")
    serving.commit("Register credit 3", "Record: \x1b[31mred", "Model: credit")
    assert "\x1b" not in serving.lockstep("log", "credit").out
