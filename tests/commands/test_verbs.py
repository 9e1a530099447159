"""The verbs `command`, `comment` and `approve`, as people and workflows call them."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

import pytest

from bot.cli import main
from tests.commands.town import CODE, Town


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


@pytest.fixture
def lockstep(tmp_path, monkeypatch, capsys):
    """Call a verb through the real entry, outside of any clone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOCKSTEP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    for name in ("GITHUB_REPOSITORY", "GITHUB_TOKEN", "GITHUB_OUTPUT", "GITHUB_EVENT_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOCKSTEP_FORGE", f"local:{tmp_path / 'town' / 'forge'}")

    def call(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["lockstep", *arguments])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Said(code, said.out, said.err)

    return call


@pytest.fixture
def town(tmp_path) -> Town:
    (tmp_path / "town").mkdir()
    made = Town(tmp_path / "town", merge="manual")
    made.promote("1", code=CODE)
    return made


def payload(comment: int, body: str, who: str = "ben", kind: str = "User") -> dict[str, object]:
    return {
        "action": "created",
        "issue": {"number": 1, "pull_request": {"url": "https://api.example.org/pulls/1"}},
        "comment": {
            "id": comment,
            "user": {"login": who, "type": kind},
            "body": body,
            "html_url": "https://example.org/acme/models/pull/1#issuecomment-1",
            "performed_via_github_app": None,
        },
        "repository": {"full_name": "local/credit"},
    }


def test_a_person_comments_approves_and_merges_on_a_forge_in_a_folder(lockstep, town):
    assert lockstep("evaluate", "1").code == 0
    assert "ben approves of" in lockstep("approve", "1", "--by", "ben").out
    held = lockstep("comment", "1", "/lockstep hold wait", "--by", "ben")
    assert (held.code, held.out) == (0, "hold ordered by ben\njudged again\n")
    assert lockstep("comment", "1", "/lockstep release", "--by", "cleo").code == 0
    done = lockstep("comment", "1", f"/lockstep merge {town.head()[:7]}", "--by", "ben")
    assert done.out == f"merge ordered by ben\nlanded as {town.landed()}\n"


def test_a_comment_without_a_command_is_a_comment(lockstep, town):
    said = lockstep("comment", "1", "looks good to me", "--by", "ben")
    assert (said.code, said.out) == (0, "the comment holds no command\n")
    assert town.replies() == []


def test_an_event_is_carried_and_the_workflow_told_what_is_due(
    lockstep, town, tmp_path, monkeypatch
):
    outputs = tmp_path / "outputs"
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    event = tmp_path / "event.json"
    said = town.comment("ben", "/lockstep hold wait")
    event.write_text(json.dumps(payload(said.comment, "/lockstep hold wait")))
    assert lockstep("command", "--event", str(event)).out == "hold ordered by ben\n"
    assert outputs.read_text() == f"evaluate=true\nnumber=1\nhead={town.head()}\n"
    assert town.status() == ""


def test_a_command_that_is_not_carried_is_no_failure_of_the_workflow(
    lockstep, town, tmp_path, monkeypatch
):
    outputs = tmp_path / "outputs"
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
    said = town.comment("eve", "/lockstep hold wait")
    event = payload(said.comment, "/lockstep hold wait", "eve")
    (tmp_path / "event.json").write_text(json.dumps(event))
    assert lockstep("command").out == "eve has no write access\n"
    assert outputs.read_text() == "evaluate=false\nnumber=1\nhead=\n"


def test_an_event_is_judged_at_once_when_that_is_asked_for(lockstep, town, tmp_path):
    event = tmp_path / "event.json"
    said = town.comment("ben", "/lockstep evaluate")
    event.write_text(json.dumps(payload(said.comment, "/lockstep evaluate")))
    done = lockstep("command", "--event", str(event), "--evaluate")
    assert (done.code, done.out) == (0, "evaluate ordered by ben\njudged again\n")
    assert town.status().startswith("success: PASS 4/4")


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("{", 10, "is not JSON"),
        ("[" * 100_000, 10, "is not JSON"),
        ("[]", 0, "nothing to carry"),
        (json.dumps({"action": "edited"}), 0, "nothing to carry"),
        (json.dumps(payload(1, "/lockstep status", "x[bot]", "Bot")), 0, "a bot orders nothing"),
        (json.dumps(payload(1, "hello")), 0, "the comment holds no command"),
    ],
)
def test_a_payload_that_is_none_of_ours_ends_in_a_sentence(
    lockstep, town, tmp_path, text, code, words
):
    event = tmp_path / "event.json"
    event.write_text(text)
    said = lockstep("command", "--event", str(event))
    assert said.code == code
    assert words in said.out + said.err
    assert town.orders() == []


def test_what_is_missing_is_named(lockstep, town, tmp_path):
    assert "--event FILE" in lockstep("command").err
    assert lockstep("command", "--event", str(tmp_path / "nothing.json")).code == 16
    assert "--by" in lockstep("comment", "1", "hello").err
    assert "says something" in lockstep("comment", "1", " ", "--by", "ben").err
    assert lockstep("comment", "9", "hello", "--by", "ben").code == 17
    assert lockstep("approve", "1", "--by", "ana").code == 13
    assert town.status() == ""
