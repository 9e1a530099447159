"""A scene on the test server that can be set back to its start in a moment.

The API is spoken over HTTP; git is spoken with the bare repository itself, so that a run costs
little.  Gates read bytes alone: no model runs.
"""

from __future__ import annotations

import copy
import hashlib
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from github.Auth import Token

from bot.core.lock import Artifact, Entry, Lineage, Model
from bot.core.lockfile import dump
from bot.world.github import GitHub
from bot.world.github_patience import Patience
from bot.world.github_wire import Pace
from bot.world.here import Hosted as World
from bot.world.repository import Repository
from tests.faults.line import Line, MortalRepository
from tests.forges.server import plumbing
from tests.forges.server.state import Account, Hosted, Pull, Said
from tests.forges.server.web import Server
from tests.forges.stand import run_git

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

BOT = "lockstep[bot]"
POLICY = """\
models: [{model}]
ladder: [production]
gates:
  registration: [artifact]
  production: [artifact, lineage: {{require: [code]}}]
  opening: [artifact]
promotion: {{merge: {merge}}}
"""
CODE = "https://example.org/acme/train@" + "1f3c" * 10


class Renewable(Token):
    """A token that can be had anew, as an app's."""

    def renew(self) -> None:
        """Get another one; the server takes the same."""


class Near(GitHub):
    """GitHub whose git is a folder."""

    place: Path

    def remote(self) -> str:
        return str(self.place)

    def git_environment(self) -> Mapping[str, str]:
        return {}


def entry(version: str, *, code: str | None = CODE) -> Entry:
    """Describe a version whose bytes are its name."""
    digest = f"sha256:{hashlib.sha256(version.encode()).hexdigest()}"
    artifact = Artifact(uri=f"models/{version}.onnx", digest=digest, flavor="onnx")
    return Entry(artifact=artifact, lineage=Lineage(code=code))


def serving(*versions: str, code: str | None = CODE, now: str | None = None) -> Model:
    """Make a model with versions, of which the last is new and one serves."""
    *old, new = versions
    known = {one: entry(one) for one in old} | {new: entry(new, code=code)}
    return Model(versions=known, stages={"production": now or new})


@dataclass
class Scene:
    """One repository with a policy that merges and one that waits for a review."""

    folder: Path
    server: Server
    kept: dict[str, Any] = field(default_factory=dict)
    number: int = 0
    """The pull request that the flow is about."""
    event: Any = None
    """What a flow is told of, such as a comment."""
    meanwhile: Callable[[], object] = lambda: None
    """What a second bot does while the first is at work."""
    runs: int = 0

    @classmethod
    def begins(cls, folder: Path, server: Server) -> Scene:
        """Set up the repository and its people."""
        scene = cls(folder, server)
        state = server.state
        owner = state.join("acme")
        for login in ("ana", "ben"):
            state.join(login)
        state.join(BOT, app=True)
        hosted = server.host(owner, "models")
        hosted.roles |= {"ana": "write", "ben": "write", BOT: "write"}
        scene.clone.mkdir()
        scene.git("init", "-q", "-b", "main")
        scene.git("remote", "add", "origin", str(hosted.path))
        files = {f"models/{one}.onnx": one for one in "1234"}
        files |= {"policies/credit.yaml": POLICY.format(model="credit", merge="auto")}
        files |= {"policies/fraud.yaml": POLICY.format(model="fraud", merge="approved")}
        begun = dump({"credit": serving("1"), "fraud": serving("1")}).decode()
        scene.push("main", {**files, "models.lock": begun}, start=None)
        return scene

    @property
    def hosted(self) -> Hosted:
        return self.server.state.repositories["acme/models"]

    @property
    def clone(self) -> Path:
        return self.folder / "clone"

    @property
    def pull(self) -> Pull:
        return self.hosted.pulls[self.number]

    def git(self, *arguments: str) -> str:
        return run_git(self.clone, *arguments)

    def push(self, branch: str, files: Mapping[str, str], start: str | None = "main") -> str:
        """Commit files on a branch and push it; return the commit."""
        if start is not None:
            self.git("fetch", "-q", "origin")
            self.git("checkout", "-q", "-B", branch, f"origin/{start}")
        for name, text in files.items():
            (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
            (self.clone / name).write_text(text)
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", f"Change {', '.join(files)[:50]}")
        self.git("push", "-q", "--force", "origin", branch)
        return self.git("rev-parse", "HEAD")

    def proposes(self, branch: str, files: Mapping[str, str]) -> int:
        """Push a branch and open ana's pull request."""
        head = self.push(branch, files)
        number, at = self.hosted.next_number(), self.server.state.now()
        self.hosted.pulls[number] = Pull(
            id=self.server.state.next_id(), number=number, title="Promote", body=None,
            author=self.person("ana"), base="main", head=branch, source=self.hosted,
            head_sha=head, created=at, updated=at,
        )  # fmt: skip
        self.hosted.pushes.append((branch, "0" * 40, head, self.person("ana"), at))
        plumbing.say(self.hosted.path, "update-ref", f"refs/pull/{number}/head", head)
        return number

    def person(self, login: str) -> Account:
        return self.server.state.accounts[login]

    def says(self, login: str, body: str) -> int:
        """Comment on the pull request."""
        state = self.server.state
        at, new = state.now(), state.next_id()
        self.hosted.comments[new] = Said(
            id=new, number=self.number, author=self.person(login), body=body, created=at, updated=at
        )
        return new

    def keep(self) -> None:
        """Remember everything as it is now."""
        shutil.rmtree(self.pristine, ignore_errors=True)
        plumbing.say(self.hosted.path, "repack", "-a", "-d", "-q")
        plumbing.say(self.hosted.path, "pack-refs", "--all")
        shutil.copytree(self.hosted.path, self.pristine, ignore=shutil.ignore_patterns("hooks"))
        self.kept = self._copied()

    @property
    def pristine(self) -> Path:
        return self.folder / "pristine.git"

    def _copied(self) -> dict[str, Any]:
        whole = {k: v for k, v in vars(self.server.state).items() if k != "lock"}
        return copy.deepcopy(whole)

    def back(self) -> None:
        """Set everything back to what was kept; objects are shared, as git never changes them."""
        vars(self.server.state).update(copy.deepcopy(self.kept))
        self.server.trouble({})
        path = self.hosted.path
        shutil.rmtree(path)
        for part in ("objects/info", "refs/heads"):
            (path / part).mkdir(parents=True)
        for name in ("HEAD", "config", "packed-refs"):
            shutil.copyfile(self.pristine / name, path / name)
        (path / "objects/info/alternates").write_text(f"{self.pristine}/objects\n")

    @contextmanager
    def as_it_was(self) -> Iterator[None]:
        """Let the server answer from what was kept; the bare repository is what it is."""
        now = {k: v for k, v in vars(self.server.state).items() if k != "lock"}
        clock = {k: now[k] for k in ("_ids", "_seconds", "ahead", "accounts")}
        vars(self.server.state).update(copy.deepcopy(self.kept) | clock)
        try:
            yield
        finally:
            vars(self.server.state).update(now)

    @property
    def bot_account(self) -> Account:
        return self.person(BOT)

    def bot(self, line: Line) -> World:
        """A fresh bot, as after a restart: only its cache of bytes remains."""
        self.runs += 1
        place = self.folder / f"bot-{self.runs % 4}.git"
        shutil.rmtree(place, ignore_errors=True)
        for part in ("objects/info", "refs/heads"):
            (place / part).mkdir(parents=True)
        (place / "HEAD").write_text("ref: refs/heads/main\n")
        (place / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
        forge = Near(
            "acme/models", Renewable(self.person(BOT).token), api_url=self.server.api_url,
            patience=Patience(sleep=lambda _: None),
            pace=Pace(between_requests_s=None, between_writes_s=None),
        )  # fmt: skip
        forge.place = self.hosted.path
        repository = MortalRepository(place, {}, line)
        return World(forge=forge, repository=repository, cache=self.folder / "cache")

    def read(self) -> Repository:
        """The repository on the server, to look into."""
        return Repository(self.hosted.path)

    def log(self, branch: str) -> list[str]:
        """Subjects of a branch, newest first; empty when it is not there."""
        done = subprocess.run(
            ["git", "log", "--first-parent", "--format=%s", f"refs/heads/{branch}", "--"],
            cwd=self.hosted.path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout.splitlines()
