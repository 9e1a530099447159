"""How each flavor of artifact is opened: one file each, and this table.

A flavor has `prepare()`, which imports its library before the artifact is opened, and
`load(request)`, which returns a model.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.runner.request import Request
    from bot.runner.table import Table


class NoModel(Exception):  # noqa: N818 -- named as the sentence reads
    """What was loaded cannot answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said about some rows, in its own labels."""

    labels: Any
    """(n,) labels or values; None when scores alone are known."""
    scores: Any = None
    """(n, k) or (n,), or None."""
    owned: Sequence[object] | None = None
    """The classes of the score columns; None when the model does not say."""


class Model(Protocol):
    """A loaded model."""

    owned: Sequence[object] | None
    """Classes it can answer; None when it does not say."""

    def asks(self, columns: Sequence[str]) -> tuple[str, ...] | None:
        """Return the columns it asks for by name, spelled as the data do; None for all."""

    def inputs(self, table: Table) -> Any:
        """Lay rows out as the model takes them."""

    def answer(self, inputs: Any) -> Answer:
        """Predict."""


class Flavor(Protocol):
    """A module of this folder."""

    def prepare(self) -> None:
        """Import the library."""

    def load(self, request: Request) -> Model:
        """Open the artifact."""


_MODULES = {
    "onnx": "onnx",
    "skops": "skops",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "joblib": "joblib",
    "pickle": "pickled",
    "mlflow": "mlflow",
    "runner": "folder",
}


def flavor(name: str) -> Flavor:
    """Return a flavor of the table.

    Raises:
        KeyError: there is no such flavor.
    """
    found: Any = importlib.import_module(f"bot.runner.flavors.{_MODULES[name]}")
    chosen: Flavor = found
    return chosen


def present(model: Model, table: Table) -> tuple[str, ...]:
    """Return the columns to hand over: those asked for that exist, or all."""
    names = model.asks(table.names)
    if names is None:
        return table.names
    return tuple(name for name in names if name in table.names)
