from __future__ import annotations

import hashlib

import pytest

from bot.cli.edit import following, near
from bot.cli.forges import open_forge
from bot.cli.making import CannotBeHad, fetched
from bot.cli.worktree import Worktree
from bot.core.errors import Fault, UnsafeFile
from bot.world.store import Access
from bot.world.store_https import Reach
from tests.world.web import web


def test_a_lock_that_changed_meanwhile_is_not_overwritten(clone):
    worktree = Worktree.here(clone.root)
    was = worktree.read_lock()
    clone.lock.write_bytes(b"somebody else\n")
    with pytest.raises(UnsafeFile, match="changed while it was edited; run the same command"):
        worktree.write_lock(b"mine\n", over=was)
    assert clone.lock.read_bytes() == b"somebody else\n"


def test_a_lock_is_replaced_whole_and_leaves_no_draft(clone):
    worktree = Worktree.here(clone.root)
    worktree.write_lock(b"new\n", over=worktree.read_lock())
    assert clone.lock.read_bytes() == b"new\n"
    assert [path.name for path in clone.root.glob(".models*")] == []


def test_the_clone_is_found_from_a_folder_below(clone):
    below = clone.root / "a" / "b"
    below.mkdir(parents=True)
    assert Worktree.here(below).root == clone.root


def test_a_linked_worktree_has_a_head_of_its_own(clone, tmp_path):
    clone.register("1")
    clone.commit("Register")
    clone.git("worktree", "add", "--quiet", "-b", "old", str(tmp_path / "linked"), "HEAD~1")
    worktree = Worktree.here(tmp_path / "linked")
    assert worktree.head == clone.git("rev-parse", "HEAD~1").strip()
    assert worktree.base() == worktree.head
    clone.root = tmp_path / "linked"
    assert "no model is registered yet" in clone.lockstep("status").out


@pytest.mark.parametrize(
    "origin",
    [
        "https://github.com/acme/models.git",
        "https://github.com/acme/models",
        "git@github.com:acme/models.git",
        "ssh://git@github.com/acme/models.git",
        "https://user@github.com/acme/models/",
    ],
)
def test_origin_names_the_repository_on_github(monkeypatch, origin):
    monkeypatch.setenv("GITHUB_TOKEN", "a-token")
    monkeypatch.delenv("GITHUB_SERVER_URL", raising=False)
    monkeypatch.delenv("GITHUB_API_URL", raising=False)
    forge = open_forge(None, None, origin=origin)
    assert (forge.slug(), forge.remote()) == (
        "acme/models", "https://github.com/acme/models.git",
    )  # fmt: skip


def test_the_environment_names_an_enterprise_server(monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", "a-token")
    monkeypatch.setenv("GITHUB_API_URL", "https://git.example.org/api/v3")
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://git.example.org")
    forge = open_forge(None, None, origin="git@git.example.org:acme/models.git")
    assert forge.remote() == "https://git.example.org/acme/models.git"


def test_origin_names_a_forge_in_a_folder(clone):
    forge = open_forge(None, None, origin=clone.forge.remote(), actor="ben")
    assert (forge.slug(), forge.actor) == ("local/forge", "ben")


@pytest.mark.parametrize(
    ("versions", "due"),
    [
        (["1", "9", "10"], "11"),
        (["1.9", "1.10"], "1.11"),
        (["v07"], "v08"),
        (["beta"], "beta.1"),
        ([], "1"),
    ],
)
def test_the_next_version_counts_on(versions, due):
    assert following(versions) == due


def test_of_very_many_names_only_a_near_one_is_said():
    names = [f"model-{number:05d}" for number in range(10_000)]
    assert near("model-0004", names).startswith("did you mean 'model-0")
    assert near("zebra", names) == ""
    assert near("b", ["a"]) == "write one of a"


def test_what_an_address_holds_is_fetched_once_to_hash_it():
    access = Access(reach=Reach(hosts=frozenset({"127.0.0.1"}), plain_http=True, pauses=()))
    with web({"/4.onnx": b"model 4"}) as (address, asked):
        weight = fetched(f"{address}/4.onnx", Fault.ARTIFACT_UNREACHABLE, access)
        assert weight.digest == f"sha256:{hashlib.sha256(b'model 4').hexdigest()}"
        assert asked == ["/4.onnx"]
        with pytest.raises(CannotBeHad, match=r"5\.onnx") as refused:
            fetched(f"{address}/5.onnx", Fault.DATA_UNREACHABLE, access)
        assert refused.value.exit_code == 26
