"""The doctor on GitHub Enterprise: what it sends and reads is in those servers' descriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.world.doctor import examine
from bot.world.doctor_diagnosis import mends_of
from bot.world.doctor_mending import mend_all
from tests.doctor.defects import DEFECTS
from tests.doctor.healthy import Ward, ward
from tests.doctor.operations import ABSENT_BEFORE_GHES_3_19, READS, SETTINGS
from tests.forges.description import ENTERPRISE, cut
from tests.forges.stand import github_stand
from tests.forges.wire import Wire

if TYPE_CHECKING:
    from pathlib import Path

    from tests.forges.server.web import Server
    from tests.forges.stand import Stand

MINTING = ("POST", "/app/installations/{installation_id}/access_tokens")


def visit(clinic: Ward) -> None:
    """Look at everything, and mend everything that may be mended."""
    for defect in (
        "anybody sets the status",
        "no environment",
        "a token that writes",
        "forks run at once",
    ):
        DEFECTS[defect][0](clinic)
    clinic.clicked.variables["lockstep"].clear()
    scene = clinic.scene()
    mend_all(mends_of(examine(scene)), scene.settings, None)


@pytest.mark.parametrize("source", ENTERPRISE)
def test_an_enterprise_server_knows_every_question_and_every_change(
    source: str, server: Server, tmp_path: Path
) -> None:
    old = "3.19" not in source
    known = SETTINGS - ABSENT_BEFORE_GHES_3_19 if old else SETTINGS
    wire = Wire(cut(tuple(sorted({*known, MINTING})), source))
    clinic = ward(github_stand(tmp_path, server), tmp_path)
    clinic.clicked.actions.pop("sha_pinning_required")
    with wire.watched() as watching:
        visit(clinic)
    absent = [
        f"{method} /repos/acme/models/actions/permissions/fork-pr-contributor-approval: "
        "GitHub has no such operation among ours"
        for method in ("GET", "PUT")
    ]
    assert watching.complaints == (absent if old else [])
    assert {("POST", "/repos/{owner}/{repo}/rulesets"), *READS & known} <= watching.seen.keys()


def test_every_question_and_every_change_was_seen_to_succeed(
    github: Stand, wire: Wire, tmp_path: Path
) -> None:
    clinic = ward(github, tmp_path)
    clinic.clicked.protection["main"] = classic()
    visit(clinic)
    for made in clinic.clicked.rulesets.values():
        made["enforcement"] = "disabled"
    DEFECTS["actions by tag"][0](clinic)
    scene = clinic.scene()
    mend_all(mends_of(examine(scene)), scene.settings, None)
    for operation in SETTINGS:
        assert any(status < 300 for status in wire.seen.get(operation, ())), operation


def classic() -> dict[str, Any]:
    """Describe a classic protection that asks for nothing."""
    url = "https://github.com/repos/acme/models/branches/main/protection"
    off = {"enabled": False}
    names = ("required_linear_history", "allow_force_pushes", "allow_deletions")
    return {"url": url, "enforce_admins": {"url": url, **off}, **dict.fromkeys(names, off)}
