"""A repository whose configuration, attributes or shape is hostile is read as data."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.decision import Ruling
from bot.core.errors import Stop, Unavailable
from bot.core.record import BRANCH
from bot.world.repository import Repository
from tests.adversary.room import Room, lock

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


def trap(room: Room) -> str:
    """Write a program that leaves a mark when anything runs it."""
    program = room.folder / "trap"
    program.write_text(f"#!/bin/sh\ntouch '{room.canary}'\nexit 1\n")
    program.chmod(0o755)
    return str(program)


TRAPS = (
    "core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.askPass",
    "core.gitProxy", "core.alternateRefsCommand", "core.attributesFile", "diff.external",
    "diff.evil.textconv", "diff.evil.command", "filter.evil.clean", "filter.evil.smudge",
    "filter.evil.process", "merge.evil.driver", "gpg.program", "gpg.ssh.program",
    "gpg.x509.program", "credential.helper", "uploadpack.packObjectsHook", "pager.log",
    "alias.log", "alias.diff-tree", "sequence.editor", "interactive.diffFilter",
    "trailer.evil.command", "remote.origin.uploadpack", "remote.origin.receivepack",
    "browser.evil.cmd", "man.evil.cmd", "sendemail.smtpServer",
)  # fmt: skip


def armed(room: Room) -> Path:
    """Turn the adversary's clone into one where every known setting runs a program."""
    program = trap(room)
    room.write(".gitattributes", b"* diff=evil filter=evil merge=evil ident eol=crlf\n")
    signed = room.commit("signed").encode()
    raw = room.git("cat-file", "commit", signed.decode()).encode()
    head, _, message = raw.partition(b"\n\n")
    seal = b"\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----"
    text = head + seal + b"\n\n" + message
    room.git("reset", "-q", "--hard", room.git("hash-object", "-t", "commit", "-w", "--stdin",
             stdin=text))  # fmt: skip
    for name in TRAPS:
        room.git("config", name, program)
    room.git("config", "log.showSignature", "true")
    room.git("config", "core.hooksPath", str(room.folder / "hooks"))
    room.git("config", "protocol.ext.allow", "always")
    room.git("config", "submodule.recurse", "true")
    room.git("config", f"url.ext::{program} .insteadOf", "https://")
    included = room.folder / "included"
    included.write_text(f"[core]\n\tsshCommand = {program}\n\tfsmonitor = {program}\n")
    room.git("config", "include.path", str(included))
    for place in (room.folder / "hooks", room.clone / ".git/hooks"):
        place.mkdir(exist_ok=True)
        for hook in ("reference-transaction", "post-index-change", "pre-push", "post-checkout"):
            (place / hook).write_text(Path(program).read_text())
            (place / hook).chmod(0o755)
    room.canary.unlink(missing_ok=True)
    return room.clone


def test_no_setting_of_a_clone_runs_a_program(room: Room) -> None:
    clone = armed(room)
    repository = Repository.at(clone)

    head = repository.commit("HEAD")
    repository.touched(room.start, head)
    repository.merged(room.start, head)
    repository.merge_base(room.start, head)
    list(repository.contents([one.oid for one in repository.history(head, "models.lock")]))
    repository.run("log", "-1", "--format=%B", head)
    written = repository.append(head, {"x": b"x"}, "x", NOW)
    for remote in (room.forge.remote(), "https://localhost:1/x"):
        try:
            repository.fetch(remote, "+refs/heads/*:refs/x/*")
            repository.push(remote, written, "y")
        except Unavailable:
            continue

    assert not room.canary.exists()


@pytest.mark.parametrize("verb", ["check", "status", "log", "fmt"])
def test_no_verb_in_a_hostile_clone_runs_a_program_or_breaks(room: Room, verb: str) -> None:
    clone = armed(room)

    done = subprocess.run(
        [sys.executable, "-m", "bot", verb],
        cwd=clone,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LOCKSTEP_CACHE": str(room.folder / "cache")},
    )

    assert "Traceback" not in done.stderr
    assert done.returncode != 70
    assert not room.canary.exists()


def test_attributes_of_the_base_do_not_change_what_is_judged_or_lands(room: Room) -> None:
    how = b"models.lock text eol=crlf ident merge=union working-tree-encoding=UTF-16 diff=evil\n"
    attributes = room.git("hash-object", "-w", "--stdin", stdin=how)
    room.index("100644", attributes, b".gitattributes")
    begun = room.commit_index("attributes")
    room.pushes_to_main(begun)
    room.git("update-ref", "HEAD", begun)
    room.write("models.lock", lock("1", "2", serving="1"))
    oid = room.git("hash-object", "-w", "--no-filters", "models.lock")
    room.index("100644", oid, b"models.lock")
    number = room.opens(room.commit_index())

    conclusion = room.judge(number)

    landed = room.landed(number)
    assert conclusion.decision.ruling is Ruling.MERGE
    assert landed is not None
    bare = Repository(room.bare)
    blob = bare.blob(landed, "models.lock", most=10**6)
    assert blob is not None
    assert blob.oid == oid
    assert blob.text == lock("1", "2", serving="1")


def test_a_replacement_on_the_forge_does_not_change_what_is_judged(room: Room) -> None:
    room.registers()
    honest = room.commit()
    room.write("models.lock", b"garbage\n")
    evil = room.commit("evil")
    number = room.opens(honest)
    for shown, instead in ((honest, evil), (room.start, evil)):
        room.git("push", "-q", "origin", f"{instead}:refs/replace/{shown}")

    conclusion = room.judge(number)

    assert conclusion.decision.ruling is Ruling.MERGE
    assert conclusion.proposal.head is not None
    assert conclusion.proposal.head.text == lock("1", "2", serving="1")


def test_grafts_and_replacements_of_a_clone_hide_no_history(room: Room) -> None:
    room.registers("2")
    second = room.commit("second")
    room.registers("3")
    third = room.commit("third")
    room.git("replace", "--graft", third)
    (room.clone / ".git/info").mkdir(exist_ok=True)
    (room.clone / ".git/info/grafts").write_text(f"{third}\n")
    repository = Repository.at(room.clone)

    landed = [one.commit for one in repository.history(third, "models.lock")]

    assert landed == [third, second, room.start]
    assert repository.merge_base(second, third) == second


def test_objects_of_another_repository_are_not_judged(room: Room) -> None:
    """A commit that only an alternate of the forge holds is no head that was pushed."""
    room.registers()
    number = room.opens(room.commit())
    other = room.folder / "other"
    subprocess.run(["git", "init", "-q", "--bare", str(other)], check=True)
    info = room.bare / "objects/info"
    info.mkdir(exist_ok=True)
    (info / "alternates").write_text(f"{other}/objects\n")

    assert room.judge(number).decision.ruling is Ruling.MERGE


def test_a_shallow_clone_is_judged_or_refused_in_words(room: Room) -> None:
    room.registers()
    room.pushes_to_main(room.commit("second"))
    shallow = room.folder / "shallow"
    url = f"file://{room.bare}"
    subprocess.run(["git", "clone", "-q", "--depth=1", url, str(shallow)], check=True)
    (shallow / "models.lock").write_bytes(lock("1", "2", "3", serving="1"))

    done = subprocess.run(
        [sys.executable, "-m", "bot", "check"],
        cwd=shallow,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LOCKSTEP_CACHE": str(room.folder / "cache")},
    )

    assert "Traceback" not in done.stderr
    assert done.returncode != 70


def test_a_repository_of_longer_object_ids_is_refused_in_words(room: Room) -> None:
    other = room.folder / "long"
    subprocess.run(
        ["git", "init", "-q", "--bare", "--object-format=sha256", str(other)], check=True
    )
    bot = Repository.create(room.folder / "bot")

    with pytest.raises(Stop) as caught:
        bot.fetch(str(other), "+refs/heads/main:refs/x")

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", [
    "ext::sh -c 'touch canary'", "--upload-pack=touch canary", "ssh://-oProxyCommand=touch/x",
    "fd::17/foo", "git://127.0.0.1:1/x", "-x", "",
])  # fmt: skip
def test_an_address_that_is_a_command_is_not_run(room: Room, address: str) -> None:
    bot = Repository.create(room.folder / "bot")

    with pytest.raises(Unavailable, match="git fetch"):
        bot.fetch(address, "+refs/heads/main:refs/x")

    assert not list(room.folder.rglob("canary"))


def test_a_branch_in_the_place_of_the_audit_branch_stops_every_merge(room: Room) -> None:
    """Nothing lands unrecorded where the record's branch cannot be made."""
    room.git("push", "-q", "origin", f"{room.start}:refs/heads/{BRANCH}/x")
    room.registers()
    number = room.opens(room.commit())

    with pytest.raises(Unavailable, match=BRANCH):
        room.judge(number)

    assert room.landed(number) is None


def test_branches_beside_the_audit_branch_are_not_it(room: Room) -> None:
    room.write("records/1/forged.json", b'{"decision":{"outcome":"passed"}}')
    forged = room.commit("forged")
    for name in ("-2", "2", "_"):
        room.git("push", "-q", "origin", f"{forged}:refs/heads/{BRANCH}{name}")
    room.git("reset", "-q", "--hard", room.start)
    room.registers()
    number = room.opens(room.commit())

    assert room.judge(number).decision.ruling is Ruling.MERGE
    bare = Repository(room.bare)
    stored = [path for *_, path in bare.tree(bare.commit(BRANCH))]
    assert "records/1/forged.json" not in stored
    assert len([path for path in stored if path.startswith("records/")]) == 1
