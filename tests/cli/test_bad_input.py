"""What cannot be read, or cannot be meant, is refused in words, with a code of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from bot.cli import root as lockstep
from bot.core.errors import Denied, Malformed, Refusal, UnsafeFile

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = f"sha256:{'a' * 64}"
NAMES = ("GITHUB_TOKEN", "GH_TOKEN", "LOCKSTEP_APP_ID", "LOCKSTEP_APP_PRIVATE_KEY")
QUEUED = f"refs/heads/gh-readonly-queue/main/pr-7-{'b' * 40}@{'a' * 40}"


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder, without a token and without Actions."""
    for name in (*NAMES, "GITHUB_REPOSITORY", "GITHUB_EVENT_PATH", "LOCKSTEP_FORGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*words: str) -> Result:
    return CliRunner().invoke(lockstep, words)


def refused(done: Result) -> Refusal:
    assert isinstance(done.exception, Refusal), done.output
    return done.exception


def test_an_event_that_is_not_there_is_no_gate_that_said_no() -> None:
    refusal = refused(call("command", "--event", "nope", "--repo", "acme/models"))
    assert isinstance(refusal, UnsafeFile)
    assert str(refusal) == (
        "nope: it cannot be read: No such file or directory; "
        "name the file of an `issue_comment` event, as GitHub sends it, with --event"
    )


@pytest.mark.parametrize(
    ("text", "start"),
    [
        (b'{\n  "a": }', "event.json:2:8: it is not JSON: "),
        (b"", "event.json:1:1: it is not JSON: "),
        (b"\xff\xfe\xff", "event.json: it is not JSON that can be read; "),
        (b"[" * 100_000, "event.json: it is not JSON that can be read; "),
    ],
)
def test_an_event_that_is_not_json_is_refused_at_its_place(
    nowhere: Path, text: bytes, start: str
) -> None:
    (nowhere / "event.json").write_bytes(text)
    refusal = refused(call("command", "--event", "event.json", "--repo", "acme/models"))
    assert isinstance(refusal, Malformed)
    assert str(refusal).startswith(start)
    assert str(refusal).endswith("with --event")


@pytest.mark.parametrize("folder", ["nope", "."])
def test_a_decision_that_is_not_there_is_no_gate_that_said_no(folder: str) -> None:
    words = ("--decision", folder, "--digest", DIGEST, "--repo", "acme/models")
    refusal = refused(call("land", *words))
    assert isinstance(refusal, UnsafeFile)
    assert "decision.json: it cannot be read: No such file or directory; name the folder" in str(
        refusal
    )


@pytest.mark.parametrize("group", ["x", "main@x", f"refs/heads/main@{'a' * 40}"])
def test_a_group_that_no_queue_names_is_a_wrong_command_line(nowhere: Path, group: str) -> None:
    for words in (
        ("predict", "--group", group, "--out", "left"),
        ("judge", "--group", group, "--bundle", ".", "--out", "left"),
        ("evaluate", "--group", group),
        ("evaluate", "7", "--group", group),
    ):
        done = call(*words)
        assert done.exit_code == 2, words
        assert "is no group of the queue" in done.output
        assert "gh-readonly-queue/BASE/pr-NUMBER-…@COMMIT" in done.output
    assert not (nowhere / "left").exists()


def test_the_group_names_the_pull_request_that_is_evaluated() -> None:
    refusal = refused(call("evaluate", "--group", QUEUED, "--repo", "acme/models"))
    assert isinstance(refusal, Denied)
    assert "there is no token for acme/models" in str(refusal)


def test_a_group_of_another_request_is_refused() -> None:
    done = call("evaluate", "8", "--group", QUEUED, "--repo", "acme/models")
    assert done.exit_code == 2
    assert "--group is for pull request 7, not for 8; leave the number out" in done.output


def test_evaluate_says_how_to_name_a_pull_request() -> None:
    done = call("evaluate", "--repo", "acme/models")
    assert done.exit_code == 2
    assert "name a pull request by its number, or its --group in the queue" in done.output


@pytest.mark.parametrize("slug", ["foo", "a/b/c", "acme/..", "https://github.com/acme/models"])
def test_a_repository_is_named_with_its_owner(slug: str) -> None:
    for words in (("evaluate", "7"), ("doctor",), ("sweep",), ("guard",)):
        done = call(*words, "--repo", slug)
        assert done.exit_code == 2, words
        assert "is no repository; write OWNER/NAME, such as acme/models" in done.output


@pytest.mark.parametrize("verb", [("evaluate", "7"), ("sweep",), ("doctor",), ("doctor", "--fix")])
def test_without_a_token_the_variable_to_set_is_named(verb: tuple[str, ...]) -> None:
    refusal = refused(call(*verb, "--repo", "acme/models"))
    assert isinstance(refusal, Denied)
    assert "there is no token for acme/models; set " in str(refusal)
    assert "GH_TOKEN" in str(refusal) or "GITHUB_TOKEN" in str(refusal)


@pytest.mark.parametrize("app", ["x", "lockstep-bot", "0", "-1", "Iv23liAbCdEf", "1.5", "٣"])
def test_an_app_is_named_by_its_number_and_a_slug_is_told_apart(app: str) -> None:
    done = call("doctor", f"--app={app}")
    assert done.exit_code == 2
    assert "is no App ID; write the number on the app's page; its slug" in done.output
