"""What a verb tells the workflow it runs in: outputs of its step, and the page of its run."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

_NAME = re.compile(r"[a-z][a-z_]*")
_VALUE = re.compile(r"[A-Za-z0-9:._/@-]{0,200}")
_SUMMARY = 1_000_000
"""Bytes; GitHub takes one MiB a step."""


def output(**values: str) -> None:
    """Set outputs of this step; does nothing outside of a workflow.

    Raises:
        ValueError: a value is not of letters, digits and `:._/@-`, so it could set another output.
    """
    for name, value in values.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ValueError(f"{name} cannot be an output")
    _append("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in values.items()))


def matrix(name: str, rows: Sequence[Mapping[str, int | str]]) -> None:
    """Set an output of this step that a matrix of jobs is made from.

    Raises:
        ValueError: as `output`.
    """
    for value in (value for row in rows for value in row.values()):
        if not _VALUE.fullmatch(str(value)):
            raise ValueError(f"{name} cannot be an output")
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name} cannot be an output")
    _append("GITHUB_OUTPUT", f"{name}={json.dumps(rows, separators=(',', ':'))}\n")


def in_workflow() -> bool:
    """Tell whether a run's page is there to write to."""
    return bool(os.environ.get("GITHUB_STEP_SUMMARY"))


def summarize(markdown: str) -> None:
    """Write to the page of this run, as far as it takes it."""
    text = markdown.encode()[:_SUMMARY].decode("utf-8", "ignore")
    _append("GITHUB_STEP_SUMMARY", text)


def _append(variable: str, text: str) -> None:
    place = os.environ.get(variable)
    if place:
        with Path(place).open("a", encoding="utf-8") as file:
            file.write(text)
