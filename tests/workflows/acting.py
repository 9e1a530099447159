"""Runs the workflows by act, the engine of other people, on this machine and without a network."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.forges.server.app import HOUR, InstalledOn, Minted
from tests.forges.stand import BOT, Stand, run_git

from .examples import examples

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LOCKSTEP = "acme/lockstep"
UNKNOWN_TO_ACT = ("cache-mode: none", "queue: max", "deployment: false")
"""What GitHub takes and act's schema does not yet; none of it says what a step does."""
USED = re.compile(r"uses: ((?:actions|acme)/[\w-]+@[0-9a-f]{40})")
RUNS = count(7001)


def commit_of(folder: Path) -> str:
    """Make a folder a git checkout, which is what act takes an action from."""
    run_git(folder, "init", "--quiet", "--initial-branch=main")
    run_git(folder, "add", "--all")
    run_git(folder, "commit", "--quiet", "-m", "Stand in")
    return run_git(folder, "rev-parse", "HEAD")


def copy_action(folder: Path) -> None:
    """Copy the action of this repository: the file and its scripts."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "action.yml", folder / "action.yml")
    shutil.copytree(
        ROOT / ".github" / "actions", folder / ".github" / "actions",
        ignore=shutil.ignore_patterns("*.lock"), dirs_exist_ok=True,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What became of a run: the result of each job by name, and everything that was printed."""

    run: int
    jobs: dict[str, str]
    text: str
    steps: list[str]

    def __str__(self) -> str:
        return f"{self.jobs}\n{self.text[-6000:]}"


@dataclass
class Actions:
    """GitHub Actions for one repository on the test server."""

    stand: Stand
    folder: Path
    secrets: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        program = shutil.which("act", path=Path(sys.executable).parent)
        if program is None:
            pytest.skip("act is not installed")
        self.program = program
        self.actions = self.folder / "actions"
        for stand_in in (HERE / "actions").iterdir():
            shutil.copytree(stand_in, self.actions / stand_in.name)
            commit_of(self.actions / stand_in.name)
        copy_action(self.actions / "lockstep")
        commit_of(self.actions / "lockstep")

    def run(self, event: str, payload: dict[str, Any], file: str) -> Ended:
        """Let an event start one workflow of the default branch."""
        run, workflows = next(RUNS), self._checked_out()
        written = self.folder / f"event-{run}.json"
        written.write_text(json.dumps(payload))
        assert self.stand.server is not None
        server = self.stand.server.api_url.removesuffix("/api/v3")
        environment = {
            "GITHUB_API_URL": self.stand.server.api_url,
            "GITHUB_SERVER_URL": server,
            "GITHUB_REPOSITORY": "acme/models",
            "GITHUB_RUN_ID": str(run),
            "LOCKSTEP_PYTHON": sys.executable,
            "LOCKSTEP_TEST_RUNS": str(self.folder / "runs"),
        }
        words = ["--json", "--no-cache-server", "-P", "ubuntu-24.04=-self-hosted"]
        words += ["-W", str(workflows / ".github/workflows" / file), "-e", str(written)]
        words += [f"--env={name}={value}" for name, value in environment.items()]
        words += [f"--var={name}={value}" for name, value in self.variables.items()]
        for name in self.secrets:
            words += ["-s", name]
        words += ["-s", "GITHUB_TOKEN", *self._stand_ins(workflows)]
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        done = subprocess.run(
            [self.program, event, *words],
            cwd=workflows,
            env={
                "HOME": str(home),
                "PATH": os.environ["PATH"],
                "GITHUB_TOKEN": self.minted({"contents": "read"}),
            }
            | self.secrets,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        return _ended(run, done.stdout + done.stderr)

    def _checked_out(self) -> Path:
        """Take the workflows from the default branch, as GitHub does for every privileged event.

        act gives every job one token; here each gets one that may what its job says.
        """
        place = self.folder / f"main-{next(RUNS)}"
        shutil.copytree(self.stand.clone, place)
        run_git(place, "fetch", "--quiet", "origin", "main", env=self.stand.forge.git_environment())
        run_git(place, "checkout", "--quiet", "--force", "-B", "main", "FETCH_HEAD")
        for file in (place / ".github" / "workflows").glob("*.yml"):
            lines, job = [], ""
            for line in file.read_text().splitlines():
                named = re.fullmatch(r"  ([a-z]+):", line)
                job = named[1] if named else job
                if line.strip() not in UNKNOWN_TO_ACT:
                    lines.append(line.replace("${{ github.token }}", self.token_of(file, job)))
            file.write_text("\n".join(lines) + "\n")
        return place

    def token_of(self, file: Path, job: str) -> str:
        """Mint the token that GitHub would give a job: it may what the job says, and no more."""
        jobs = yaml.load(file.read_text(), Loader=yaml.BaseLoader)["jobs"]  # noqa: S506 -- texts only
        return self.minted(jobs.get(job, {}).get("permissions", {}))

    def minted(self, permissions: dict[str, str]) -> str:
        """Mint a token with these rights, named as workflows name them."""
        rights = {name.replace("-", "_"): level for name, level in permissions.items()}
        assert self.stand.server is not None
        state = self.stand.server.state
        run = InstalledOn(id=99, owner="acme", repositories={"acme/models"}, permissions=rights)
        secret = f"ghs_job{next(RUNS)}{'w' * 30}"
        state.tokens[secret] = Minted(
            account=state.accounts[BOT],
            permissions={"metadata": "read", **rights},
            installation=run,
            repositories=frozenset({"acme/models"}),
            until=state.time() + HOUR,
        )
        return secret

    def _stand_ins(self, workflows: Path) -> list[str]:
        places = [*(workflows / ".github/workflows").glob("*.yml"), ROOT / "action.yml"]
        used = {name for place in places for name in USED.findall(place.read_text())}
        return [
            f"--local-repository={name}={self.actions / name.split('/')[1].split('@')[0]}"
            for name in sorted(used)
        ]


def _ended(run: int, printed: str) -> Ended:
    lines = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    jobs = {
        line["job"].rsplit("/", 1)[1].strip(): line["jobResult"]
        for line in lines
        if "jobResult" in line
    }
    text = "".join(f"{line.get('job', '')}: {line['msg'].rstrip()}\n" for line in lines)
    rest = "\n".join(line for line in printed.splitlines() if not line.startswith("{"))
    steps = [line["msg"] for line in lines if line["msg"].startswith("⭐ Run Main")]
    return Ended(run=run, jobs=jobs, text=text + rest, steps=steps)


def of_us(stand: Stand, payload: dict[str, Any]) -> dict[str, Any]:
    """Adapt an example of GitHub's to the repository of the test."""
    assert stand.hosted is not None
    repository = {
        "id": stand.hosted.id,
        "full_name": stand.hosted.full_name,
        "default_branch": "main",
    }
    return payload | {"repository": payload["repository"] | repository}


def ping_completed(
    stand: Stand, sha: str, event: str = "pull_request", **run: Any
) -> dict[str, Any]:
    """Return the event that a ping's run for a head has ended."""
    payload = next(one for one in examples()["workflow_run"] if one["action"] == "completed")
    payload = of_us(stand, payload)
    told = {
        "event": event,
        "head_sha": sha,
        "head_branch": "promote",
        "conclusion": "success",
        "head_repository": payload["repository"],
    }
    return payload | {"workflow_run": payload["workflow_run"] | told | run}


def commented(stand: Stand, number: int, comment: int, body: str, login: str) -> dict[str, Any]:
    """Return the event that somebody commented on a pull request."""
    payload = next(one for one in examples()["issue_comment"] if one["action"] == "created")
    user = payload["comment"]["user"] | {"login": login, "type": "User"}
    place = f"https://github.com/acme/models/pull/{number}#issuecomment-{comment}"
    said = {"id": comment, "body": body, "user": user, "html_url": place}
    return of_us(stand, payload) | {
        "issue": payload["issue"] | {"number": number, "pull_request": {"url": place}},
        "comment": payload["comment"] | said,
    }


def pushed(stand: Stand, before: str, after: str) -> dict[str, Any]:
    """Return the event that commits arrived on the default branch."""
    payload = next(one for one in examples()["push"] if not one["deleted"])
    return of_us(stand, payload) | {"ref": "refs/heads/main", "before": before, "after": after}


def scheduled(stand: Stand, cron: str) -> dict[str, Any]:
    """Return the event of a schedule, which is no webhook: it names the line that was due."""
    repository = of_us(stand, examples()["workflow_dispatch"][0])["repository"]
    return {"schedule": cron, "repository": repository}


def dispatched(stand: Stand, number: int) -> dict[str, Any]:
    """Return the event that a person started the evaluation of a pull request."""
    payload = of_us(stand, examples()["workflow_dispatch"][0])
    return payload | {"inputs": {"number": str(number)}, "ref": "refs/heads/main"}
