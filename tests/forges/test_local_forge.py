"""What only the local forge must withstand: many runs at once, a kill half-way, a broken folder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bot.core.errors import Malformed, NotARepository, Unavailable
from bot.world import local_forge_folder
from bot.world.forge import Status
from bot.world.local_forge import LocalForge

if TYPE_CHECKING:
    from pathlib import Path

    from .stand import Stand

LOCK = {"models.lock": "format: 1\nmodels: {}\n"}
MERGER = """
import sys; from pathlib import Path
from bot.world.local_forge import LocalForge
LocalForge(Path(sys.argv[1])).merge(int(sys.argv[2]), sha=sys.argv[3], title="Land", message="")
"""
KILLER = """#!/bin/sh
case "$*" in *" update-ref refs/heads/"*) ;; *) exec {git} "$@";; esac
test {when} = after && {git} "$@"
kill -9 $PPID
"""
WRITER = """
import sys; from pathlib import Path
from bot.world.local_forge import LocalForge
from bot.world.forge import Status
forge = LocalForge(Path(sys.argv[1])); number = int(sys.argv[2]); sha = sys.argv[3]
for turn in range(8):
    forge.comment(number, f"{sys.argv[4]} {turn}")
    context = f"{sys.argv[4]} {turn}"
    forge.set_status(sha, Status(context=context, state="success", description="", url=None))
print(forge.merge(number, sha=sha, title="Land", message=""))
"""


def folder(stand: Stand) -> Path:
    assert isinstance(stand.forge, LocalForge)
    return stand.forge.folder


def dossier(stand: Stand, number: int) -> Path:
    return folder(stand) / "pulls" / f"{number}.json"


def test_runs_in_many_processes_lose_nothing_and_land_once(local: Stand) -> None:
    number, sha = local.proposed(LOCK)
    before = local.tip()
    command = [sys.executable, "-c", WRITER, str(folder(local)), str(number), sha]
    runs = [subprocess.Popen([*command, f"run{n}"], stdout=subprocess.PIPE) for n in range(3)]
    landed = {run.communicate(timeout=60)[0] for run in runs}
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert len(landed) == 1
    reports = local.forge.reports(number, "run")
    assert len({one.id for one in reports}) == len({one.body for one in reports}) == 24
    assert len(json.loads((folder(local) / "statuses" / f"{sha}.json").read_text())) == 24
    local.git("fetch", "--quiet", "origin")
    assert local.git("rev-list", "--count", f"{before}..origin/main") == "1"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_merge_killed_around_the_move_of_the_branch_lands_once(
    local: Stand, tmp_path: Path, when: str
) -> None:
    number, sha = local.proposed(LOCK)
    before = local.tip()
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text(KILLER.format(git=shutil.which("git"), when=when))
    git.chmod(0o755)
    command = [sys.executable, "-c", MERGER, str(folder(local)), str(number), sha]
    path = f"{git.parent}{os.pathsep}{os.environ['PATH']}"
    killed = subprocess.run(command, env=os.environ | {"PATH": path}, check=False)
    assert killed.returncode == -signal.SIGKILL
    landed = when == "after"
    assert (local.tip() != before) == landed
    assert (local.forge.pull_request(number).merged_as is not None) == landed
    again = local.forge.merge(number, sha=sha, title="Land", message="")
    assert local.tip() == again == local.forge.pull_request(number).merged_as
    local.git("fetch", "--quiet", "origin")
    assert local.git("rev-list", "--count", f"{before}..origin/main") == "1"


def test_a_landing_can_be_repeated_bit_for_bit(
    local: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.setenv(name, "2026-11-01T09:00:00Z")
    start, landed = local.tip(), set()
    for turn in range(2):
        number, sha = local.proposed(LOCK, branch=f"b{turn}")
        landed.add(local.forge.merge(number, sha=sha, title="Land", message="Model: x"))
        local.git("push", "--quiet", "--force", "origin", f"{start}:refs/heads/main")
    assert len(landed) == 1


def test_another_login_acts_in_its_own_name(local: Stand) -> None:
    assert isinstance(local.forge, LocalForge)
    local.push("promote", LOCK)
    ana = local.forge.acting_as("ana", "ana@localhost")
    pull = ana.propose(title="Promote", body="", head="promote", base="main")
    assert pull.author == "ana"
    landed = ana.merge(pull.number, sha=pull.head_sha, title="Land", message="")
    local.git("fetch", "--quiet", "origin")
    assert local.git("show", "-s", "--format=%an <%ae>", landed) == "ana <ana@localhost>"


def test_making_a_forge_twice_opens_the_first(local: Stand) -> None:
    again = LocalForge.create(folder(local), "trunk", slug="other/name")
    assert (again.slug(), again.default_branch()) == ("acme/models", "main")


def test_a_folder_that_is_no_forge_is_refused_with_the_way_out(tmp_path: Path) -> None:
    way_out = "not a local forge; make one: `lockstep init --forge local:PATH`"
    with pytest.raises(NotARepository, match=way_out):
        LocalForge(tmp_path).pull_request(1)


def test_a_file_that_was_damaged_by_hand_is_named(local: Stand) -> None:
    number, _ = local.proposed(LOCK)
    for text in ("{", '{"number": "one"}', "[]"):
        dossier(local, number).write_text(text)
        with pytest.raises(Malformed, match=r"1\.json: .*restore the file"):
            local.forge.pull_request(number)


def test_a_folder_that_an_earlier_version_wrote_is_read(local: Stand) -> None:
    number, sha = local.proposed(LOCK)
    local.forge.comment(number, "hello")
    local.people.approve(number, "ana")
    local.forge.set_status(sha, Status(context="g", state="success", description="", url=None))
    kept = json.loads(dossier(local, number).read_text())
    del kept["remarks"][0]["reactions"], kept["approvals"][0]["at"], kept["approvals"][0]["teams"]
    dossier(local, number).write_text(json.dumps(kept))
    statuses = folder(local) / "statuses" / f"{sha}.json"
    marks = json.loads(statuses.read_text())
    del marks[0]["at"]
    statuses.write_text(json.dumps(marks))
    assert [one.body for one in local.forge.reports(number, "hello")] == ["hello"]
    assert local.forge.pull_request(number).approvals[0].at is None
    (seen,) = local.forge.survey("g")
    assert seen.status is not None
    assert seen.said_at is None


def test_somebody_who_was_granted_nothing_may_write(local: Stand) -> None:
    assert local.forge.role("ana") == "write"
    local.people.grant("Ana", "read")
    assert local.forge.role("ana") == "read"


def test_a_folder_that_cannot_be_written_is_unavailable(local: Stand) -> None:
    number, _ = local.proposed(LOCK)
    (folder(local) / "lock").unlink()
    (folder(local) / "lock").mkdir()
    with pytest.raises(Unavailable, match="lock: Is a directory"):
        local.forge.comment(number, "hello")


def test_a_writer_that_never_ends_does_not_block_the_next_for_ever(
    local: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, _ = local.proposed(LOCK)
    monkeypatch.setattr(local_forge_folder, "PATIENCE_S", 0.05)
    with local_forge_folder.Folder(folder(local)).turn(), pytest.raises(Unavailable, match="held"):
        local.forge.comment(number, "hello")


def test_a_hook_in_the_repository_does_not_run(local: Stand, tmp_path: Path) -> None:
    number, sha = local.proposed(LOCK)
    hook = folder(local) / "repository.git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    local.forge.merge(number, sha=sha, title="Land", message="")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("sha", ["../../etc/passwd", "HEAD", "main", "--all", ""])
def test_only_full_object_ids_name_a_commit(local: Stand, sha: str) -> None:
    status = Status(context="gate", state="success", description="", url=None)
    assert local.forge.status(sha, "gate") is None
    with pytest.raises(NotARepository, match="there is no commit"):
        local.forge.set_status(sha, status)
    assert list((folder(local) / "statuses").iterdir()) == []
