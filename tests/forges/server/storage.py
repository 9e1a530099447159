"""Artifacts of workflow runs: listed by the API, given out by a storage that knows no tokens."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import payloads
from .answers import Answer, Asked, Declined

if TYPE_CHECKING:
    from collections.abc import Callable

    from .state import Hosted, State

PLACE = "/storage"
_UPLOAD = re.compile(rf"{PLACE}/(?P<name>[^/]+/[^/]+)/runs/(?P<run>\d+)/(?P<artifact>[\w.-]+)")
_SIGNED = re.compile(rf"{PLACE}/(?P<id>\d+)/(?P<signature>[0-9a-f]{{64}})")


@dataclass(kw_only=True)
class Kept:
    """An artifact of a run."""

    id: int
    run: int
    name: str
    zipped: bytes
    created: str
    expired: bool = False

    @property
    def signature(self) -> str:
        """What the address of its bytes ends with."""
        return hashlib.sha256(b"signed" + self.zipped).hexdigest()


def put(state: State, hosted: Hosted, run: int, name: str, zipped: bytes) -> Kept:
    """Leave an artifact, as a workflow run does."""
    made = Kept(id=state.next_id(), run=run, name=name, zipped=zipped, created=state.now())
    hosted.artifacts[made.id] = made
    return made


def listed(asked: Asked, run: str) -> Answer:
    """List the artifacts of a run, newest first."""
    every = reversed(asked.repository.artifacts.values())
    wanted = asked.query.get("name")
    found = [k for k in every if k.run == int(run) and wanted in (None, k.name)]
    shown = [_shown(asked, kept) for kept in found]
    return Answer(status=200, body={"total_count": len(shown), "artifacts": shown})


def zipped(asked: Asked, identity: str) -> Answer:
    """Send to where the bytes are, for a minute, without a token."""
    kept = asked.repository.artifacts.get(int(identity))
    if kept is None:
        raise Declined(404, "Not Found")
    if kept.expired:
        raise Declined(410, "Artifact has expired")
    place = f"{payloads.server(asked.api)}{PLACE}/{kept.id}/{kept.signature}"
    return Answer(status=302, headers={"Location": place})


def given(state: State, method: str, path: str, headers: Any, body: bytes) -> tuple[int, bytes]:
    """Answer the storage itself: bytes to whoever knows the address, never to a token."""
    upload = _UPLOAD.fullmatch(path)
    if method == "PUT" and upload:
        hosted = state.repositories[upload["name"]]
        put(state, hosted, int(upload["run"]), upload["artifact"], body)
        return 201, b""
    signed = _SIGNED.fullmatch(path)
    if "Authorization" in headers:
        return 400, b"Only one authentication mechanism is allowed"
    places = (
        (hosted.artifacts.get(int(signed["id"])) for hosted in state.repositories.values())
        if signed
        else ()
    )
    kept = next((one for one in places if one), None)
    if kept is None or signed is None or signed["signature"] != kept.signature:
        return 404, b"ResourceNotFound"
    return 200, kept.zipped


def _shown(asked: Asked, kept: Kept) -> dict[str, Any]:
    place = f"{asked.api}/repos/{asked.repository.full_name}/actions/artifacts/{kept.id}"
    return {
        "id": kept.id,
        "node_id": payloads.node("Artifact", kept.id),
        "name": kept.name,
        "size_in_bytes": len(kept.zipped),
        "url": place,
        "archive_download_url": f"{place}/zip",
        "expired": kept.expired,
        "created_at": kept.created,
        "expires_at": kept.created,
        "updated_at": kept.created,
        "digest": f"sha256:{hashlib.sha256(kept.zipped).hexdigest()}",
        "workflow_run": {
            "id": kept.run,
            "repository_id": asked.repository.id,
            "head_repository_id": asked.repository.id,
            "head_branch": "main",
            "head_sha": "0" * 40,
        },
    }


_REPO = r"/repos/(?P<owner>[^/]+)/(?P<repo>[^/]+)"
ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    ("GET", _REPO + r"/actions/runs/(\d+)/artifacts", listed),
    ("GET", _REPO + r"/actions/artifacts/(\d+)/zip", zipped),
)
