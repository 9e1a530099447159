"""Repositories of an adversary are read as data."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.errors import NotARepository, Unavailable, UnsafeFile
from bot.world.git import Failed, checked, run
from bot.world.repository import Repository

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)
    return done.stdout.decode().strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "a clone"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "models.lock").write_text("one\n")
    git(folder, "add", "--all")
    git(folder, "commit", "-qm", "one")
    return folder


def commit(clone: Path, message: str = "more") -> str:
    git(clone, "add", "--all")
    git(clone, "commit", "-qm", message)
    return git(clone, "rev-parse", "HEAD")


def test_a_plain_file_is_read_with_its_object_id(clone: Path) -> None:
    repository = Repository.at(clone)

    blob = repository.blob(repository.commit("main"), "models.lock", most=10)

    assert blob is not None
    assert blob.text == b"one\n"
    assert blob.oid == git(clone, "rev-parse", "HEAD:models.lock")


@pytest.mark.parametrize("kind", ["symlink", "executable", "folder", "large"])
def test_what_is_no_plain_file_is_refused(clone: Path, kind: str) -> None:
    path = clone / "models.lock"
    path.unlink()
    if kind == "symlink":
        path.symlink_to("/etc/passwd")
    elif kind == "executable":
        path.write_text("x")
        path.chmod(0o755)
    elif kind == "folder":
        path.mkdir()
        (path / "inside").write_text("x")
    else:
        path.write_text("x" * 11)
    head = commit(clone)

    with pytest.raises(UnsafeFile, match=r"^models.lock: "):
        Repository.at(clone).blob(head, "models.lock", most=10)


def test_a_missing_file_is_none(clone: Path) -> None:
    repository = Repository.at(clone)

    assert repository.blob(repository.commit("HEAD"), "policies", most=10) is None


@pytest.mark.parametrize("name", ["--output=x", "-x", "a..b", "x@{1}", "x y", "", "x.lock", "/x"])
def test_a_name_that_could_be_read_as_more_is_no_commit(clone: Path, name: str) -> None:
    repository = Repository.at(clone)

    assert repository.resolve(name) is None
    with pytest.raises(NotARepository, match="there is no commit"):
        repository.commit(name)


@pytest.mark.parametrize("oid", ["main", "--all", "abc", "g" * 40])
def test_only_full_object_ids_reach_plumbing(oid: str) -> None:
    with pytest.raises(NotARepository, match="full object id"):
        checked(oid)


def test_hooks_attributes_and_replacements_have_no_say(clone: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    hook = clone / ".git/hooks/post-index-change"
    hook.write_text(f"#!/bin/sh\ntouch '{marker}'\n")
    hook.chmod(0o755)
    git(clone, "config", "diff.evil.textconv", f"touch {marker}; cat")
    first = git(clone, "rev-parse", "HEAD")
    (clone / ".gitattributes").write_text("models.lock diff=evil\n")
    (clone / "models.lock").write_text("two\n")
    second = commit(clone)
    marker.unlink(missing_ok=True)
    git(clone, "replace", second, first)
    git(clone, "config", "core.fsmonitor", f"touch {marker}")
    marker.unlink(missing_ok=True)

    repository = Repository.at(clone)
    touched = repository.touched(first, second)
    blob = repository.blob(second, "models.lock", most=10)

    assert {one.path for one in touched} == {".gitattributes", "models.lock"}
    assert blob is not None
    assert blob.text == b"two\n"
    assert not marker.exists()


def test_paths_with_newlines_and_pathspec_magic_are_only_names(clone: Path) -> None:
    first = git(clone, "rev-parse", "HEAD")
    (clone / "a\nb").write_text("x")
    (clone / ":(glob)*").write_text("x")
    second = commit(clone)
    repository = Repository.at(clone)

    assert {one.path for one in repository.touched(first, second)} == {"a\nb", ":(glob)*"}
    assert [path for *_, path in repository.tree(second, ":(glob)*")] == [":(glob)*"]


def test_history_is_told_newest_first_with_every_content(clone: Path) -> None:
    for text in ("two\n", "three\n"):
        (clone / "models.lock").write_text(text)
        commit(clone)
    (clone / "other").write_text("x")
    commit(clone)
    repository = Repository.at(clone)

    landed = repository.history(repository.commit("HEAD"), "models.lock")
    texts = list(repository.contents([one.oid for one in landed if one.oid]))

    assert texts == [b"three\n", b"two\n", b"one\n"]
    assert all(one.at.tzinfo is UTC for one in landed)


def test_a_removed_file_has_no_object_id(clone: Path) -> None:
    (clone / "models.lock").unlink()
    head = commit(clone)

    assert Repository.at(clone).history(head, "models.lock")[0].oid is None


def test_a_merge_in_memory_says_conflict_by_none(clone: Path) -> None:
    base = git(clone, "rev-parse", "HEAD")
    (clone / "models.lock").write_text("ours\n")
    ours = commit(clone)
    git(clone, "checkout", "-q", base)
    (clone / "models.lock").write_text("theirs\n")
    theirs = commit(clone)
    repository = Repository.at(clone)

    assert repository.merged(ours, theirs) is None
    assert repository.merged(base, theirs) == git(clone, "rev-parse", f"{theirs}^{{tree}}")


def test_unrelated_histories_have_no_merge_base(clone: Path) -> None:
    first = git(clone, "rev-parse", "HEAD")
    git(clone, "checkout", "-q", "--orphan", "other")
    other = commit(clone, "other")

    assert Repository.at(clone).merge_base(first, other) is None


def test_appending_keeps_what_is_there_and_moves_no_branch(clone: Path) -> None:
    repository = Repository.at(clone)
    one = repository.append(None, {"records/1.json": b"{}"}, "one", NOW)
    two = repository.append(one, {"records/2.json": b"[]"}, "two", NOW)

    assert [path for *_, path in repository.tree(two)] == ["records/1.json", "records/2.json"]
    assert git(clone, "branch", "--format=%(refname:short)") == "main"
    assert git(clone, "status", "--porcelain") == ""


def test_a_push_that_is_no_fast_forward_says_no(clone: Path, tmp_path: Path) -> None:
    bare = Repository.create(tmp_path / "bare")
    repository = Repository.at(clone)
    one = repository.append(None, {"a": b"1"}, "one", NOW)
    other = repository.append(None, {"a": b"2"}, "other", NOW)

    assert repository.push(str(bare.folder), one, "audit")
    assert not repository.push(str(bare.folder), other, "audit")
    assert bare.resolve("audit") == one


def test_a_remote_that_is_not_there_may_be_tried_again(clone: Path, tmp_path: Path) -> None:
    repository = Repository.at(clone)

    with pytest.raises(Unavailable, match="git fetch"):
        repository.fetch(str(tmp_path / "nowhere"), "+refs/heads/*:refs/x/*")


def test_no_repository_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(NotARepository, match="is not in a git repository"):
        Repository.at(tmp_path)


def test_no_git_is_said_plainly(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.fspath(clone))

    with pytest.raises(NotARepository, match="git cannot be run"):
        run(clone, ["status"])


def test_a_failing_command_keeps_its_first_line(clone: Path) -> None:
    with pytest.raises(Failed, match="fatal") as caught:
        run(clone, ["cat-file", "blob", "0" * 40])

    assert "\n" not in caught.value.said
