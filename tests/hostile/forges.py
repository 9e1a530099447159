"""A model that writes its own results and ends before the worker can write the true ones."""

# ruff: noqa: C901, PLR0912, T201, PTH211, ARG001 -- a model of an attacker: plain calls, one after another

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import numpy as np

TARGET = json.loads((Path(__file__).parent / "target.json").read_text())
OUT = Path("../out")
HONEST = {
    "stage": 4, "exception": -1, "load_seconds": 0.0, "predict_seconds": 0.0, "peak_bytes": 1,
    "warnings": 0, "unknown_features": 0, "unknown_classes": 0, "landlock": 7,
}  # fmt: skip


def save(array):
    np.save(OUT / "predicted.npy", array, allow_pickle=True)


def header(shape, descr="'<f8'"):
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


class Payload:
    def __reduce__(self):
        return (Path(TARGET["outside"]).write_text, ("unpickled",))


def trick(rows):
    file, numbers = OUT / "predicted.npy", OUT / "numbers.json"
    good = np.zeros(rows)
    match TARGET["trick"]:
        case "verdict on the screen":
            print('{"outcome": "PASSED"}\n::set-output name=verdict::PASSED', flush=True)
            (OUT / "verdict.json").write_text('{"outcome": "PASSED"}')
        case "pickle instead of numbers":
            save(np.array([Payload()] * rows, dtype=object))
        case "bare pickle":
            file.write_bytes(pickle.dumps(Payload()))
        case "not a number":
            save(np.full(rows, np.nan))
        case "class that does not exist":
            save(np.full(rows, 7.0))
        case "too many rows":
            save(np.zeros(rows + 1))
        case "another type":
            save(np.zeros(rows, dtype=np.int64))
        case "huge header":
            file.write_bytes(b"\x93NUMPY\x01\x00" + (60_000).to_bytes(2, "little") + b"(" * 60_000)
        case "huge shape":
            file.write_bytes(header(f"({10**15},)"))
        case "header that is code":
            file.write_bytes(header("__import__('os').getpid()"))
        case "link":
            os.symlink(TARGET["labels"], file)
        case "folder":
            file.mkdir()
        case "pipe":
            os.mkfifo(file)
        case "too large":
            file.write_bytes(header(f"({rows},)") + bytes(8 * rows + 1_000_000))
        case "no account":
            save(good)
            numbers.unlink()
        case "text in the account":
            numbers.write_text(json.dumps({**HONEST, "warnings": "<img src=x>"}))
        case "nested account":
            numbers.write_text("[" * 4_000)
        case "infinite account":
            numbers.write_text(json.dumps({**HONEST, "predict_seconds": float("inf")}))
        case "large account":
            numbers.write_text(json.dumps(HONEST) + " " * 10_000)
        case "more time than passed":
            numbers.write_text(json.dumps({**HONEST, "load_seconds": 1e6}))
        case "no answers":
            file.unlink(missing_ok=True)


def predict(frame):
    (OUT / "numbers.json").write_text(json.dumps(HONEST))
    save(np.zeros(TARGET["rows"]))
    if TARGET["trick"] in {"link", "folder", "pipe"}:
        (OUT / "predicted.npy").unlink()
    trick(TARGET["rows"])
    os._exit(0)
