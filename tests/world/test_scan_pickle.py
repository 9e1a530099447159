"""No pickle that could run something passes as clean; every payload here is harmless."""

from __future__ import annotations

import _compat_pickle
import bz2
import cProfile
import gzip
import importlib
import io
import logging
import lzma
import os
import pathlib
import pickle
import runpy
import struct
import timeit
import urllib.request
import zlib

import joblib
import numpy as np
import pytest
import sklearn.datasets

from bot.world.scan_values import allowed
from tests.world.pickles import Calls, dumped, looked_at, protocol, stack_global, text, zipped

SYSTEM = dumped(Calls(os.system, "true"))
SYSTEM_UNFRAMED = dumped(Calls(os.system, "true"), 3)
HARMLESS_UNFRAMED = dumped([1, 2, {"a": (3.0, None)}], 3)
HARMLESS = dumped([1, 2, {"a": (3.0, None)}])


def raw_joblib(value: object) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(value, buffer)
    return buffer.getvalue()


def in_state(payload: bytes) -> bytes:
    """Hide a call in an object's state, behind other values."""
    return protocol(b"](" + HARMLESS_UNFRAMED[2:-1] + payload[2:-1] + b"e")


CALLS = {
    "os.system": (Calls(os.system, "true"), "posix.system"),
    "eval": (Calls(eval, "1"), "builtins.eval"),
    "exec": (Calls(exec, "1"), "builtins.exec"),
    "getattr": (Calls(getattr, "", "join"), "builtins.getattr"),
    "runpy": (Calls(runpy.run_module, "this"), "runpy.run_module"),
    "pathlib": (Calls(pathlib.Path.write_text, pathlib.Path("x"), "y"), "pathlib"),
    "joblib.load": (Calls(joblib.load, "other.joblib"), "joblib.numpy_pickle.load"),
    "importlib": (Calls(importlib.import_module, "this"), "importlib.import_module"),
    "load_files": (Calls(sklearn.datasets.load_files, "/etc"), "sklearn.datasets"),
    "cProfile": (Calls(cProfile.run, "1"), "cProfile.run"),
    "timeit": (Calls(timeit.timeit, "1"), "timeit.timeit"),
    "FileHandler": (Calls(logging.FileHandler, "x", "a", None, True), "logging.FileHandler"),
    "urllib": (Calls(urllib.request.urlopen, "https://example.org"), "urllib.request.urlopen"),
    "numpy.load": (Calls(np.load, "x.npy", None, True), "load"),
    "memmap": (Calls(np.memmap, "x"), "memmap"),
    "open": (Calls(open, "x", "w"), "open"),
}

FILES = {
    "os.system of protocol 0": dumped(Calls(os.system, "true"), 0),
    "os.system of protocol 2": dumped(Calls(os.system, "true"), 2),
    "the second of two pickles": HARMLESS + SYSTEM,
    "behind values in a list": in_state(SYSTEM_UNFRAMED),
    "numpy's runstring": protocol(
        stack_global("numpy.testing._private.utils", "runstring") + text("1") + b"}\x86R"
    ),
    "a name from the memo": protocol(
        text("system") + b"\x940" + text("os") + b"\x94h\x00\x93" + text("true") + b"\x85R"
    ),
    "a name put under a far number": protocol(
        text("os") + b"r\xff\xff\x00\x000" + b"j\xff\xff\x00\x00" + text("system") + b"\x93."
    ),
    "a name that a call returns": protocol(
        stack_global("builtins", "str") + text("os") + b"\x85R" + text("system") + b"\x93."
    ),
    "a call of what a call returned": protocol(
        stack_global("numpy", "add") + b")R" + text("true") + b"\x85R"
    ),
    "INST": b"(S'true'\nios\nsystem\n.",
    "OBJ": b"(cos\nsystem\nS'true'\no.",
    "a dotted name": protocol(stack_global("sklearn", "os.system") + text("true") + b"\x85R"),
    "a method reached through a class": protocol(
        stack_global("collections", "OrderedDict.__init__.__globals__")
    ),
    "an extension code": protocol(b"\x82\x01"),
    "a class that is changed": protocol(
        stack_global("collections", "OrderedDict") + b"}" + text("x") + b"K\x01sb"
    ),
}

UNREADABLE = {
    "nothing": b"",
    "no pickle": b"hello",
    "a truncated tail": SYSTEM[:-5],
    "bytes after the end": HARMLESS + b"\xff\xff",
    "an unknown opcode": protocol(b"\xf0"),
    "a persistent id": protocol(b"\x8c\x011Q"),
    "out-of-band buffers": protocol(b"\x97", 5),
    "an empty stack": protocol(b"R"),
    "a frame in a frame": b"\x80\x04\x95" + struct.pack("<Q", 20) + b"\x95" + bytes(8) + b"N.",
    "a frame that goes on after the end": b"\x80\x04\x95"
    + struct.pack("<Q", 40)
    + b"N."
    + HARMLESS,
    "joblib of another age": b"ZF" + zlib.compress(SYSTEM),
    "lz4": b"\x04\x22\x4d\x18" + bytes(40),
    "broken zlib": b"\x78\x9c" + bytes(40),
    "cut gzip": gzip.compress(HARMLESS)[:-9],
}


@pytest.mark.parametrize("flavor", ["pickle", "joblib"])
@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_is_not_allowed_is_found(tmp_path, name, flavor):
    value, expected = CALLS[name]
    (tmp_path / "m").write_bytes(dumped(value) if flavor == "pickle" else raw_joblib(value))
    scanned = looked_at(tmp_path / "m", flavor)
    assert scanned.carries_code
    assert scanned.unreadable is None
    assert any(expected in finding for finding in scanned.findings)


@pytest.mark.parametrize("flavor", ["pickle", "joblib"])
@pytest.mark.parametrize("name", FILES)
def test_a_name_hidden_in_opcodes_is_found(tmp_path, name, flavor):
    (tmp_path / "m").write_bytes(FILES[name])
    scanned = looked_at(tmp_path / "m", flavor)
    assert scanned.findings


@pytest.mark.parametrize("flavor", ["pickle", "joblib"])
@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_not_clean(tmp_path, name, flavor):
    (tmp_path / "m").write_bytes(UNREADABLE[name])
    assert looked_at(tmp_path / "m", flavor).unreadable


@pytest.mark.parametrize("pack", [zlib.compress, gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_joblib_is_unpacked_first(tmp_path, pack):
    (tmp_path / "m").write_bytes(pack(SYSTEM))
    assert looked_at(tmp_path / "m", "joblib").findings == ("posix.system",)
    assert "packed" in looked_at(tmp_path / "m", "pickle").unreadable


@pytest.mark.parametrize("how", ["zlib", "gzip", "bz2", "lzma", "xz"])
def test_every_way_joblib_packs_is_unpacked(tmp_path, how):
    joblib.dump(Calls(os.system, "true"), tmp_path / "m", compress=(how, 3))
    assert looked_at(tmp_path / "m", "joblib").findings == ("posix.system",)


def test_a_second_packed_stream_is_read_as_joblib_reads_it(tmp_path):
    (tmp_path / "m").write_bytes(
        zlib.compress(HARMLESS_UNFRAMED[:-1]) + zlib.compress(SYSTEM_UNFRAMED[2:])
    )
    assert looked_at(tmp_path / "m", "joblib").findings == ("posix.system",)


@pytest.mark.parametrize("pack", [zlib.compress, bz2.compress, lzma.compress])
def test_a_bomb_is_not_unpacked_to_its_end(tmp_path, pack):
    (tmp_path / "m").write_bytes(pack(bytes(30_000_000)))
    scanned = looked_at(tmp_path / "m", "joblib", max_bytes=1_000_000)
    assert "1,000,000 bytes" in scanned.unreadable


def test_a_pickle_in_an_archive_is_found_and_the_archive_refused(tmp_path):
    (tmp_path / "m").write_bytes(zipped(SYSTEM))
    scanned = looked_at(tmp_path / "m", "pickle")
    assert scanned.findings == ("posix.system",)
    assert "zip" in scanned.unreadable
    (tmp_path / "m").write_bytes(zipped(SYSTEM, broken=True))
    assert "broken" in looked_at(tmp_path / "m", "joblib").unreadable


def test_findings_come_in_the_order_of_the_file_and_once(tmp_path):
    calls = [Calls(os.system, "true"), Calls(eval, "1"), Calls(os.system, "false")]
    (tmp_path / "m").write_bytes(dumped(calls))
    assert looked_at(tmp_path / "m", "pickle").findings == ("posix.system", "builtins.eval")


def test_a_policy_trusts_exact_names_only(tmp_path):
    (tmp_path / "m").write_bytes(dumped([Calls(os.system, "true"), Calls(eval, "1")]))
    trusted = looked_at(tmp_path / "m", "pickle", trusted=("posix.system", "builtins"))
    assert trusted.findings == ("builtins.eval",)


def test_a_name_with_odd_characters_is_shown_without_them(tmp_path):
    (tmp_path / "m").write_bytes(protocol(stack_global("os\n# hi", "x\x1b[0m")))
    (finding,) = looked_at(tmp_path / "m", "pickle").findings
    assert finding.isprintable()


def test_no_allowed_name_means_something_else_to_python_two_files():
    for pair in allowed("pickle", "joblib"):
        module, _, name = pair.partition(":")
        assert module not in _compat_pickle.IMPORT_MAPPING
        assert (module, name) not in _compat_pickle.NAME_MAPPING


def test_no_allowed_name_is_known_to_reach_outside():
    names = {pair.partition(":")[2] for pair in allowed("pickle", "joblib", "skops")}
    feared = {"eval", "exec", "getattr", "open", "load", "system", "attrgetter", "import_module"}
    assert not names & (
        feared | {"_ufunc_reconstruct", "memmap", "loads", "Memory", "methodcaller"}
    )


def test_the_payloads_are_real():
    assert pickle.loads(dumped(Calls(eval, "6 * 7"))) == 42
