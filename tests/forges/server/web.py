"""The test server over HTTP: the API below `/api/v3`, git beside it, on the loopback only."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from . import app, graph, matters, plumbing, pulls, runs, settings, storage, talk
from .answers import Answer, Asked, Declined, declined
from .backend import serve_git
from .faults import Drop, Fault, Instead, Meanwhile, Schedule
from .rights import narrowed
from .state import Account, Hosted, State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

API, GRAPHQL = "/api/v3", "/api/graphql"
_REPO = r"/repos/(?P<owner>[^/]+)/(?P<repo>[^/]+)"
_ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    ("GET", r"/user", talk.who),
    ("GET", r"/rate_limit", talk.limits),
    ("GET", _REPO, talk.repository),
    ("GET", _REPO + r"/collaborators/([^/]+)/permission", talk.permission),
    ("GET", _REPO + r"/git/ref/(.+)", talk.reference),
    ("GET", _REPO + r"/pulls", pulls.listed),
    ("POST", _REPO + r"/pulls", pulls.opened),
    ("GET", _REPO + r"/pulls/(\d+)", pulls.one),
    ("PATCH", _REPO + r"/pulls/(\d+)", pulls.edited),
    ("PUT", _REPO + r"/pulls/(\d+)/merge", pulls.merged),
    ("GET", _REPO + r"/pulls/(\d+)/reviews", pulls.reviews),
    ("POST", _REPO + r"/pulls/(\d+)/reviews", pulls.reviewed),
    ("GET", _REPO + r"/issues/(\d+)/comments", talk.comments),
    ("POST", _REPO + r"/issues/(\d+)/comments", talk.add_comment),
    ("PATCH", _REPO + r"/issues/comments/(\d+)", talk.edit_comment),
    ("DELETE", _REPO + r"/issues/comments/(\d+)", talk.delete_comment),
    ("GET", _REPO + r"/commits/([^/]+)/statuses", talk.statuses),
    ("POST", _REPO + r"/statuses/([^/]+)", talk.add_status),
    *matters.ROUTES,
    *storage.ROUTES,
    ("POST", r"/graphql", graph.answered),
    *settings.ROUTES,
    *runs.ROUTES,
    *app.ROUTES,
)
_NEEDS_PUSH = (pulls.merged, talk.add_status)


class Server(ThreadingHTTPServer):
    """A forge that speaks GitHub's API; used as a context it serves until it is left."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        """Listen on a free port of the loopback."""
        self.state = State(folder)
        self.schedule = Schedule()
        self.log: list[tuple[str, str]] = []
        super().__init__(("127.0.0.1", 0), Door)

    def __enter__(self) -> Self:
        """Start to serve."""
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.shutdown()
        self.server_close()

    @property
    def api_url(self) -> str:
        """Address of the API."""
        return f"http://127.0.0.1:{self.server_port}{API}"

    def host(self, owner: Account, name: str, parent: Hosted | None = None) -> Hosted:
        """Make a repository, or a fork of one."""
        path = self.state.folder / owner.login / f"{name}.git"
        plumbing.create(path, "main")
        hosted = Hosted(id=self.state.next_id(), owner=owner, name=name, path=path, parent=parent)
        self.state.repositories[hosted.full_name] = hosted
        return hosted

    def trouble(self, faults: dict[int, Fault]) -> None:
        """Let requests fail by position, counted from now."""
        self.schedule = Schedule(faults)

    def answer(self, asked: Asked, method: str) -> Answer:
        """Carry out one operation."""
        for verb, pattern, operation in _ROUTES:
            match = re.fullmatch(pattern, asked.path)
            if match and verb == method:
                try:
                    narrowed(asked, method)
                except Declined as error:
                    return error.answer
                return self._allowed(asked, operation, match)
        return declined(404, "Not Found")

    def _allowed(
        self, asked: Asked, operation: Callable[..., Answer], match: re.Match[str]
    ) -> Answer:
        named = match.groupdict()
        rest = [unquote(one) for one in match.groups()[len(named) :]]
        if named:
            hosted = self.state.repositories.get(f"{named['owner']}/{named['repo']}")
            if hosted is None or hosted.role(asked.account) == "none":
                return declined(404, "Not Found")
            if operation in _NEEDS_PUSH and hosted.role(asked.account) == "read":
                return declined(403, "Resource not accessible by personal access token")
            asked = replace(asked, hosted=hosted)
        try:
            return operation(asked, *rest)
        except Declined as error:
            return error.answer


class Door(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        """Serve one request of any method."""
        if self.path.startswith(f"{API}/") or self.path == GRAPHQL:
            self._serve_api()
        elif self.path.startswith(f"{storage.PLACE}/"):
            self._serve_storage()
        else:
            serve_git(self, self._account(), self.secret())

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815 -- named by http.server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _serve_api(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        state = self.server.state
        with state.lock:
            fault = self.server.schedule.next()
            self.server.log.append((self.command, self._named(text)))
            if isinstance(fault, Meanwhile):
                fault.act()
                fault = None
            if fault and fault.when == "before":
                self._fail(fault)
                return
            account = self._account()
            if account is None:
                self._send(declined(401, "Bad credentials"))
                return
            answer = self.server.answer(self._asked(account, text), self.command)
        if fault:
            self._fail(fault)
        else:
            self._send(answer)

    def _named(self, text: bytes) -> str:
        """Name what is asked: a path of the REST API, or the operation of a GraphQL document."""
        if self.path != GRAPHQL:
            return self.path.removeprefix(API)
        found = re.search(rb"(?:query|mutation) (\w+)", text)
        return f"/graphql {found[1].decode() if found else ''}".rstrip()

    def _serve_storage(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.server.state.lock:
            state = self.server.state
            status, given = storage.given(state, self.command, self.path, self.headers, body)
        self.send_response(status)
        self.send_header("Content-Type", "application/zip" if status == 200 else "text/plain")
        self.send_header("Content-Length", str(len(given)))
        self.end_headers()
        self.wfile.write(given)

    def _asked(self, account: Account, text: bytes) -> Asked:
        parts = urlsplit(self.path)
        return Asked(
            state=self.server.state,
            # Addresses follow the Host header: PyGithub refuses any other host.
            api=f"http://{self.headers['Host']}{API}",
            path="/graphql" if self.path == GRAPHQL else parts.path.removeprefix(API),
            account=account,
            token=self.secret(),
            query=dict(parse_qsl(parts.query)),
            body=json.loads(text) if text else {},
        )

    def _fail(self, fault: Fault) -> None:
        if isinstance(fault, Drop):
            self.close_connection = True
        elif isinstance(fault, Instead):
            self._send(
                replace(fault.answer, headers=fault.answer.headers | {"X-Ordered-Fault": "1"})
            )
        else:
            raise TypeError(f"not a fault of this module: {type(fault)}")

    def _account(self) -> Account | None:
        return self.server.state.holder(self.secret())

    def secret(self) -> str:
        """Return the token or the signed word that the request carries."""
        kind, _, secret = self.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "basic":
            secret = base64.b64decode(secret).decode().partition(":")[2]
        return secret

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Write the `Date` of an answer, by the server's own clock."""
        return super().date_time_string(timestamp or self.server.state.time().timestamp())

    def _send(self, answer: Answer) -> None:
        bodiless = answer.status in {204, 302}
        text = b"" if bodiless else (answer.text or json.dumps(answer.body)).encode()
        etag = f'"{hashlib.sha256(text).hexdigest()}"'
        fresh = self.command == "GET" and answer.status == 200
        if fresh and self.headers.get("If-None-Match") == etag:
            answer, text = Answer(status=304), b""
        self.send_response(answer.status)
        headers: dict[str, Any] = {"X-RateLimit-Limit": 5000, "X-RateLimit-Remaining": 4999}
        headers |= {"Content-Type": "application/json; charset=utf-8"} | answer.headers
        headers |= {"ETag": etag} if fresh else {}
        for name, value in headers.items():
            self.send_header(name, str(value))
        if answer.status not in {204, 304}:
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
