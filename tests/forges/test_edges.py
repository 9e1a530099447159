"""Rare answers and broken surroundings: each ends in a sentence, never in a traceback."""

from __future__ import annotations

import os
import shutil
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from github import GithubException

from bot.core.errors import Denied, NotARepository, Unavailable
from bot.world.forge import Comment, NotMergeable
from bot.world.github import GitHub
from bot.world.github_patience import Patience, setback
from bot.world.github_wire import Pace

from .server.answers import Answer, declined
from .server.faults import Instead
from .server.web import Server
from .stand import BOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.world.forge import Forge

    from .stand import Stand

LOCK = {"models.lock": "format: 1\nmodels: {}\n"}


def answers(stand: Stand, *given: Answer) -> None:
    assert stand.server
    stand.server.trouble({n: Instead(answer=one, when="before") for n, one in enumerate(given)})


def stand_in(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program called git before the real one."""
    program = folder / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n{script}\nexec {shutil.which("git")} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")


def test_a_repository_that_moved_is_not_followed(github: Stand) -> None:
    there = {"Location": "http://127.0.0.1:1/elsewhere"}
    answers(github, Answer(status=301, body={"message": "Moved Permanently"}, headers=there))
    with pytest.raises(NotARepository, match="has moved; name it as its page does now"):
        github.forge.default_branch()


ACTS: dict[str, Callable[[Forge, Comment], object]] = {
    "edit": lambda forge, comment: forge.edit_comment(1, comment, "x"),
    "delete": lambda forge, comment: forge.delete_comment(1, comment),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_a_comment_we_may_not_touch_is_refused(
    github: Stand, act: Callable[[Forge, Comment], object]
) -> None:
    answers(github, declined(403, "Must have admin rights to Repository."))
    with pytest.raises(Denied, match=r"Must have admin rights.*\(403\)"):
        act(github.forge, Comment(id=9, body="", url=""))


def test_not_being_allowed_to_ask_for_a_role_is_refused_not_guessed(github: Stand) -> None:
    answers(github, declined(403, "Resource not accessible by integration"))
    with pytest.raises(Denied, match="Resource not accessible"):
        github.forge.role("ana")


def test_an_answer_nobody_foresaw_is_unavailable_in_its_own_words(github: Stand) -> None:
    answers(github, declined(418, "I am a teapot"))
    with pytest.raises(Unavailable, match=r"I am a teapot \(418\)"):
        github.forge.default_branch()


@pytest.mark.parametrize(
    ("date", "seconds"),
    [("Mon, 23 Nov 2026 09:00:00 GMT", 11.0), ("soon", 60.0), (None, 60.0)],
)
def test_the_wait_for_a_reset_goes_by_the_server_s_date(date: str | None, seconds: float) -> None:
    reset = int(datetime(2026, 11, 23, 9, 0, 10, tzinfo=UTC).timestamp())
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)}
    headers |= {"date": date} if date else {}
    limited = GithubException(403, {"message": "API rate limit exceeded"}, headers)
    found = setback(limited, tried=0)
    assert found is not None
    assert found.seconds == seconds


@pytest.mark.parametrize("message", ["You have triggered an abuse detection mechanism.", "nope"])
def test_a_403_is_a_limit_only_when_github_says_so(message: str) -> None:
    found = setback(GithubException(403, {"message": message}, {}), tried=0)
    assert (found is not None) == ("abuse" in message)


def test_a_base_that_moves_while_we_land_is_noticed(
    local: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, sha = local.proposed(LOCK)
    other = local.push("other", {"notes.txt": "other\n"})
    remote = local.forge.remote()
    move = f"{shutil.which('git')} --git-dir={remote} update-ref refs/heads/main {other}"
    stand_in(tmp_path, f'case "$*" in *" commit-tree "*) {move};; esac', monkeypatch)
    with pytest.raises(NotMergeable, match="main was modified meanwhile"):
        local.forge.merge(number, sha=sha, title="Land", message="")
    assert local.tip() == other
    assert local.forge.pull_request(number).open


def test_a_machine_without_git_is_told_so(local: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    number, _ = local.proposed(LOCK)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unavailable, match="git show-ref did not run"):
        local.forge.pull_request(number)


@pytest.mark.parametrize(
    ("verb", "match"), [("commit-tree", "git commit-tree: no"), ("merge-tree", "merge-tree: no")]
)
def test_a_git_that_fails_is_quoted(
    local: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str, match: str
) -> None:
    number, sha = local.proposed(LOCK)
    fail = f'case "$*" in *" {verb} "*) echo no >&2; exit 128;; esac'
    stand_in(tmp_path, fail, monkeypatch)
    with pytest.raises(Unavailable, match=match):
        local.forge.merge(number, sha=sha, title="Land", message="")


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for the loopback that nobody signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test server")])
    now = datetime.now(UTC)
    loopback = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(loopback, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(pem)
    return folder / "cert.pem", folder / "key.pem"


def test_over_tls_only_a_certificate_one_trusts_is_spoken_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate(tmp_path)
    server = Server(tmp_path / "server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with server:
        server.host(server.state.join("acme"), "models")
        token = server.state.join(BOT, app=True).token
        forge = GitHub(
            "acme/models",
            token,
            api_url=server.api_url.replace("http:", "https:"),
            patience=Patience(tries=1),
            pace=Pace(between_requests_s=None, between_writes_s=None),
        )
        with pytest.raises(Unavailable, match="not reached"):
            forge.default_branch()
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cert))
        assert forge.default_branch() == "main"
    assert forge.calls == 2
    assert server.log == [("GET", "/repos/acme/models")]
