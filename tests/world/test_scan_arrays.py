"""joblib's raw arrays are skipped as joblib reads them, and not otherwise."""

from __future__ import annotations

import io
import os
import struct

import joblib
import numpy as np
import pytest

from tests.world.pickles import Calls, dumped, looked_at, protocol, stack_global, text

EVIL = dumped(Calls(os.system, "true"), 3)[2:]
WRAPPER = stack_global("joblib.numpy_pickle", "NumpyArrayWrapper")
NDARRAY = stack_global("numpy", "ndarray")


def dtype(code: str = "u1", flags: bytes = b"K\x00", state: bytes | None = None) -> bytes:
    """Push a dtype with the state numpy gives it."""
    made = stack_global("numpy", "dtype") + text(code) + b"\x89\x88\x87R"
    usual = b"(K\x03" + text("|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff" + flags + b"tb"
    return made + (usual if state is None else state)


def described(count: int, kind: bytes, *, shape: bytes | None = None, more: bytes = b"") -> bytes:
    """Push the state of a wrapper: a dict of its fields, without padding."""
    lengths = shape or b"J" + struct.pack("<i", count) + b"\x85"
    fields = text("subclass") + NDARRAY + text("shape") + lengths
    return b"}(" + fields + text("order") + text("C") + text("dtype") + kind + more + b"u"


def wrapped(count: int, kind: bytes, data: bytes, **more: bytes) -> bytes:
    """Push an array as joblib writes it."""
    return WRAPPER + b")\x81" + described(count, kind, **more) + b"b" + data


def scanned(tmp_path, content: bytes, flavor: str = "joblib"):
    (tmp_path / "m").write_bytes(content)
    return looked_at(tmp_path / "m", flavor)


@pytest.mark.parametrize("compress", [0, 3])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(1000.0),
        np.asfortranarray(np.ones((20, 30), ">i2")),
        np.array(5.0),
        np.zeros((0, 4)),
        np.array(["a", "bcd"]),
        np.array([b"a", b"bcd"]),
        np.array([("x", 1)], dtype=[("a", "U3"), ("b", "f4")]),
        np.array(["2026-01-01"], dtype="M8[D]"),
        np.array([True, False]),
        np.array([1 + 2j], dtype=np.complex64),
        np.array(["text", 1, None], dtype=object),
        np.array([np.arange(3.0), "x"], dtype=object),
    ],
    ids=lambda array: str(array.dtype),
)
def test_every_kind_of_array_is_skipped_to_what_follows(tmp_path, array, compress):
    joblib.dump([array, {"more": array}, Calls(os.system, "true")], tmp_path / "m", compress)
    found = looked_at(tmp_path / "m", "joblib")
    assert found.unreadable is None
    assert found.findings == ("posix.system",)


def test_a_call_inside_an_array_of_objects_is_found(tmp_path):
    joblib.dump(np.array([Calls(os.system, "true")], dtype=object), tmp_path / "m")
    assert looked_at(tmp_path / "m", "joblib").findings == ("posix.system",)


def test_array_bytes_that_look_like_opcodes_are_not_read(tmp_path):
    found = scanned(tmp_path, protocol(wrapped(len(EVIL), dtype(), EVIL)))
    assert (found.findings, found.unreadable) == ((), None)


def test_opcodes_behind_a_short_array_are_read(tmp_path):
    found = scanned(tmp_path, protocol(b"(" + wrapped(3, dtype(), b"abc") + EVIL[:-1] + b"l"))
    assert found.findings == ("posix.system",)


def test_pickle_itself_never_skips_bytes(tmp_path):
    found = scanned(tmp_path, protocol(wrapped(len(EVIL), dtype(), EVIL)), "pickle")
    assert "posix.system" in found.findings
    assert "joblib.numpy_pickle.NumpyArrayWrapper" in found.findings


HIDES = len(EVIL)
TRICKS = {
    "a wrapper made by a call": WRAPPER + b")R" + described(HIDES, dtype()) + b"b",
    "a wrapper made with arguments": WRAPPER + b"K\x01\x85\x81" + described(1, dtype()) + b"b",
    "a wrapper made by name": WRAPPER + b")}\x92" + described(1, dtype()) + b"b",
    "a wrapper's class handed on": stack_global("numpy", "add") + WRAPPER + b"\x85R",
    "a wrapper handed through a call": stack_global("numpy", "add") + WRAPPER + b")\x81\x85R",
    "a wrapper in a list": b"](" + WRAPPER + b")\x81e",
    "a wrapper as an attribute": stack_global("numpy", "add")
    + b")R}"
    + text("x")
    + WRAPPER
    + b")\x81sb",
    "a wrapper of OBJ": b"(" + WRAPPER + b"o",
    "a wrapper that is set twice": WRAPPER
    + b")\x81\x94"
    + described(0, dtype())
    + b"b0h\x00"
    + described(0, dtype())
    + b"b",
    "no shape": WRAPPER + b")\x81}" + text("dtype") + dtype() + b"sb",
    "a state that is no dict": WRAPPER + b")\x81)b",
    "a shape that is a list": wrapped(0, dtype(), b"", shape=b"]"),
    "a negative shape": wrapped(0, dtype(), b"", shape=b"J\xff\xff\xff\xff\x85"),
    "a shape that overflows": wrapped(
        0, dtype(), b"", shape=b"\x8a\x08" + struct.pack("<q", 2**62) + b"\x85"
    ),
    "a product that overflows": wrapped(
        0, dtype(), b"", shape=b"(" + (b"\x8a\x05" + struct.pack("<q", 2**33)[:5]) * 3 + b"t"
    ),
    "a truth value as a length": wrapped(0, dtype(), b"", shape=b"\x88\x85"),
    "an array longer than the file": wrapped(1000, dtype(), b"abc"),
    "a dtype without state": wrapped(1, dtype(state=b""), b"a"),
    "a dtype that is set twice": wrapped(
        1, dtype() + b"(K\x03" + text("|") + b"NNNK\x01K\x01K\x00tb", b"a"
    ),
    "a number that claims to hold objects": wrapped(1, dtype(flags=b"K\x3f"), b"a"),
    "objects that claim to be plain": wrapped(0, dtype("O8"), b""),
    "a dtype that is a string": wrapped(1, text("u1"), b"a"),
    "an unknown dtype": wrapped(1, dtype("Z9"), b"a"),
    "many fields": wrapped(
        1, dtype(), b"a", more=b"".join(text(f"k{n}") + b"N" for n in range(60))
    ),
    "keys that are no text": wrapped(1, dtype(), b"a", more=b"K\x01N"),
    "a memo that rewrites the shape": wrapped(1, dtype(), b"a", more=text("shape") + b"]"),
}


@pytest.mark.parametrize("name", TRICKS)
def test_a_wrapper_that_joblib_would_not_write_is_refused(tmp_path, name):
    assert scanned(tmp_path, protocol(TRICKS[name])).unreadable


def test_an_array_inside_an_unfinished_frame_is_refused(tmp_path):
    # joblib's reader would take the data from behind the frame, an opcode reader from inside it.
    body = wrapped(3, dtype(), b"abc") + b"."
    framed = b"\x80\x04\x95" + struct.pack("<Q", len(body)) + body
    assert "frame" in scanned(tmp_path, framed).unreadable


def test_arrays_of_objects_do_not_nest_without_end(tmp_path):
    value = np.array([None], dtype=object)
    for _ in range(12):
        buffer = io.BytesIO()
        joblib.dump(value, buffer)
        value = np.array([value, None], dtype=object)
    found = scanned(tmp_path, buffer.getvalue())
    assert found.findings == ()
