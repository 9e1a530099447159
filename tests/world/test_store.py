"""The store gives back the bytes a digest names, or a reason."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import fsspec
import pytest

from bot.core.errors import Fault, UnsafeFile
from bot.core.evidence import Absent
from bot.core.questions import Weight
from bot.world.store import Access, Kind, Local, Store, digest_of

if TYPE_CHECKING:
    from pathlib import Path

MODEL = b"weights " * 1000


def sha(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "tree"
    (root / "models").mkdir(parents=True)
    (root / "models" / "1.skops").write_bytes(MODEL)
    return root


@pytest.fixture
def store(tree, tmp_path):
    return Store(tree, tmp_path / "cache")


def fetch(store: Store, uri: str, digest: str = sha(MODEL), **changes: object) -> Local | Absent:
    caps = {"max_bytes": 100_000, "max_files": 10} | changes
    return store.fetch(uri, digest, **caps)


def absent(answer: Local | Absent, fault: Fault, *words: str) -> None:
    assert isinstance(answer, Absent)
    assert answer.fault is fault
    assert answer.remedy
    for word in words:
        assert word in answer.reason


def folder(root: Path, **files: bytes) -> str:
    for name, data in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return digest_of(root).digest


def test_a_file_of_the_work_tree_comes_back_with_its_weight(store):
    local = fetch(store, "models/1.skops")
    assert local.weight == Weight(digest=sha(MODEL), size=len(MODEL), files=1)
    assert local.path.read_bytes() == MODEL
    assert local.path.suffix == ".skops"


def test_a_changed_file_is_named_by_both_digests(store, tree):
    (tree / "models" / "1.skops").write_bytes(b"other")
    answer = fetch(store, "models/1.skops")
    absent(answer, Fault.ARTIFACT_DIGEST, sha(MODEL)[:19], sha(b"other")[:19])


def test_a_cached_copy_does_not_hide_that_the_work_tree_changed(store, tree):
    assert isinstance(fetch(store, "models/1.skops"), Local)
    (tree / "models" / "1.skops").write_bytes(b"other")
    absent(fetch(store, "models/1.skops"), Fault.ARTIFACT_DIGEST)
    (tree / "models" / "1.skops").unlink()
    absent(fetch(store, "models/1.skops"), Fault.ARTIFACT_UNREACHABLE, "nothing is there")


def test_a_folder_is_the_hash_of_its_sorted_lines(tmp_path):
    digest = folder(tmp_path / "m", b=b"2", sub__a=b"1")
    lines = sorted(
        [f"{hashlib.sha256(b'2').hexdigest()}  b\n", f"{hashlib.sha256(b'1').hexdigest()}  sub/a\n"]
    )
    assert digest == sha("".join(lines).encode())


def test_a_folder_whose_files_swap_names_is_another_folder(tmp_path):
    one = folder(tmp_path / "one", a=b"1", b=b"2")
    assert one != folder(tmp_path / "two", a=b"2", b=b"1")
    assert one == folder(tmp_path / "three", b=b"2", a=b"1")


def test_a_folder_comes_back_whole(store, tree):
    digest = folder(tree / "models" / "m", MLmodel=b"x", data__w=b"y")
    local = fetch(store, "models/m", digest)
    assert local.weight == Weight(digest=digest, size=2, files=2)
    assert (local.path / "data" / "w").read_bytes() == b"y"
    assert fetch(store, "models/m", digest) == local


@pytest.mark.parametrize(
    "address",
    ["../tree/models/1.skops", "/etc/passwd", "models/../../x", "~/x", ".git/config", ".", "a\\b"],
)
def test_an_address_that_leaves_the_work_tree_is_refused(store, address):
    absent(fetch(store, address), Fault.ARTIFACT_UNREACHABLE, "the path")


def test_a_link_that_leaves_the_work_tree_is_refused(store, tree, tmp_path):
    (tmp_path / "secret").write_bytes(MODEL)
    (tree / "models" / "link").symlink_to(tmp_path / "secret")
    (tree / "out").symlink_to(tmp_path)
    absent(fetch(store, "models/link"), Fault.ARTIFACT_UNREACHABLE, "out of the repository")
    absent(fetch(store, "out/secret"), Fault.ARTIFACT_UNREACHABLE, "out of the repository")


def test_a_link_inside_a_folder_is_refused(store, tree):
    digest = folder(tree / "models" / "m", a=b"1")
    (tree / "models" / "m" / "b").symlink_to("a")
    answer = fetch(store, "models/m", digest)
    absent(answer, Fault.ARTIFACT_UNREACHABLE, "b is a symlink")
    with pytest.raises(UnsafeFile, match="symlink"):
        digest_of(tree / "models" / "m")


def test_a_pipe_is_refused_and_not_waited_for(store, tree):
    os.mkfifo(tree / "models" / "pipe")
    absent(fetch(store, "models/pipe"), Fault.ARTIFACT_UNREACHABLE, "neither a file nor a folder")


def test_caps_hold_while_the_bytes_stream(store, tree):
    absent(fetch(store, "models/1.skops", max_bytes=10), Fault.LIMIT_EXCEEDED, "10 bytes")
    digest = folder(tree / "models" / "m", a=b"1", b=b"2", c=b"3")
    absent(fetch(store, "models/m", digest, max_files=2), Fault.LIMIT_EXCEEDED, "2 files")
    absent(fetch(store, "models/m", digest, max_bytes=2), Fault.LIMIT_EXCEEDED, "2 bytes")


def test_caps_hold_for_cached_bytes_too(store):
    assert isinstance(fetch(store, "models/1.skops"), Local)
    absent(fetch(store, "models/1.skops", max_bytes=10), Fault.LIMIT_EXCEEDED)


def test_a_large_file_pointer_says_which_command_brings_the_file(store, tree):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"
    (tree / "models" / "1.skops").write_bytes(pointer)
    answer = fetch(store, "models/1.skops")
    absent(answer, Fault.ARTIFACT_UNREACHABLE, "Git LFS pointer")
    assert "git lfs pull" in answer.remedy


def test_the_fault_says_what_kind_of_bytes_is_missing(store):
    absent(fetch(store, "no", kind=Kind.DATA), Fault.DATA_UNREACHABLE)
    absent(fetch(store, "no", kind=Kind.MANIFEST), Fault.MANIFEST_MISSING)
    absent(fetch(store, "models/1.skops", sha(b""), kind=Kind.DATA), Fault.DATA_DIGEST)


def test_damaged_cached_bytes_are_noticed_and_brought_again(store):
    path = fetch(store, "models/1.skops").path
    path.chmod(0o644)
    path.write_bytes(b"damaged")
    assert fetch(store, "models/1.skops").path.read_bytes() == MODEL


def test_damage_that_keeps_length_and_time_is_noticed(store):
    path = fetch(store, "models/1.skops").path
    seen = path.stat()
    path.chmod(0o644)
    path.write_bytes(MODEL[::-1])
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert fetch(store, "models/1.skops").path.read_bytes() == MODEL


def test_a_lost_or_broken_stamp_costs_a_hash_and_nothing_else(store):
    path = fetch(store, "models/1.skops").path
    stamp = path.with_name(path.name + ".stamp")
    stamp.write_text("{")
    assert fetch(store, "models/1.skops").path == path
    stamp.unlink()
    assert fetch(store, "models/1.skops").path == path
    assert stamp.exists()


def test_an_added_file_in_a_cached_folder_is_noticed(store, tree):
    digest = folder(tree / "models" / "m", a=b"1")
    path = fetch(store, "models/m", digest).path
    (path / "evil.py").write_bytes(b"x")
    assert not (fetch(store, "models/m", digest).path / "evil.py").exists()


def test_a_cache_that_cannot_be_written_is_a_reason(tree, tmp_path):
    (tmp_path / "cache").write_text("a file")
    absent(fetch(Store(tree, tmp_path / "cache"), "models/1.skops"), Fault.ARTIFACT_UNREACHABLE)


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "memory://x", "ftp://h/x", "zip://a::https://h/x", "gopher://h", "s3::"],
)
def test_other_schemes_are_refused(store, address):
    absent(fetch(store, address), Fault.ARTIFACT_UNREACHABLE)


def test_a_file_address_is_read_where_the_caller_allows_it(tree, tmp_path):
    access = Access(schemes=frozenset({"file"}))
    uri = f"file://{tree}/models/1.skops"
    assert isinstance(fetch(Store(tree, tmp_path / "c", access), uri), Local)


def test_any_fsspec_file_system_gives_files_and_folders(tree, tmp_path):
    memory = fsspec.filesystem("memory")
    memory.pipe("/bucket/1.skops", MODEL)
    memory.pipe({"/bucket/m/a": b"1", "/bucket/m/sub/b": b"2"})
    store = Store(tree, tmp_path / "c", Access(schemes=frozenset({"memory"})))
    digest = folder(tmp_path / "same", a=b"1", sub__b=b"2")
    assert fetch(store, "memory://bucket/1.skops").path.read_bytes() == MODEL
    assert fetch(store, "memory://bucket/m", digest).weight.files == 2
    absent(fetch(store, "memory://bucket/m", sha(b""), max_files=1), Fault.LIMIT_EXCEEDED)
    absent(fetch(store, "memory://bucket/no"), Fault.ARTIFACT_UNREACHABLE)
    memory.rm("/bucket", recursive=True)


def test_remote_bytes_are_fetched_once(tree, tmp_path):
    memory = fsspec.filesystem("memory")
    memory.pipe("/once/1.skops", MODEL)
    store = Store(tree, tmp_path / "c", Access(schemes=frozenset({"memory"})))
    first = fetch(store, "memory://once/1.skops")
    memory.rm("/once", recursive=True)
    assert fetch(store, "memory://once/1.skops") == first


def test_eight_threads_that_want_one_digest_get_the_same_whole_file(store):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: fetch(store, "models/1.skops"), range(32)))
    assert len(set(answers)) == 1
    assert answers[0].path.read_bytes() == MODEL


KILLED = """
import sys, time
from pathlib import Path
from bot.world.store import Store
class Slow:
    remote = True
    def pieces(self, most): return [""]
    def open(self, piece): return self
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def read(self, size):
        print("half", flush=True)
        time.sleep(0.2)
        return b"x" * 1000
store = Store(lambda path: Slow(), Path(sys.argv[1]))
store.fetch("m.skops", sys.argv[2], max_bytes=10**9, max_files=1)
"""


def test_a_killed_fetch_leaves_no_half_file_and_no_lock(tree, tmp_path):
    cache = tmp_path / "cache"
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(cache), sha(MODEL)], stdout=subprocess.PIPE
    )
    with child:
        child.stdout.readline()
        child.stdout.readline()
        child.send_signal(signal.SIGKILL)
    assert list((cache / "tmp").iterdir())
    assert not list(cache.glob("sha256/*/content*"))
    started = time.monotonic()
    assert isinstance(fetch(Store(tree, cache), "models/1.skops"), Local)
    assert time.monotonic() - started < 5
    for left in (cache / "tmp").iterdir():
        os.utime(left, (0, 0))
    Store(tree, cache)
    assert not list((cache / "tmp").iterdir())


def test_a_path_with_nothing_at_it_has_no_digest(tmp_path):
    with pytest.raises(UnsafeFile, match="nothing is there"):
        digest_of(tmp_path / "no")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnsafeFile, match="empty"):
        digest_of(tmp_path / "empty")
    shutil.rmtree(tmp_path / "empty")
