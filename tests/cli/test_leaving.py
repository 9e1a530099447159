"""How the program leaves: a sentence and a code of its own, whatever happened."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from bot.cli import root, run
from bot.core import errors

HERE = Path(__file__).resolve().parent.parent.parent


def call(*arguments, **options):
    words = [sys.executable, "-m", "bot", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(HERE), **options.pop("env", {})}
    return subprocess.run(words, check=False, capture_output=True, env=environment, **options)


def test_without_git_a_sentence_says_so(clone, tmp_path):
    (tmp_path / "nothing").mkdir()
    for verb in ("status", "check"):
        done = call(verb, cwd=clone.root, env={"PATH": str(tmp_path / "nothing")})
        said = "git cannot be found; install git, or put it on the PATH\n"
        assert (done.returncode, done.stderr.decode()) == (17, said)


def test_a_bug_shows_its_traceback_and_has_a_code_of_its_own(capsys, monkeypatch):
    @click.group
    def group():
        pass

    @group.command
    def broken():
        raise ZeroDivisionError

    monkeypatch.setattr(sys, "argv", ["lockstep", "broken"])
    assert run(group) == 70
    said = capsys.readouterr().err
    assert ("Traceback" in said, "please report" in said.splitlines()[-1]) == (True, True)


def test_a_reader_that_leaves_early_is_141(clone):
    clone.register("1")
    for arguments in (("log", "--help"), ("check",), ("check", "--json"), ("status",)):
        reader, writer = os.pipe()
        os.close(reader)
        words = [sys.executable, "-m", "bot", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(HERE)}
        done = subprocess.run(
            words, check=False, stdout=writer, stderr=subprocess.PIPE, cwd=clone.root,
            env=environment,
        )  # fmt: skip
        os.close(writer)
        assert (done.returncode, b"Traceback" in done.stderr, b"ignored" in done.stderr) == (
            141, False, False,
        ), (arguments, done.stderr)  # fmt: skip


def test_every_exit_code_is_documented():
    text = (HERE / "docs" / "exit-codes.md").read_text()
    rows = "".join(re.findall(r"^\|([\d, ]+)\|", text, re.MULTILINE))
    known = {int(code) for code in re.findall(r"\d+", rows)}
    stops = [one for _, one in inspect.getmembers(errors, inspect.isclass)]
    codes = {one.exit_code for one in stops if isinstance(getattr(one, "exit_code", None), int)}
    ends = {errors.PASSED, errors.FAILED, errors.INCONCLUSIVE, errors.ERRORED, errors.BUG}
    assert codes | ends | {fault.value for fault in errors.Fault} | {2, 130, 141} <= known


@pytest.mark.parametrize("code", ["4 ", "70 ", "130 ", "141 "])
def test_the_help_names_the_codes(code):
    assert f" {code}" in " ".join((root.help or "").split())
