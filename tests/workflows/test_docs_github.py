"""docs/github.md is followed to the letter: every command block, in order, in a new repository."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.world.github_zones import needed
from tests.forges.server.settings import Settings
from tests.forges.server.web import Server
from tests.forges.stand import Stand, github_stand, registered

from .acting import LOCKSTEP, Actions, ping_completed

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "github.md").read_text()
FENCED = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
BLOCKS = [block for language, block in FENCED if not language]
"""Those that name a language are shown only: an installation, a page of settings."""
APP_ID = 123456
MARKER = "<!-- lockstep:report:v1 "
GH = """\
#!{python}
import json, os, sys
words = sys.argv[1:]
if words == ["auth", "token"]:
    print(os.environ["TOKEN_OF_ANA"])
    sys.exit()
kind, verb, name, *options = words
given = dict(zip(options[::2], options[1::2]))
assert verb == "set" and given["--repo"] == "acme/models", words
value = given["--body"] if kind == "variable" else sys.stdin.read()
with open(os.environ["GH_WAS_TOLD"], "a") as told:
    told.write(json.dumps([kind, name, given["--env"], value]) + chr(10))
"""


class Reader:
    """An administrator who reads the page and types what stands there."""

    def __init__(self, stand: Stand, folder: Path) -> None:
        assert stand.server is not None
        assert stand.hosted is not None
        self.stand, self.told = stand, folder / "gh-was-told"
        stand.people.account("ana")  # type: ignore[attr-defined] -- people at GitHub
        stand.hosted.roles["ana"] = "admin"
        token = stand.server.state.accounts["ana"].token
        tools, home = folder / "tools", folder / "home"
        tools.mkdir()
        home.mkdir()
        (tools / "gh").write_text(GH.format(python=sys.executable))
        (tools / "gh").chmod(0o755)
        self.exports: list[str] = []
        self.environment = {
            "PATH": f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(home),
            "TOKEN_OF_ANA": token,
            "GH_WAS_TOLD": str(self.told),
            "GITHUB_API_URL": stand.server.api_url,
            "GITHUB_SERVER_URL": stand.server.api_url.removesuffix("/api/v3"),
            # `origin` is https on GitHub, and tells; here it is the loopback.
            "GITHUB_REPOSITORY": "acme/models",
            "LOCKSTEP_ACTION": f"{LOCKSTEP}@{'a' * 40}",
            "NO_COLOR": "1",
            "COLUMNS": "100",
            **{f"GIT_{who}_NAME": "ana" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "ana@localhost" for who in ("AUTHOR", "COMMITTER")},
        }

    def types(self, line: str, *expected: int) -> str:
        """Type one line; it leaves as expected, with 0 by default."""
        if line.startswith("export "):
            self.exports.append(line)
            return ""
        done = subprocess.run(
            ["bash", "-c", "\n".join([*self.exports, line])],
            cwd=self.stand.clone,
            env=self.environment | dict(self.stand.forge.git_environment()),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        said = f"$ {line}\n{done.stdout}{done.stderr}"
        assert done.returncode in (expected or (0,)), said
        self._clicks()
        return said

    def _clicks(self) -> None:
        """Let GitHub know what `gh` was told."""
        assert self.stand.server is not None
        known = self.stand.server.state.settings.setdefault("acme/models", Settings())
        for kind, name, environment, value in self.told_of():
            if kind == "secret":
                known.secrets.setdefault(environment, set()).add(name)
            else:
                known.variables.setdefault(environment, {})[name] = value

    def told_of(self) -> list[Any]:
        return (
            [json.loads(one) for one in self.told.read_text().splitlines()]
            if (self.told.exists())
            else []
        )


@pytest.fixture
def stand(tmp_path: Path, source: Path) -> Iterator[Stand]:
    """Return a repository with a hold-out and a model, and nothing of Lockstep."""
    with Server(tmp_path / "server") as server:
        here = github_stand(tmp_path, server)
        here.git("rm", "--quiet", "models.lock")
        for name in ("data", "models"):
            shutil.copytree(source / name, here.clone / name)
        here.git("add", "--all")
        here.git("commit", "--quiet", "-m", "Begin")
        here.git("push", "--quiet", "origin", "HEAD:main")
        yield here


def test_the_app_is_given_exactly_the_rights_that_its_verbs_need() -> None:
    rows = re.findall(r"^   \| ([A-Z][\w ]+) \| (Read-only|Read and write) \|$", PAGE, re.MULTILINE)
    named = {"commit_statuses": "statuses"}
    said = {name.lower().replace(" ", "_"): level for name, level in rows}
    table = {
        named.get(name, name): "read" if level == "Read-only" else "write"
        for name, level in said.items()
    }

    assert table == needed()


def test_the_page_is_followed_to_the_first_promotion(stand: Stand, tmp_path: Path) -> None:
    reader = Reader(stand, tmp_path)
    files, doctor, keys, first = (block.splitlines() for block in BLOCKS)
    assert stand.server is not None
    assert stand.hosted is not None
    stand.hosted.teams = {"acme/ml": ("ben",)}

    for line in files:
        reader.types(line)
    # Part 2: the clicks that make an app.
    (stand.clone / "lockstep.pem").write_text(registered(stand.server))
    stand.server.state.apps[0].id = APP_ID
    for line in doctor:
        told = reader.types(line, 5)
    assert "no key" in told or "LOCKSTEP_APP_PRIVATE_KEY" in told, told
    for line in keys:
        told = reader.types(line)
    assert "wrong" not in told, told
    for line in first:
        reader.types(line)

    told_of = reader.told_of()
    actions = Actions(
        stand=stand,
        folder=tmp_path / "actions",
        secrets={name: value for kind, name, _, value in told_of if kind == "secret"},
        variables={name: value for kind, name, _, value in told_of if kind == "variable"},
    )
    head = stand.forge.pull_request(1).head_sha
    ended = actions.run("workflow_run", ping_completed(stand, head), "lockstep.yml")
    assert ended.jobs["judge"] == "success", str(ended)
    assert stand.forge.pull_request(1).merged_as is None
    stand.people.approve(1, "ben")
    reviewed = ping_completed(stand, head, "pull_request_review")
    ended = actions.run("workflow_run", reviewed, "lockstep.yml")

    landed = stand.forge.pull_request(1).merged_as
    (report,) = stand.forge.reports(1, MARKER)
    assert landed == stand.tip("main"), f"{report.body}\n{ended}"
