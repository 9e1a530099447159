"""A cached copy says nothing of its address: `fetch_now` reads the address itself."""

from __future__ import annotations

import hashlib

import fsspec
import pytest

from bot.core.errors import Fault
from bot.core.evidence import Absent
from bot.world.store import Access, Local, Store

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
