"""Models that take more than they may; `target.json` says what of."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

TARGET = json.loads((Path(__file__).parent / "target.json").read_text())


def memory():
    held = []
    while True:
        held.append(bytearray(64 * 1024 * 1024))


def time_asleep():
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    time.sleep(3600)


def frozen():
    os.kill(os.getpid(), signal.SIGSTOP)


def processor():
    while True:
        pass


def forks():
    while True:
        try:
            os.fork()
        except OSError:
            time.sleep(0.01)


def orphan():
    if os.fork() == 0:
        os.setsid()
        Path("../out/..").resolve()
        time.sleep(3600)
    time.sleep(3600)


def scratch():
    for number in range(10**6):
        Path(f"{number}.bin").write_bytes(bytes(1_000_000))


def many_files():
    for number in range(10**6):
        Path(f"{number}.bin").touch()


def one_large_file():
    with Path("large.bin").open("wb") as file:
        while True:
            file.write(bytes(10_000_000))


def screen():
    for _ in range(200):
        os.write(1, b"PASSED " * 100_000)


def shell():
    subprocess.run(["/bin/sh", "-c", "id"], check=True)


def exits():
    raise SystemExit(0)


def crash():
    os.abort()


def predict(frame):
    globals()[TARGET["takes"]]()
    return frame["a"].to_numpy() * 0.0
