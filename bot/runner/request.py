"""What the parent asks of a worker: one JSON file, written by the parent alone."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One run. Nothing in it is secret, and no label or row id is near it."""

    kind: str
    """`answer`, `load`, `turns` or `canary`."""
    layers: tuple[str, ...]
    """Layers to put on before the artifact is opened: `rlimits`, `landlock`, `seccomp`."""
    readable: tuple[str, ...]
    """Places of the interpreter and its libraries."""
    scratch: str
    """Folder with `out` (results) and `tmp`, the only ones that may be written."""
    memory: int
    cpu_seconds: int
    file_bytes: int
    threads: int = 1
    artifact: str = ""
    flavor: str = ""
    module: str = ""
    trusted: tuple[str, ...] = ()
    features: str = ""
    """Folder written by the parent, or empty."""
    task: str = ""
    classes: tuple[str, ...] = ()
    batches: tuple[tuple[int, int], ...] = ()
    """Rows of each question, from and to; asked in this order."""
    places: tuple[int, ...] = ()
    """For turns: the rows of the file that batches count, in the order they are asked."""
    attempts: dict[str, str | int] | None = None
    """For the canary: what to try."""

    @property
    def out(self) -> str:
        """Folder of the results."""
        return f"{self.scratch}/out"

    @property
    def drafts(self) -> str:
        """Folder for what libraries write on their way; nobody reads it."""
        return f"{self.scratch}/tmp"  # noqa: S108 -- inside the scratch


def read(path: str) -> Request:
    """Read a request."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 -- pathlib costs more than this read
        fields = json.load(file)
    for name in ("layers", "readable", "trusted", "classes", "places"):
        fields[name] = tuple(fields.get(name, ()))
    fields["batches"] = tuple((start, stop) for start, stop in fields.get("batches", ()))
    return Request(**fields)
