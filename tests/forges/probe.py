"""The same questions to two servers that know the same repository; run as a program, to emulate.

As a program it must be alone in a network namespace (`unshare -Urn`), since emulate listens on
every interface.  It prints what was answered, as JSON: step, status and the fields the bot reads.
"""

from __future__ import annotations

import base64
import fcntl
import json
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import requests

REPO = "/repos/acme/models"
PORT = 4301
PULL = "number title state draft user.login head.ref base.ref base.repo.full_name merged_at"
COMMENT = "body user.login"
NEW = {"title": "Promote", "head": "promote", "base": "main", "body": "why"}

Step = tuple[str, str, str, str, dict[str, Any] | None, str]
STEPS: tuple[Step, ...] = (
    ("who am I", "bot", "GET", "/user", None, "login type"),
    ("repository", "bot", "GET", REPO, None, "full_name default_branch private owner.login"),
    ("no repository", "bot", "GET", "/repos/acme/absent", None, "message"),
    ("no pulls", "bot", "GET", f"{REPO}/pulls", None, ""),
    ("open", "bot", "POST", f"{REPO}/pulls", NEW, PULL),
    ("read", "bot", "GET", f"{REPO}/pulls/1", None, f"{PULL} merged"),
    ("no pull", "bot", "GET", f"{REPO}/pulls/404", None, "message"),
    ("pulls", "bot", "GET", f"{REPO}/pulls?state=open&sort=created&direction=asc", None, PULL),
    ("by head", "bot", "GET", f"{REPO}/pulls?head=acme:promote&base=main", None, PULL),
    ("permission", "bot", "GET", f"{REPO}/collaborators/ana/permission", None, "role_name"),
    ("permission word", "bot", "GET", f"{REPO}/collaborators/ana/permission", None, "permission"),
    ("nobody", "bot", "GET", f"{REPO}/collaborators/gone/permission", None, ""),
    ("say", "bot", "POST", f"{REPO}/issues/1/comments", {"body": "one"}, COMMENT),
    ("say more", "ana", "POST", f"{REPO}/issues/1/comments", {"body": "two"}, COMMENT),
    ("say nowhere", "bot", "POST", f"{REPO}/issues/404/comments", {"body": "x"}, "message"),
    ("comments", "bot", "GET", f"{REPO}/issues/1/comments?per_page=1", None, COMMENT),
    ("next page", "bot", "GET", f"{REPO}/issues/1/comments?per_page=1&page=2", None, COMMENT),
    ("edit nothing", "bot", "PATCH", f"{REPO}/issues/comments/9", {"body": "x"}, "message"),
    ("delete nothing", "bot", "DELETE", f"{REPO}/issues/comments/9", None, "message"),
    ("reviews", "bot", "GET", f"{REPO}/pulls/1/reviews", None, "state user.login"),
    ("approve", "ana", "POST", f"{REPO}/pulls/1/reviews", {"event": "APPROVE"}, "state user.login"),
    ("own approval", "bot", "POST", f"{REPO}/pulls/1/reviews", {"event": "APPROVE"}, ""),
    ("wrong head", "bot", "PUT", f"{REPO}/pulls/1/merge", {"sha": "0" * 40}, ""),
    ("open twice", "bot", "POST", f"{REPO}/pulls", NEW, ""),
    ("no branch", "bot", "POST", f"{REPO}/pulls", NEW | {"head": "absent"}, ""),
    ("merge", "bot", "PUT", f"{REPO}/pulls/1/merge", {"merge_method": "squash"}, "merged message"),
    ("merged", "bot", "GET", f"{REPO}/pulls/1", None, "state merged merged_by.login"),
    ("merge again", "bot", "PUT", f"{REPO}/pulls/1/merge", {"merge_method": "squash"}, ""),
)


def ask(api: str, tokens: dict[str, str]) -> list[tuple[str, int, Any]]:
    """Take every step; return its name, the status and the fields asked for."""
    answers = []
    for name, who, method, path, body, fields in STEPS:
        response = send(api, tokens[who], method, path, body)
        content = response.json() if response.content else None
        answers.append((name, response.status_code, picked(content, fields.split())))
    return answers


def send(
    api: str, token: str, method: str, path: str, body: dict[str, Any] | None = None
) -> requests.Response:
    """Send one request."""
    headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
    text = None if body is None else json.dumps(body)
    return requests.request(method, f"{api}{path}", data=text, headers=headers, timeout=10)


def picked(content: Any, fields: list[str]) -> Any:
    """Keep the fields the bot reads; a list keeps its shape."""
    if isinstance(content, list):
        return [picked(one, fields) for one in content]
    return {field: follow(content, field.split(".")) for field in fields}


def follow(content: Any, names: list[str]) -> Any:
    """Read a nested field."""
    for name in names:
        content = content[name] if isinstance(content, dict) and name in content else "absent"
    return content


def seed() -> dict[str, Any]:
    """Describe accounts and one repository for emulate."""
    names = ("acme", "bot", "ana")
    return {
        "tokens": {f"t_{name}": {"login": name, "scopes": ["repo", "user"]} for name in names},
        "github": {
            "users": [{"login": name, "name": name} for name in names],
            "repos": [{"owner": "acme", "name": "models", "auto_init": True, "private": False}],
        },
    }


def prepare(api: str) -> None:
    """Give emulate, which knows no git, a branch with one commit more."""
    content = base64.b64encode(b"format: 1\n").decode()
    tip = send(api, "t_acme", "GET", f"{REPO}/git/ref/heads/main").json()["object"]["sha"]
    branch = {"ref": "refs/heads/promote", "sha": tip}
    send(api, "t_acme", "POST", f"{REPO}/git/refs", branch).raise_for_status()
    file = {"message": "Change", "content": content, "branch": "promote"}
    send(api, "t_acme", "PUT", f"{REPO}/contents/new.txt", file).raise_for_status()
    for name in ("bot", "ana"):
        send(api, "t_acme", "PUT", f"{REPO}/collaborators/{name}", {"permission": "push"})


def raise_loopback() -> None:
    """Switch the loopback of this network namespace on."""
    up_and_running = 0x1 | 0x40
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", up_and_running))


def main(program: str) -> None:
    """Start emulate, ask it everything, print the answers."""
    raise_loopback()
    api = f"http://127.0.0.1:{PORT}"
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "seed.json"
        config.write_text(json.dumps(seed()))
        command = ["node", program, "start", "--service", "github", "-p", str(PORT)]
        command += ["--base-url", api, "--seed", str(config)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as emulate:
            try:
                wait_for(api)
                prepare(api)
                sys.stdout.write(json.dumps(ask(api, {who: f"t_{who}" for who in ("bot", "ana")})))
            finally:
                emulate.terminate()


def wait_for(api: str) -> None:
    """Wait until the server answers."""
    for _ in range(100):
        try:
            requests.get(f"{api}/rate_limit", timeout=1)
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("emulate did not start")


if __name__ == "__main__":
    main(sys.argv[1])
