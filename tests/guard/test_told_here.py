"""What the audit branch says of a commit shows in `log` and `status`, where it was fetched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.cli import root, run
from tests.guard.yard import POLICY, Yard


@pytest.fixture
def fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Yard:
    """A person merged version 1 without any words, and somebody pushed version 2."""
    yard = Yard(tmp_path, POLICY.replace("merge: auto", "merge: manual"))
    yard.guard()
    number = yard.propose("churn", "1")
    yard.judge(number)
    head = yard.forge.pull_request(number).head_sha
    yard.forge.acting_as("ana").merge(number, sha=head, title="mine", message="")
    yard.push(yard.serving("spam", "2"))
    yard.guard()
    yard.ana.pulls()
    monkeypatch.chdir(yard.ana.clone)
    return yard


def said(words: list[str], monkeypatch: pytest.MonkeyPatch, capsys) -> str:
    capsys.readouterr()
    monkeypatch.setattr("sys.argv", ["lockstep", *words])
    assert run(root) == 0
    return str(capsys.readouterr().out)


def test_a_sealed_landing_and_a_push_by_hand_are_told_apart(fetched: Yard, monkeypatch, capsys):
    assert fetched.tip()
    lines = json.loads(said(["log", "--json"], monkeypatch, capsys))["log"]

    of = {line["model"]: line for line in lines}
    assert of["churn"]["sealed"]["request"] == 1
    assert (of["spam"]["red"], of["spam"]["finding"]) == (True, "by hand")
    text = said(["log"], monkeypatch, capsys)
    assert "request 1, sealed" in text
    assert "the guard told of it" in text


def test_status_marks_what_no_decision_accounts_for(fetched: Yard, monkeypatch, capsys):
    assert fetched.tip()
    text = said(["status"], monkeypatch, capsys)

    rows = {line.split()[0]: line for line in text.splitlines()}
    assert "#1" in rows["churn"]
    assert "✗ the guard told" in rows["spam"]
    assert "✗" not in rows["churn"]
