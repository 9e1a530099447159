"""A cached copy says nothing of its address, and a list of files is no folder."""

from __future__ import annotations

import hashlib

import fsspec
import pytest

from bot.core.errors import Fault, UnsafeFile
from bot.core.evidence import Absent
from bot.world.store import Access, Local, Store, digest_of

MODEL = b"weights " * 1000
DIGEST = f"sha256:{hashlib.sha256(MODEL).hexdigest()}"
CAPS = {"max_bytes": 100_000, "max_files": 10}


@pytest.fixture(autouse=True)
def files():
    files = fsspec.filesystem("memory")
    files.pipe("/now/1.skops", MODEL)
    yield files
    files.rm("/now", recursive=True)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path, tmp_path / "cache", Access(schemes=frozenset({"memory"})))
    assert isinstance(store.fetch("memory://now/1.skops", DIGEST, **CAPS), Local)
    return store


def test_an_address_that_was_never_reached_does_not_pass_on_a_cached_digest(store):
    answer = store.fetch_now("memory://now/gone.skops", DIGEST, **CAPS)
    assert isinstance(answer, Absent)
    assert answer.fault is Fault.ARTIFACT_UNREACHABLE


def test_changed_remote_bytes_do_not_pass_on_a_cached_digest(store, files):
    files.pipe("/now/1.skops", b"other")
    answer = store.fetch_now("memory://now/1.skops", DIGEST, **CAPS)
    assert isinstance(answer, Absent)
    assert answer.fault is Fault.ARTIFACT_DIGEST
    assert answer.remedy


def test_deleted_remote_bytes_do_not_pass_on_a_cached_digest(store, files):
    files.pipe("/now/2.skops", MODEL)
    files.rm("/now/1.skops")
    answer = store.fetch_now("memory://now/1.skops", DIGEST, **CAPS)
    assert isinstance(answer, Absent)
    assert answer.fault is Fault.ARTIFACT_UNREACHABLE


def test_unchanged_remote_bytes_are_served_from_the_cache_after_they_were_read(store):
    first = store.fetch("memory://now/1.skops", DIGEST, **CAPS)
    assert store.fetch_now("memory://now/1.skops", DIGEST, **CAPS) == first


def test_a_first_reading_now_fills_the_cache(files, tmp_path):
    other = Store(tmp_path, tmp_path / "empty", Access(schemes=frozenset({"memory"})))
    assert isinstance(other.fetch_now("memory://now/1.skops", DIGEST, **CAPS), Local)
    files.pipe("/now/1.skops", b"other")
    answer = other.fetch("memory://now/1.skops", DIGEST, **CAPS)
    assert isinstance(answer, Local)
    assert answer.path.read_bytes() == MODEL


def test_a_list_of_files_does_not_pass_for_their_folder(tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    (model / "model.py").write_bytes(MODEL)
    named = digest_of(model).digest
    (tmp_path / "list").write_text(f"{DIGEST.removeprefix('sha256:')}  model.py\n")
    store = Store(tmp_path, tmp_path / "cache")
    assert isinstance(store.fetch("model", named, **CAPS), Local)
    for fetch in (store.fetch, store.fetch_now):
        answer = fetch("list", named, **CAPS)
        assert isinstance(answer, Absent)
        assert answer.fault is Fault.ARTIFACT_DIGEST
        assert "folder" in answer.reason
    with pytest.raises(UnsafeFile):
        digest_of(tmp_path / "list")


def test_a_remote_list_is_refused_too(files, store):
    files.pipe("/now/list", f"{'a' * 64}  model.py\n".encode())
    digest = f"sha256:{hashlib.sha256(files.cat('/now/list')).hexdigest()}"
    assert isinstance(store.fetch("memory://now/list", digest, **CAPS), Absent)
