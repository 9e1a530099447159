"""ONNX files: a graph of operators, no code; onnxruntime and numpy open them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.runner.flavors import Answer, present

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.runner.flavors import Model
    from bot.runner.request import Request
    from bot.runner.table import Table

_TYPES: dict[str, type[np.generic]] = {
    "float": np.float32, "double": np.float64, "float16": np.float16, "bool": np.bool_,
    "int8": np.int8, "int16": np.int16, "int32": np.int32, "int64": np.int64,
    "uint8": np.uint8, "uint16": np.uint16, "uint32": np.uint32, "uint64": np.uint64,
    "string": np.str_,
}  # fmt: skip


class Graph:
    """A session whose inputs are the columns, or one matrix of all of them."""

    def __init__(self, session: Any, task: str) -> None:
        self._session, self._task = session, task
        self._wanted = {given.name: _TYPES[_element(given.type)] for given in session.get_inputs()}
        self._one = len(self._wanted) == 1
        described = session.get_modelmeta().custom_metadata_map.get("feature_names")
        self._names: tuple[str, ...] | None = None if self._one else tuple(self._wanted)
        if self._one and described:
            self._names = tuple(str(name) for name in json.loads(described))
        self.owned: Sequence[object] | None = None

    def asks(self, columns: Sequence[str]) -> tuple[str, ...] | None:
        """Return the input names, or those in the `feature_names` of the metadata."""
        first = self._session.get_inputs()[0]
        # One narrow input that is named as a column is about that column.
        if self._one and self._names is None and first.name in columns and first.shape[-1:] == [1]:
            return (first.name,)
        return self._names

    def inputs(self, table: Table) -> Any:
        """Return one array per input, of the type the graph declares."""
        names = present(self, table)
        if self._one:
            (name, kind) = next(iter(self._wanted.items()))
            if kind is np.str_:
                return {name: np.column_stack([_cast(table.column(n), kind) for n in names])}
            return {name: table.matrix(names, kind)}
        return {name: _cast(table.column(name), self._wanted[name])[:, None] for name in names}

    def answer(self, inputs: Any) -> Answer:
        """Take labels and probabilities from the outputs, whatever their order and names."""
        outputs = self._session.run(None, inputs)
        if self._task == "regression":
            return Answer(outputs[0])
        labels = next((found for found in outputs if _is_label(found)), None)
        found = next((found for found in outputs if not _is_label(found)), None)
        if isinstance(found, list):
            self.owned = list(found[0])
            table = np.array([list(row.values()) for row in found])
            return Answer(labels, table, self.owned)
        return Answer(labels, found)


def prepare() -> None:
    """Import onnxruntime."""
    import onnxruntime  # noqa: F401 -- so that a missing library is told from a bad artifact


def load(request: Request) -> Model:
    """Open a session on the processor, with the threads it may use."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = request.threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        request.artifact, options, providers=["CPUExecutionProvider"]
    )
    return Graph(session, request.task)


def _element(declared: str) -> str:
    match = re.fullmatch(r"tensor\((\w+)\)", declared)
    return match[1] if match else declared


def _cast(column: Any, kind: type[np.generic]) -> Any:
    if kind is not np.str_:
        return np.asarray(column).astype(kind)
    return np.array([_text(value) for value in np.asarray(column, dtype=object)], dtype=object)


def _text(value: object) -> str:
    # A missing text is the empty string, as converters of encoders expect it.
    missing = value is None or (isinstance(value, float) and value != value)  # noqa: PLR0124 -- only NaN differs from itself
    return "" if missing else str(value)


def _is_label(found: Any) -> bool:
    if isinstance(found, list):
        return False
    return found.dtype.kind in "iubOUS" and (found.ndim == 1 or found.shape[1] == 1)
