"""A clone with a policy and a forge in a folder; verbs are called as users call them."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cli import main
from bot.world.local_forge import LocalForge

POLICY = """\
models: [credit]
ladder: [staging, production]
gates:
  registration: [artifact]
  staging: [artifact]
  production: [artifact]
  opening: [artifact]
"""


@dataclass(frozen=True)
class Said:
    """How a verb ended."""

    code: int
    out: str
    err: str


@dataclass
class Clone:
    """A clone of a forge in a folder, with real git."""

    root: Path
    forge: LocalForge
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    clock: int = 1_700_000_000

    def git(self, *arguments: str) -> str:
        when = {f"GIT_{role}_DATE": f"{self.clock} +0000" for role in ("AUTHOR", "COMMITTER")}
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, capture_output=True, check=True,
            env={**os.environ, **when},
        )  # fmt: skip
        return done.stdout.decode()

    def lockstep(self, *arguments: str, ok: bool = True) -> Said:
        """Call a verb through the real entry, in the clone."""
        self.monkeypatch.chdir(self.root)
        self.monkeypatch.setattr(sys, "argv", ["lockstep", *arguments])
        self.capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        said = self.capsys.readouterr()
        assert "Traceback" not in said.err
        assert (code == 0) is ok, said
        return Said(code, said.out, said.err)

    @property
    def lock(self) -> Path:
        return self.root / "models.lock"

    def commit(self, subject: str, *trailers: str) -> str:
        """Land everything, a day after the last commit."""
        message = "\n\n".join(filter(None, (subject, "\n".join(trailers))))
        self.clock += 86_400
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        self.git("push", "--quiet", "origin", "HEAD:main")
        return self.git("rev-parse", "HEAD").strip()

    def artifact(self, name: str, content: str) -> str:
        (self.root / name).parent.mkdir(exist_ok=True)
        (self.root / name).write_text(content)
        return name

    def register(self, version: str, *more: str, ok: bool = True) -> Said:
        name = self.artifact(f"models/{version}.onnx", f"model {version}")
        return self.lockstep("register", "credit", version, "--artifact", name, *more, ok=ok)

    def serve(self, version: str, stage: str, *trailers: str) -> str:
        """Land a promotion."""
        self.lockstep("promote", "credit", version, stage)
        return self.commit(f"Promote credit {version} to {stage}", *trailers)

    def on_forge(self, *arguments: str) -> str:
        bare = ["git", "--git-dir", self.forge.remote(), *arguments]
        return subprocess.run(bare, capture_output=True, check=True).stdout.decode()


@pytest.fixture
def clone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Clone:
    """An empty lock and one policy, committed and pushed."""
    config = tmp_path / "gitconfig"
    config.write_text("[user]\n\tname = ana\n\temail = ana@example.org\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("GITHUB_REPOSITORY", "GITHUB_TOKEN", "GH_TOKEN", "LOCKSTEP_FORGE"):
        monkeypatch.delenv(name, raising=False)
    forge = LocalForge.create(tmp_path / "forge")
    root = tmp_path / "clone"
    root.mkdir()
    made = Clone(root, forge, monkeypatch, capsys)
    made.git("init", "--quiet", "--initial-branch=main")
    made.git("remote", "add", "origin", forge.remote())
    (root / "policies").mkdir()
    (root / "policies" / "credit.yaml").write_text(POLICY)
    made.lock.write_text(
        "# Which version of each model serves each stage. "
        "Changed by pull request, judged by policies/.\nformat: 1\nmodels: {}\n"
    )
    made.commit("Start")
    return made


@pytest.fixture
def serving(clone: Clone) -> Clone:
    """Versions 1 and 2 landed; 1 then 2 served production, by hand."""
    for version in ("1", "2"):
        clone.register(version)
        clone.commit(f"Register credit {version}")
        clone.serve(version, "staging")
        clone.serve(version, "production")
    return clone
