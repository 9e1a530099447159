"""The `runner` flavor: a module inside the artifact's folder that predicts.

Its contract is in bot/runner/README.md.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from bot.runner.flavors import Answer, NoModel, present

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.runner.flavors import Model
    from bot.runner.request import Request
    from bot.runner.table import Table


class Module:
    """Asks the module's `predict`."""

    def __init__(self, module: Any) -> None:
        if not callable(getattr(module, "predict", None)):
            raise NoModel
        self._predict = module.predict
        features, classes = getattr(module, "FEATURES", None), getattr(module, "CLASSES", None)
        self._names = None if features is None else tuple(str(name) for name in features)
        self.owned: Sequence[object] | None = None if classes is None else list(classes)

    def asks(self, columns: Sequence[str]) -> tuple[str, ...] | None:  # noqa: ARG002 -- the protocol's
        """Return the module's FEATURES."""
        return self._names

    def inputs(self, table: Table) -> Any:
        """Return a DataFrame."""
        return table.frame(present(self, table))

    def answer(self, inputs: Any) -> Answer:
        """Ask for labels, or for labels and scores."""
        said = self._predict(inputs)
        labels, scores = said if isinstance(said, tuple) and len(said) == 2 else (said, None)
        return Answer(labels, scores, self.owned)


def prepare() -> None:
    """Need nothing."""


def load(request: Request) -> Model:
    """Import the module from the folder and from nowhere else."""
    name = request.module or "model"
    sys.dont_write_bytecode = True
    sys.path.insert(0, request.artifact)
    return Module(importlib.import_module(name))
