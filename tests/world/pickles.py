"""Builders of pickles that would run something, with payloads that harm nobody."""

from __future__ import annotations

import io
import pickle
import zipfile
from typing import TYPE_CHECKING, Any

from bot.core.lock import Artifact
from bot.core.policy import ArtifactRules
from bot.world.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

    from bot.core.questions import Scan


class Calls:
    """Pickles as a call of something."""

    def __init__(self, target: Any, *args: Any) -> None:
        self._call = target, args

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self._call


def looked_at(path: Path, flavor: str, **rules: Any) -> Scan:
    """Scan a file as a flavor, under a policy that allows every one unless told otherwise."""
    every = ("onnx", "skops", "xgboost", "lightgbm", "joblib", "pickle", "mlflow", "runner")
    rules.setdefault("flavors", every)
    artifact = Artifact(uri="m", digest="sha256:" + "0" * 64, flavor=flavor)
    return scan(path, artifact, ArtifactRules(**rules))


def text(value: str) -> bytes:
    """Push a string."""
    raw = value.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def stack_global(module: str, name: str) -> bytes:
    """Push a global from two strings."""
    return text(module) + text(name) + b"\x93"


def protocol(body: bytes, version: int = 4) -> bytes:
    """Wrap opcodes as a pickle."""
    return b"\x80" + bytes([version]) + body + b"."


def zipped(data: bytes, *, broken: bool = False) -> bytes:
    """Put a pickle where torch puts it, with a wrong checksum if wanted."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", data)
    whole = bytearray(buffer.getvalue())
    if broken:
        place = whole.index(data)
        whole[place + len(data) // 2] ^= 0xFF
    return bytes(whole)


def dumped(value: object, version: int = 4) -> bytes:
    """Pickle a value."""
    return pickle.dumps(value, protocol=version)
