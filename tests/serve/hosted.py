"""A repository with models on the test server, and the server of webhooks in front of it."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.lock import Model
from bot.core.lockfile import dump, parse
from tests.forges.server.web import Server
from tests.forges.stand import BOT, Stand, github_stand
from tests.serve.stage import SECRET, Served
from tests.stories.workshop import Workshop, described

MARKER = "<!-- lockstep:report:v1 "
CONTEXT = "lockstep/gate: main"


LIGHT = """\
models: [churn]
ladder: [production]
artifacts: {flavors: [skops]}
gates:
  registration: [artifact]
  production: [unsafe_code]
  opening: [unsafe_code]
promotion: {merge: auto}
"""
"""A policy that runs no model, for tests that are about something else."""


def churn(folder: Path, server: Server, policy: str | None = None) -> Stand:
    """Put the workshop's models, data and policy on the test server."""
    workshop = Workshop(folder / "workshop")
    stand = github_stand(folder, server)
    for name in ("data", "models", "policies"):
        shutil.copytree(workshop.ana.clone / name, stand.clone / name)
    if policy is not None:
        (stand.clone / "policies/churn.yaml").write_text(policy)
    (stand.clone / "models.lock").write_bytes(dump({}))
    stand.git("add", "--all")
    stand.git("commit", "--quiet", "-m", "Begin")
    stand.git("push", "--quiet", "origin", "HEAD:main")
    return stand


@dataclass
class Hosting:
    """The repository, the folder of the server, and what people do."""

    folder: Path
    server: Server
    stand: Stand
    more: dict[str, str] = field(default_factory=dict)
    """Environment of the server, beside its token."""

    def open(self, *options: str) -> Served:
        """Open the server as a person would."""
        token = self.server.state.accounts[BOT].token
        environment = {
            **os.environ,
            "LOCKSTEP_WEBHOOK_SECRET": SECRET,
            "GITHUB_TOKEN": token,
            "GITHUB_API_URL": self.server.api_url,
            **self.more,
        }
        command = [sys.executable, "-m", "bot", "serve", "--repo", "acme/models"]
        told = ["--listen", "127.0.0.1:0", "--state", str(self.folder / "state"), "--sweep", "0"]
        return Served([*command, *told, *options], environment)

    def propose(self, version: str) -> int:
        """Register a version and let it serve production, as a person would."""
        git, clone = self.stand.git, self.stand.clone
        git("fetch", "--quiet", "origin")
        git("checkout", "--quiet", "-B", f"v{version}", "origin/main")
        lock = clone / "models.lock"
        models = parse(lock.read_bytes(), "models.lock")
        before = models["churn"].versions if "churn" in models else {}
        model = Model(
            versions={**before, version: described(clone, version)},
            stages={"production": version},
        )
        lock.write_bytes(dump({**models, "churn": model}))
        git("commit", "--quiet", "--all", "-m", f"Promote {version}")
        git("push", "--quiet", "origin", f"v{version}")
        return self.stand.people.proposal("ana", f"v{version}")

    def writes(self) -> list[tuple[str, str]]:
        """List the writes that GitHub saw, the question that is posted aside."""
        return [one for one in self.server.log if one[0] != "GET" and one[1] != "/graphql Look"]

    def merges(self) -> int:
        """Count the merges that were asked for."""
        return len([one for one in self.writes() if one[1].endswith("/merge")])

    def said(self, number: int) -> tuple[int, str | None, str | None]:
        """Count the reports of a request; tell its state and the commit it landed as."""
        pull = self.stand.forge.pull_request(number)
        status = self.stand.forge.status(pull.head_sha, CONTEXT)
        reports = self.stand.forge.reports(number, MARKER)
        return len(reports), status.state if status else None, pull.merged_as
