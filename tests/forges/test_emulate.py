"""Our test server and emulate, written by others, answer the same questions alike.

Where they differ it is emulate that departs from GitHub; each such place is named, with where
GitHub's own answer is described or recorded.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .downloads import emulate_program
from .probe import STEPS, ask

if TYPE_CHECKING:
    from .server.web import Server
    from .stand import Stand

GAPS = {
    "permission word": (200, 200, "GitHub says write, emulate says push"),
    "approve": (200, 201, "the description declares 200 for a new review"),
    "own approval": (422, 201, "nobody approves their own pull request"),
    "wrong head": (409, 422, "the description declares 409 for another head"),
    "open twice": (422, 201, "one pull request per head and base"),
    "no branch": (422, 201, "a head must exist"),
    "merge again": (405, 422, "the description declares 405 for what cannot be merged"),
}
"""Step: our status, emulate's, and what GitHub does."""


def asked_of_emulate() -> dict[str, tuple[int, Any]]:
    for tool in ("node", "unshare"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    if subprocess.run(["unshare", "-Urn", "true"], check=False, capture_output=True).returncode:
        pytest.skip("user namespaces are not allowed here; emulate listens on every interface")
    probe = Path(__file__).with_name("probe.py")
    command = ["unshare", "-Urn", sys.executable, str(probe), str(emulate_program())]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return {name: (status, fields) for name, status, fields in json.loads(done.stdout)}


def asked_of_us(stand: Stand, server: Server) -> dict[str, tuple[int, Any]]:
    assert stand.hosted
    for login in ("bot", "ana"):
        server.state.join(login)
        stand.hosted.roles[login] = "write"
    stand.push("promote", {"new.txt": "format: 1\n"})
    tokens = {login: server.state.accounts[login].token for login in ("bot", "ana")}
    answers = json.loads(json.dumps(ask(server.api_url, tokens)))
    return {name: (status, fields) for name, status, fields in answers}


@pytest.mark.slow
def test_our_server_and_emulate_agree_where_emulate_is_right(github: Stand, server: Server) -> None:
    theirs, ours = asked_of_emulate(), asked_of_us(github, server)
    assert list(ours) == list(theirs) == [step[0] for step in STEPS]
    differing = {name for name in ours if ours[name] != theirs[name]}
    assert differing == set(GAPS), {n: (ours[n], theirs[n]) for n in differing ^ set(GAPS)}
    for name, (here, there, _) in GAPS.items():
        assert (ours[name][0], theirs[name][0]) == (here, there), name
