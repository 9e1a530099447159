"""A server on the loopback, what is sent to it, and what its jobs were."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
from prometheus_client.openmetrics.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a secret of thirty-two characters"
OURS = {"id": 7, "full_name": "acme/models", "default_branch": "main"}
HEAD, OLD = "a" * 40, "b" * 40
LONG_S = 60.0


def signature(body: bytes, secret: str = SECRET) -> str:
    """Sign as GitHub does."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def changed(number: int, action: str = "synchronize") -> dict[str, Any]:
    """Say that a pull request was pushed to."""
    pull = {
        "number": number,
        "state": "open",
        "head": {"sha": HEAD, "repo": OURS},
        "base": {"ref": "main", "repo": OURS},
    }
    return {"action": action, "pull_request": pull, "repository": OURS}


def commented(number: int, body: str, comment: int = 31) -> dict[str, Any]:
    """Say that somebody commented."""
    said = {
        "id": comment,
        "body": body,
        "user": {"login": "ana", "type": "User"},
        "html_url": f"https://github.com/acme/models/pull/{number}#issuecomment-{comment}",
        "performed_via_github_app": None,
    }
    issue = {"number": number, "pull_request": {}}
    return {"action": "created", "issue": issue, "comment": said, "repository": OURS}


def pushed(branch: str = "main") -> dict[str, Any]:
    """Say that commits arrived."""
    return {
        "ref": f"refs/heads/{branch}",
        "before": OLD,
        "after": HEAD,
        "deleted": False,
        "repository": OURS,
    }


@dataclass
class Served:
    """One server in a process of its own; used as a context it runs until it is left."""

    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    lines: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    """How long each answer took."""

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        self.until(lambda: self.said("listening"))
        self.address = f"http://127.0.0.1:{self.said('listening')[0]['port']}"
        self.client = httpx.Client(base_url=self.address, timeout=LONG_S)
        self.until(lambda: self.said("started"))
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        if self.process.poll() is None:
            self.stop()
        self._reading.join(LONG_S)
        assert self.process.stdout
        self.process.stdout.close()

    def deliver(
        self, event: str, payload: object, *, guid: str | None = None, **headers: str
    ) -> httpx.Response:
        """Send one delivery as GitHub does."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        sent = {
            "Content-Type": "application/json",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": guid or str(uuid.uuid4()),
            "X-Hub-Signature-256": signature(body),
        }
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        before = time.perf_counter()
        answer = self.client.post("/webhook", content=body, headers={**sent, **given})
        self.seconds.append(time.perf_counter() - before)
        return answer

    def said(self, what: str, **facts: object) -> list[dict[str, Any]]:
        """Return the lines of the journal about something."""
        every = [json.loads(line) for line in list(self.lines)]
        found = [line for line in every if line["what"] == what]
        return [line for line in found if facts.items() <= line.items()]

    def figures(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        """Return every figure by its name and labels."""
        answer = self.client.get("/metrics")
        assert answer.headers["content-type"].startswith("application/openmetrics-text")
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    def until(self, happened: Callable[[], Any], seconds: float = LONG_S) -> Any:
        """Wait for something."""
        end = time.monotonic() + seconds
        while not (found := happened()):
            assert time.monotonic() < end, "\n".join(self.lines)
            assert self.process.poll() is None, "\n".join(self.lines)
            time.sleep(0.02)
        return found

    def ended(self, jobs: int) -> list[dict[str, Any]]:
        """Wait until so many jobs have ended."""
        return list(self.until(lambda: len(found := self.said("ended")) >= jobs and found))

    def kill(self) -> None:
        """Let the server die as in a power cut."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask the server to stop; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(LONG_S)
        self._reading.join(LONG_S)
        return code

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))


@dataclass
class Play:
    """A server whose jobs are played, in one folder, opened as often as a test likes."""

    folder: Path
    secrets: tuple[str, ...] = (SECRET,)
    most: int = 100
    terms: dict[str, float] = field(default_factory=dict)
    patience: dict[str, float] = field(default_factory=dict)

    def open(self, **role: Any) -> Served:
        """Open the server; every job does as `role` says."""
        self.plays(**role)
        told = {
            "folder": str(self.folder / "state"),
            "secrets": self.secrets,
            "repositories": ["acme/models"],
            "verb": [sys.executable, str(Path(__file__).with_name("played.py"))],
            "environment": {"PLAYED": str(self.folder), "PATH": os.environ["PATH"]},
            "most": self.most,
            "terms": {"sweep_s": 0, "grace_s": 10, **self.terms},
            "patience": self.patience,
        }
        program = str(Path(__file__).with_name("opening.py"))
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return Served([sys.executable, program, json.dumps(told)], environment)

    def plays(self, **role: Any) -> None:
        """Let jobs do something else from now on."""
        draft = self.folder / "role.draft"
        draft.write_text(json.dumps(role))
        draft.replace(self.folder / "role.json")

    def calls(self, *, begun: bool = True) -> list[dict[str, Any]]:
        """Return how the program was called, in order; those that came to their end if asked."""
        file = self.folder / "calls.jsonl"
        every = (
            [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        )
        return [one for one in every if one["begun"] is begun]

    def numbers(self, *, begun: bool = True) -> list[str]:
        """Return the pull requests that were judged, in order."""
        return [one["called"][1] for one in self.calls(begun=begun)]
