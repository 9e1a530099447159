"""Clone and push over HTTP by git's own `http-backend`, behind a token."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from . import plumbing
from .plumbing import CLOSED
from .rights import may_git

if TYPE_CHECKING:
    from .state import Account
    from .web import Door

_GIT = re.compile(r"/(?P<name>[^/]+/[^/]+)\.git/(info/refs|git-upload-pack|git-receive-pack)")


def serve_git(door: Door, account: Account | None, token: str = "") -> None:
    """Answer one request of git; a push needs the right to write."""
    body = _body(door)
    parts = urlsplit(door.path)
    match = _GIT.fullmatch(parts.path)
    if account is None:
        _plain(door, 401, {"WWW-Authenticate": 'Basic realm="test server"'})
        return
    hosted = door.server.state.repositories.get(match["name"]) if match else None
    if hosted is None or hosted.role(account) == "none":
        _plain(door, 404, {})
        return
    pushing = "git-receive-pack" in door.path
    allowed = may_git(door.server.state, token, match["name"], push=pushing) if match else False
    if not allowed or (pushing and hosted.role(account) == "read"):
        _plain(door, 403, {})
        return
    environment = CLOSED | {
        "GIT_PROJECT_ROOT": str(door.server.state.folder),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "REQUEST_METHOD": door.command,
        "CONTENT_TYPE": door.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": door.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": door.headers.get("Git-Protocol", ""),
        "REMOTE_USER": account.login,
    }
    before = plumbing.tips(hosted.path) if pushing else {}
    done = subprocess.run(
        ["git", "http-backend"], input=body, capture_output=True, check=True, env=environment
    )
    for name, tip in plumbing.tips(hosted.path).items() if pushing else ():
        if before.get(name) != tip:
            at = door.server.state.now()
            hosted.pushes.append((name, before.get(name, "0" * 40), tip, account, at))
    _relay(door, done.stdout)


def _body(door: Door) -> bytes:
    if door.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return door.rfile.read(int(door.headers.get("Content-Length") or 0))
    parts = []
    while size := int(door.rfile.readline().split(b";")[0], 16):
        parts.append(door.rfile.read(size))
        door.rfile.readline()
    door.rfile.readline()
    return b"".join(parts)


def _relay(door: Door, output: bytes) -> None:
    head, _, body = output.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    _plain(door, int(headers.pop("Status", "200 OK").split(" ")[0]), headers, body)


def _plain(door: Door, status: int, headers: dict[str, str], body: bytes = b"") -> None:
    door.send_response(status)
    for name, value in headers.items():
        door.send_header(name, value)
    door.send_header("Content-Length", str(len(body)))
    door.end_headers()
    door.wfile.write(body)
