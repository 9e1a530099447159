"""xgboost's own JSON and UBJ files: trees and numbers, no code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.runner.flavors import Answer, present

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.runner.flavors import Model
    from bot.runner.request import Request
    from bot.runner.table import Table


class Trees:
    """A booster; its classes are numbered in sorted order."""

    def __init__(self, booster: Any, threads: int) -> None:
        booster.set_param({"nthread": threads})
        self._booster = booster
        names = booster.feature_names
        self._names: tuple[str, ...] | None = tuple(names) if names else None
        self.owned: Sequence[object] | None = None
        settings = json.loads(booster.save_config())
        self._objective = str(settings["learner"]["objective"]["name"])

    def asks(self, columns: Sequence[str]) -> tuple[str, ...] | None:  # noqa: ARG002 -- the protocol's
        """Return the names it was trained on."""
        return self._names

    def inputs(self, table: Table) -> Any:
        """Return a DMatrix; text becomes categories."""
        import xgboost

        names = present(self, table)
        if table.numeric(names):
            named = None if self._names is None else list(names)
            return xgboost.DMatrix(table.matrix(names, np.float32), feature_names=named)
        frame = table.frame(names)
        for name in names:
            if not table.numeric([name]):
                frame[name] = frame[name].astype("category")
        return xgboost.DMatrix(frame, enable_categorical=True)

    def answer(self, inputs: Any) -> Answer:
        """Return probabilities, or values where the objective is none of classes."""
        raw = self._booster.predict(inputs)
        if self._objective == "binary:logitraw":
            raw = 1.0 / (1.0 + np.exp(-raw.astype(np.float64)))
        if self._objective.startswith(("binary:logi", "multi:softprob")):
            return Answer(None, raw)
        return Answer(raw)


def prepare() -> None:
    """Import xgboost."""
    import xgboost  # noqa: F401 -- so that a missing library is told from a bad artifact


def load(request: Request) -> Model:
    """Read a booster."""
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(request.artifact)
    return Trees(booster, request.threads)
