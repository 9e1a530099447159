"""A room with a forge, the bot, and an adversary who may push any branch but the default one.

Its gates read bytes alone, so that judging takes no model and no time.  Whatever code of the
adversary runs touches the canary.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.evaluate import carry
from bot.core.lock import Artifact, Entry, Model
from bot.core.lockfile import dump
from bot.world.here import Hosted
from bot.world.local_forge import LocalForge
from bot.world.repository import Repository

if TYPE_CHECKING:
    from bot.flow import Conclusion

POLICY = """\
models: [churn]
ladder: [production]
gates:
  registration: [artifact]
  production: [artifact]
  opening: [artifact]
promotion: {merge: auto}
"""
WHO = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "eve"), ("EMAIL", "eve@localhost"))
}
CONTEXT = "lockstep/gate: main"
FREE = (
    "-c",
    "protocol.allow=always",
    "-c",
    "core.protectNTFS=false",
    "-c",
    "core.protectHFS=false",
)


def entry(text: bytes, uri: str) -> Entry:
    """Describe a file as a version."""
    digest = f"sha256:{hashlib.sha256(text).hexdigest()}"
    return Entry(artifact=Artifact(uri=uri, digest=digest, flavor="skops"))


def lock(*versions: str, serving: str | None = None) -> bytes:
    """Write a lock with versions of the one model."""
    known = {one: entry(f"model {one}".encode(), f"models/{one}.skops") for one in versions}
    stages = {"production": serving} if serving else {}
    return dump({"churn": Model(versions=known, stages=stages)})


@dataclass
class Room:
    """One folder with everything in it."""

    folder: Path

    def __post_init__(self) -> None:
        self.forge = LocalForge.create(self.folder / "forge", slug="acme/models")
        self.bare = Path(self.forge.remote())
        self.clone = self.folder / "eve"
        self.canary = self.folder / "canary"
        self.clone.mkdir()
        self.git("init", "-q", "-b", "main")
        self.git("remote", "add", "origin", str(self.bare))
        (self.clone / "models").mkdir()
        for version in "123":
            (self.clone / f"models/{version}.skops").write_text(f"model {version}")
        (self.clone / "policies").mkdir()
        (self.clone / "policies/churn.yaml").write_text(POLICY)
        self.write("models.lock", lock("1", serving="1"))
        self.commit("Begin")
        self.git("push", "-q", "origin", "main")
        self.git("hash-object", "-w", "--stdin", stdin=b"")
        self.start = self.git("rev-parse", "HEAD")
        self.git("checkout", "-q", "-b", "work")

    def git(self, *arguments: str, stdin: bytes | None = None, **environment: str) -> str:
        """Run git as the adversary does, with every protection off."""
        done = subprocess.run(
            ["git", *FREE, *arguments],
            cwd=self.clone,
            input=stdin,
            capture_output=True,
            check=True,
            env={**os.environ, **WHO, **environment},
        )
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, path: str, content: bytes) -> None:
        """Write a file of the adversary's work tree."""
        place = self.clone / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)

    def commit(self, message: str = "work") -> str:
        """Commit everything in the work tree."""
        self.git("add", "--all", "--force")
        self.git("commit", "-q", "--allow-empty", "-F", "-", stdin=message.encode())
        return self.git("rev-parse", "HEAD")

    def index(self, mode: str, oid: str, path: bytes) -> None:
        """Put an entry into the index that no file system would take."""
        line = f"{mode} {oid}\t".encode() + path + b"\0"
        self.git("update-index", "-z", "--add", "--index-info", stdin=line)

    def commit_index(self, message: str = "work", *parents: str) -> str:
        """Commit the index as it is."""
        over = parents or (self.git("rev-parse", "HEAD"),)
        named = [word for parent in over for word in ("-p", parent)]
        tree = self.git("write-tree")
        return self.git("commit-tree", tree, *named, stdin=message.encode())

    def registers(self, version: str = "2") -> None:
        """Write the honest change: one more version."""
        self.write("models.lock", lock("1", version, serving="1"))

    def opens(self, commit: str, branch: str = "work", title: str = "work") -> int:
        """Push a commit under any name of a branch and open a pull request."""
        self.git("push", "-q", "--force", "origin", f"{commit}:refs/heads/{branch}")
        eve = self.forge.acting_as("eve", "eve@localhost")
        return eve.propose(title=title, body="", head=branch, base="main").number

    def pushes_to_main(self, commit: str) -> None:
        """Let somebody with every right push to the default branch."""
        self.git("push", "-q", "--force", "origin", f"{commit}:refs/heads/main")

    @property
    def world(self) -> Hosted:
        clone = Repository.create(self.folder / "bot", self.forge.git_environment())
        return Hosted(forge=self.forge, repository=clone, cache=self.folder / "cache")

    def judge(self, number: int) -> Conclusion:
        """Let the bot carry one pull request."""
        return carry(number, self.world)

    def landed(self, number: int) -> str | None:
        """The commit a pull request landed as."""
        return self.forge.pull_request(number).merged_as

    def state(self, number: int) -> str:
        """What the status of the head says."""
        status = self.forge.status(self.forge.pull_request(number).head_sha, CONTEXT)
        assert status is not None
        assert len(status.description) <= 140
        return status.state

    def report(self, number: int) -> str:
        """The one report of a pull request."""
        (report,) = self.forge.reports(number, "<!-- lockstep:report:v1 ")
        return report.body
