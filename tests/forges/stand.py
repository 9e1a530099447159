"""A forge set up for a test: people, a repository with a first commit, and a clone by real git."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, cast

import requests
from github.Auth import AppAuth

from bot.world.github import GitHub
from bot.world.github_patience import Patience
from bot.world.github_wire import Pace
from bot.world.local_forge import LocalForge

from .keys import APP, BOT, registered

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bot.world.forge import Forge, Role

    from .server.state import Account, Hosted
    from .server.web import Server

START = {"models.lock": "format: 1\n", "notes.txt": "one\ntwo\nthree\nfour\nfive\n"}


class People(Protocol):
    """What people do at a forge while the bot is there."""

    def proposal(self, login: str, head: str, *, draft: bool = False) -> int:
        """Open a pull request for main as somebody; return its number."""

    def approve(self, number: int, login: str) -> None:
        """Approve as somebody."""

    def object_to(self, number: int, login: str) -> None:
        """Ask for changes as somebody."""

    def close(self, number: int) -> None:
        """Close a pull request."""

    def say(self, number: int, login: str, body: str) -> int:
        """Comment as somebody; return the comment's id."""

    def grant(self, login: str, role: str, *teams: str) -> None:
        """Give somebody a role, and put them into teams."""

    def reactions(self, number: int, comment: int) -> list[tuple[str, str]]:
        """List who reacted to a comment, and how."""

    def close_issue(self, number: int) -> None:
        """Close an issue."""


@dataclass
class Stand:
    """The forge as the bot has it, the people around it, and a clone."""

    forge: Forge
    people: People
    clone: Path
    server: Server | None = None
    hosted: Hosted | None = None
    waits: list[float] = field(default_factory=list)

    def git(self, *arguments: str) -> str:
        """Run git in the clone, authenticated as the bot."""
        return run_git(self.clone, *arguments, env=self.forge.git_environment())

    def push(self, branch: str, files: Mapping[str, str], *, start: str = "origin/main") -> str:
        """Commit files on a branch that starts anew, and push it; return the commit."""
        self.git("fetch", "--quiet", "--prune", "origin")
        self.git("checkout", "--quiet", "-B", branch, start)
        for name, text in files.items():
            (self.clone / name).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", f"Change {', '.join(files)}")
        self.git("push", "--quiet", "--force", "origin", branch)
        return self.git("rev-parse", "HEAD")

    def tip(self, branch: str = "main") -> str:
        """Ask the forge, by git, where a branch stands."""
        return self.git("ls-remote", "origin", f"refs/heads/{branch}").split("\t")[0]

    def proposed(self, files: Mapping[str, str], *, branch: str = "promote") -> tuple[int, str]:
        """Push a branch and let the bot propose it; return the number and the head."""
        sha = self.push(branch, files)
        pull = self.forge.propose(title="Promote", body="Please.", head=branch, base="main")
        return pull.number, sha


def run_git(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    """Run git with a fixed identity and no configuration of this machine."""
    fixed = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    for role in ("AUTHOR", "COMMITTER"):
        fixed |= {f"GIT_{role}_NAME": "somebody", f"GIT_{role}_EMAIL": "somebody@localhost"}
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=fixed | dict(env or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"git {arguments}: {done.stderr}"
    return done.stdout.strip()


@dataclass
class LocalPeople:
    """People at a local forge: they write to the same folder."""

    forge: LocalForge

    def proposal(self, login: str, head: str, *, draft: bool = False) -> int:
        theirs = self.forge.acting_as(login)
        return theirs.propose(title="Promote", body="", head=head, base="main", draft=draft).number

    def approve(self, number: int, login: str) -> None:
        self.forge.approve(number, login)

    def object_to(self, number: int, login: str) -> None:
        self.forge.object_to(number, login)

    def close(self, number: int) -> None:
        self.forge.close(number)

    def say(self, number: int, login: str, body: str) -> int:
        return self.forge.acting_as(login).comment(number, body).id

    def grant(self, login: str, role: str, *teams: str) -> None:
        self.forge.grant(login, cast("Role", role), teams=teams)

    def reactions(self, number: int, comment: int) -> list[tuple[str, str]]:
        return list(self.forge.reactions(number, comment))

    def close_issue(self, number: int) -> None:
        self.forge.close_issue(number)


@dataclass
class GitHubPeople:
    """People at GitHub: each has a token and uses the API by hand."""

    server: Server
    hosted: Hosted

    def account(self, login: str) -> Account:
        """Return somebody who may write here."""
        known = self.server.state.accounts.get(login)
        if known is None:
            known = self.server.state.join(login)
            self.hosted.roles[login] = "write"
        return known

    def send(self, login: str, method: str, path: str, **body: object) -> dict[str, object]:
        """Use the API as somebody."""
        response = requests.request(
            method,
            f"{self.server.api_url}/repos/{self.hosted.full_name}{path}",
            data=json.dumps(body),
            headers={
                "Authorization": f"Bearer {self.account(login).token}",
                "Content-Type": "application/json",
            },
            timeout=10,
        )
        response.raise_for_status()
        return dict(response.json())

    def proposal(self, login: str, head: str, *, draft: bool = False) -> int:
        sent = {"title": "Promote", "head": head, "base": "main", "draft": draft}
        answer = self.send(login, "POST", "/pulls", **sent)
        return int(str(answer["number"]))

    def approve(self, number: int, login: str) -> None:
        self.send(login, "POST", f"/pulls/{number}/reviews", event="APPROVE")

    def object_to(self, number: int, login: str) -> None:
        event = {"event": "REQUEST_CHANGES", "body": "no"}
        self.send(login, "POST", f"/pulls/{number}/reviews", **event)

    def close(self, number: int) -> None:
        self.send("ana", "PATCH", f"/pulls/{number}", state="closed")

    def say(self, number: int, login: str, body: str) -> int:
        answer = self.send(login, "POST", f"/issues/{number}/comments", body=body)
        return int(str(answer["id"]))

    def grant(self, login: str, role: str, *teams: str) -> None:
        self.account(login)
        self.hosted.roles[login] = role
        for team in teams:
            self.hosted.teams[team] = (*self.hosted.teams.get(team, ()), login)

    def reactions(self, number: int, comment: int) -> list[tuple[str, str]]:
        said = self.hosted.comments[comment]
        assert said.number == number
        return said.reactions

    def close_issue(self, number: int) -> None:
        self.send("ana", "PATCH", f"/issues/{number}", state="closed")


def local_stand(folder: Path) -> Stand:
    """Set up a local forge."""
    forge = LocalForge.create(folder / "forge", slug="acme/models")
    stand = Stand(forge=forge, people=LocalPeople(forge), clone=folder / "clone")
    return _begun(stand)


def github_stand(folder: Path, server: Server) -> Stand:
    """Set up a repository on the test server, with the bot as an account that may write."""
    owner, bot = server.state.join("acme"), server.state.join(BOT, app=True)
    hosted = server.host(owner, "models")
    hosted.roles[BOT] = "write"
    waits: list[float] = []
    forge = GitHub(
        hosted.full_name,
        bot.token,
        api_url=server.api_url,
        patience=Patience(sleep=waits.append),
        pace=Pace(between_requests_s=None, between_writes_s=None),
    )
    people = GitHubPeople(server, hosted)
    return _begun(
        Stand(
            forge=forge,
            people=people,
            clone=folder / "clone",
            server=server,
            hosted=hosted,
            waits=waits,
        )
    )


def as_app(stand: Stand, installation: int) -> GitHub:
    """Return the bot as an app's installation, with a key made for this test."""
    assert stand.server
    pem = registered(stand.server)
    return GitHub(
        "acme/models",
        AppAuth(APP, pem).get_installation_auth(installation),
        api_url=stand.server.api_url,
        patience=Patience(sleep=stand.waits.append),
        pace=Pace(between_requests_s=None, between_writes_s=None),
    )


def _begun(stand: Stand) -> Stand:
    stand.clone.mkdir(parents=True)
    stand.git("init", "--quiet", "--initial-branch=main")
    stand.git("remote", "add", "origin", stand.forge.remote())
    for name, text in START.items():
        (stand.clone / name).write_text(text)
    stand.git("add", "--all")
    stand.git("commit", "--quiet", "-m", "Begin")
    stand.git("push", "--quiet", "origin", "main")
    return stand
