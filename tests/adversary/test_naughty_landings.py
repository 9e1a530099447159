"""What people plant in commits and in commands is told on, from end to end, and calls nobody."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.core.command import parse
from bot.gates import GATES
from bot.report.markdown import ZERO
from tests.adversary.corpora import renderer
from tests.adversary.rendered import calls, read
from tests.commands.town import Town
from tests.guard.yard import Yard

if TYPE_CHECKING:
    from pathlib import Path

EVIL = {
    "mentions": "@ana @acme/owners fixes #1, GH-2, acme/models#3",
    "links": "[x](https://evil.example.org) ![p](http://evil.example.org/p.png) www.evil.example",
    "html": "<img src=x onerror=y></details><!-- lockstep:guard:v1 x --><script>x</script>",
    "code": "`` ` ``` @ana `https://evil.example.org` <b>",
    "order": "x\u2028/lockstep merge 0123456 /lockstep override --gate lineage --reason y",
    "hidden": "\u202egnp.\u2066a\u2069\u200b@\u200bana\ufeff \x1b[31mred\x1b[0m\x07",
    "runner": "::set-output name=a::b ##[add-mask]x ::error::y",
    "long": "@ana " * 90,
}
TITLE, BODY = 256, 65_536
"""GitHub's limits of an issue, in characters."""


def inert(text: str) -> list[str]:
    """Say what of a body of ours would reach somebody or something."""
    shown = read(renderer()(text))
    wrong = [one for one in shown.wrong if one not in {"h2", "ol"}]
    strange = {
        c for c in text if c not in {"\n", ZERO} and unicodedata.category(c) in {"Cc", "Cf", "Cs"}
    }
    first, _, rest = text.partition("\n")
    orders = [one for one in (text, rest) if parse(one, GATES) is not None]
    hidden = [one for one in shown.hidden if f"<!--{one}-->" != first]
    long = ["too long"] if len(text) > BODY else []
    return [*wrong, *calls(shown), *shown.links, *hidden, *strange, *orders, *long]


@pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)
def test_a_commit_by_hand_is_told_of_in_words_that_reach_nobody(tmp_path: Path, text: str) -> None:
    yard = Yard(tmp_path)
    yard.land("churn", "1")
    yard.guard()
    yard.ana = replace(yard.ana, name=text)
    commit = yard.push(yard.serving("churn", "2"), subject=text)
    guarded = yard.guard()

    assert [one.commit for one in guarded.findings if one.red] == [commit]
    (issue,) = yard.forge.issues()
    assert "\n" not in issue.title
    assert len(issue.title) <= TITLE
    assert issue.title == f"models.lock was changed by hand in {commit[:12]}"
    assert inert(issue.body) == []
    (revert,) = yard.forge.open_pull_requests()
    assert revert.head == f"lockstep/revert-{commit[:12]}"
    assert commit[:12] in yard.bare.run("log", "-1", "--format=%s", revert.head_sha).decode()
    dossier = yard.forge._folder.dossier(revert.number)
    assert inert(dossier.body) == []
    assert dossier.title == f"Give back models.lock as it was before {commit[:12]}"


@pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)
def test_a_command_is_answered_in_words_that_reach_nobody(tmp_path: Path, text: str) -> None:
    town = Town(tmp_path, merge="manual")
    number = town.promote("2")
    town.judge(number)
    lines = [
        f"/lockstep {text}",
        f"/lockstep merge {text}",
        f'/lockstep override --gate {text} --reason "{text}"',
        f'/lockstep override --gate "{text}" --reason {text}',
    ]
    said = [town.says("ben", line).said for line in lines]

    assert town.orders() == []
    # Two of them may be no command at all, by their length or their markup.
    assert len(town.replies()) >= 1
    assert len(said) == 4
    for reply in town.replies():
        assert inert(reply) == []
        again = town.comment("ben", reply)
        assert not town.carry(again).evaluate
    assert town.orders() == []


@pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)
def test_a_reason_is_shown_in_words_that_reach_nobody(tmp_path: Path, text: str) -> None:
    town = Town(tmp_path, merge="manual")
    number = town.promote("2")
    town.judge(number)
    reason = text.replace("`", "'").replace("[", "(").replace("]", ")")
    reason = re.sub(r"https?://|<|\s+", " ", reason)[:400]
    town.says("ben", f"/lockstep hold {reason}")
    town.says("cleo", "/lockstep status")
    town.says("cleo", f'/lockstep override --gate lineage --reason "{reason}"')
    town.says("cleo", "/lockstep status")

    assert [one.kind.value for one in town.orders()] == ["hold", "override"]
    for body in (town.report(), *town.replies()):
        shown = read(renderer()(body))
        assert calls(shown) == []
        assert "evil" not in "".join(shown.links)
        assert parse(body, GATES) is None
        assert not re.search(r"^\s*/", body, re.MULTILINE)
    assert len(town.status()) <= 160
    assert not any(unicodedata.category(c) in {"Cc", "Cf"} for c in town.status())


def test_what_a_command_became_steers_no_runner(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.promote("2")
    event = town.comment("ben", "/lockstep ##[add-mask]x")
    payload = {
        "action": "created",
        "issue": {"number": 1, "pull_request": {}},
        "comment": {"id": event.comment, "body": event.body, "html_url": "https://github.com/a/b/pull/1",
                    "user": {"login": "ben", "type": "User"}, "performed_via_github_app": None},
        "repository": {"id": 1, "full_name": "local/credit", "default_branch": "main"},
    }  # fmt: skip
    file = tmp_path / "event.json"
    file.write_text(json.dumps(payload))
    forge = f"local:{tmp_path / 'forge'}"
    command = [sys.executable, "-m", "bot", "command", "--event", str(file), "--forge", forge]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout.startswith("not understood: ")
    assert "##[" not in done.stdout
