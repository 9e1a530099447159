"""A yard: a forge, people who push, and the bot; no gate runs a model, so that all is quick."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import skops.io
from sklearn.dummy import DummyRegressor

from bot.cli.evaluate import carry
from bot.core.lock import Artifact, Entry, Model
from bot.core.lockfile import dump, parse
from bot.flow import Conclusion
from bot.world.engineer import Engineer
from bot.world.guard import Guard, Guarded
from bot.world.here import Hosted
from bot.world.local_forge import LocalForge
from bot.world.repository import Repository
from bot.world.store import digest_of

POLICY = """\
models: ["*"]
ladder: [production]
artifacts: {flavors: [skops]}
gates:
  registration: [artifact]
  production: [artifact]
  opening: [artifact]
promotion: {merge: auto}
"""
Edit = Callable[[dict[str, Model]], dict[str, Model]]


@cache
def model(version: str) -> bytes:
    """Write a model that loads at once; each version has bytes of its own."""
    fitted = DummyRegressor(strategy="constant", constant=float(version))
    return skops.io.dumps(fitted.fit([[0.0]], [0.0]))


@dataclass
class Yard:
    """One repository with its forge, an engineer and the bot."""

    folder: Path
    policy: str = POLICY

    def __post_init__(self) -> None:
        self.forge = LocalForge.create(self.folder / "forge", slug="local/yard")
        self.ana = Engineer.joins("ana", self.folder / "clone", self.forge)
        self.bare = Repository(self.folder / "forge/repository.git")
        source = self.folder / "source"
        (source / "models").mkdir(parents=True)
        for version in "123456789":
            (source / f"models/{version}.skops").write_bytes(model(version))
        (source / "policy.yaml").write_text(self.policy)
        files = {"models": source / "models", "policies/all.yaml": source / "policy.yaml"}
        self.ana.commits(files, dump({}), "Begin")

    def copy(self, folder: Path) -> Yard:
        """Copy everything, so that one beginning serves many stories."""
        shutil.copytree(self.folder, folder, symlinks=True)
        twin = object.__new__(type(self))
        twin.folder, twin.policy = folder, self.policy
        twin.forge = LocalForge(folder / "forge")
        twin.ana = Engineer("ana", folder / "clone", twin.forge.acting_as("ana", "ana@localhost"))
        twin.ana._git("remote", "set-url", "origin", twin.forge.remote())
        twin.bare = Repository(folder / "forge/repository.git")
        return twin

    @property
    def world(self) -> Hosted:
        """A fresh bot, as after a restart: only its caches remain."""
        return Hosted(forge=self.forge, repository=self.clone, cache=self.folder / "cache")

    @property
    def clone(self) -> Repository:
        return Repository.create(self.folder / "bot", self.forge.git_environment())

    def entry(self, version: str) -> Entry:
        uri = f"models/{version}.skops"
        digest = digest_of(self.ana.clone / uri).digest
        return Entry(artifact=Artifact(uri=uri, digest=digest, flavor="skops"))

    def serving(self, name: str, version: str) -> Edit:
        """Register a version and let it serve."""

        def edit(models: dict[str, Model]) -> dict[str, Model]:
            before = models.get(name)
            versions = {**(before.versions if before else {}), version: self.entry(version)}
            return {**models, name: Model(versions=versions, stages={"production": version})}

        return edit

    def propose(self, name: str, version: str) -> int:
        """Open a request that lets a version serve."""
        branch = f"{name}-{version}"
        return self.ana.proposes(branch, f"Promote {branch}", self.serving(name, version)).number

    def judge(self, number: int) -> Conclusion:
        return carry(number, self.world)

    def land(self, name: str, version: str) -> str:
        """Let the bot land a promotion; return the landed commit."""
        number = self.propose(name, version)
        self.judge(number)
        landed = self.forge.pull_request(number).merged_as
        assert landed is not None
        return landed

    def push(self, edit: Edit, subject: str = "by hand") -> str:
        """Push an edit of the lock straight to the default branch; return the commit."""
        self.ana.pulls()
        path = self.ana.clone / "models.lock"
        return self.push_text(dump(edit(parse(path.read_bytes(), "models.lock"))), subject)

    def push_text(self, text: bytes, subject: str = "by hand", path: str = "models.lock") -> str:
        self.ana.pulls()
        (self.ana.clone / path).write_bytes(text)
        self.ana._git("add", "--all")
        self.ana._git("commit", "--quiet", "-m", subject)
        self.ana._git("push", "--quiet", "origin", "main")
        return self.tip()

    def tip(self) -> str:
        return self.bare.commit("main")

    def lock(self, commit: str | None = None) -> dict[str, Model]:
        blob = self.bare.blob(commit or self.tip(), "models.lock", most=10**6)
        assert blob is not None
        return parse(blob.text, "models.lock")

    def guard(self, **asked: object) -> Guarded:
        dry_run = bool(asked.pop("dry_run", False))
        return Guard(self.forge, self.clone, "main", dry_run=dry_run).walk(**asked)  # type: ignore[arg-type] -- passed on

    def light(self, commit: str) -> str | None:
        """What the guard said on a commit."""
        status = self.forge.status(commit, "lockstep/guard: main")
        return None if status is None else status.state

    def audit(self, folder: str) -> list[str]:
        """Paths on the audit branch below a folder."""
        tip = self.bare.resolve("lockstep/audit")
        rows = () if tip is None else self.bare.tree(tip, f"{folder}/")
        return [path for _, _, _, path in rows]
