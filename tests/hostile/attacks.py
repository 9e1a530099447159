"""A model that tries everything, and answers with the sum of what succeeded.

Each attack is a bit of the one number it answers for every row; 0 means contained.
"""

# ruff: noqa: PTH208, PTH101, S103, S606, BLE001 -- a model of an attacker: plain calls, one after another

from __future__ import annotations

import ctypes
import json
import os
import resource
import socket
from pathlib import Path

import numpy as np

TARGET = json.loads((Path(__file__).parent / "target.json").read_text())
LIBC = ctypes.CDLL(None, use_errno=True)


def own_environment():
    return any("TOKEN" in name for name in os.environ)


def foreign_environments():
    found = []
    for entry in [
        *Path("/proc").glob("[0-9]*"),
        *map(Path, (f"/proc/{TARGET['parent']}", "/proc/1")),
    ]:
        try:
            found.append(b"PATH=" in (entry / "environ").read_bytes())
        except OSError:
            continue
    return any(found)


def parent_environment():
    return b"PATH=" in Path(f"/proc/{os.getppid()}/environ").read_bytes()


def first_environment():
    return b"PATH=" in Path("/proc/1/environ").read_bytes()


def parent_files():
    return bool(os.listdir(f"/proc/{TARGET['parent']}/fd"))


def dotfile():
    return bool(Path(TARGET["secret"]).read_bytes())


def shadow():
    return bool(Path("/etc/shadow").read_bytes())


def labels():
    return bool(Path(TARGET["labels"]).read_bytes())


def write_outside():
    Path(TARGET["outside"]).write_text("written")
    return True


def write_artifact():
    (Path(__file__).parent / "model.py").write_text("")
    return True


def write_features():
    features = [
        line for line in Path("/proc/self/maps").read_text().split() if line.endswith(".npy")
    ]
    Path(features[0]).write_bytes(b"")
    return True


def change_mode():
    os.chmod(TARGET["secret"], 0o777)
    return True


def link_out():
    os.link(TARGET["secret"], "stolen")
    return True


def connect_tcp():
    with socket.create_connection(("127.0.0.1", TARGET["tcp"]), timeout=1):
        return True


def connect_unix():
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(TARGET["unix"])
        return True


def make_netlink():
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW):
        return True


def signal_parent():
    os.kill(TARGET["parent"], 0)
    return True


def trace_parent():
    seize = 0x4206
    return LIBC.ptrace(seize, TARGET["parent"], None, None) == 0


def read_parent_memory():
    handle = os.open(f"/proc/{TARGET['parent']}/mem", os.O_RDONLY)
    return handle >= 0


def raise_limits():
    most = resource.RLIM_INFINITY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    return True


def fork():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return True


def new_namespaces():
    new_user, new_net = 0x10000000, 0x40000000
    return LIBC.unshare(new_user | new_net) == 0


def become_root():
    os.execv("/bin/sh", ["sh", "-c", "exit 0"])


ATTACKS = (
    own_environment, foreign_environments, parent_environment, first_environment, parent_files,
    dotfile, shadow, labels, write_outside, write_artifact, write_features, change_mode, link_out,
    connect_tcp, connect_unix, make_netlink, signal_parent, trace_parent, read_parent_memory,
    raise_limits, fork, new_namespaces,
)  # fmt: skip


def succeeds(attack):
    try:
        return bool(attack())
    except Exception:
        return False


def predict(frame):
    bits = sum(1 << place for place, attack in enumerate(ATTACKS) if succeeds(attack))
    return np.full(len(frame), float(bits))
