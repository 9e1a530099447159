"""lightgbm's own text files: trees and numbers, no code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.runner.flavors import Answer, present

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.runner.flavors import Model
    from bot.runner.request import Request
    from bot.runner.table import Table


class Trees:
    """A booster; its classes are numbered in sorted order."""

    def __init__(self, booster: Any, task: str, threads: int) -> None:
        self._booster, self._task, self._threads = booster, task, threads
        names = tuple(str(name) for name in booster.feature_name())
        # A booster trained on an array calls its columns Column_0, Column_1, ...
        unnamed = all(re.fullmatch(r"Column_\d+", name) for name in names)
        self._stored: tuple[str, ...] | None = None if unnamed else names
        self.owned: Sequence[object] | None = None

    def asks(self, columns: Sequence[str]) -> tuple[str, ...] | None:
        """Return the names it was trained on; lightgbm stores blanks in them as underscores."""
        if self._stored is None:
            return None
        spelled = {re.sub(r"\s", "_", name): name for name in columns}
        return tuple(spelled.get(name, name) for name in self._stored)

    def inputs(self, table: Table) -> Any:
        """Return an array, or a DataFrame whose texts are categories."""
        names = present(self, table)
        if table.numeric(names):
            return table.matrix(names)
        frame = table.frame(names)
        for name in names:
            if not table.numeric([name]):
                frame[name] = frame[name].astype("category")
        return frame

    def answer(self, inputs: Any) -> Answer:
        """Return probabilities, or values for a regression."""
        raw = self._booster.predict(inputs, num_threads=self._threads)
        return Answer(raw) if self._task == "regression" else Answer(None, raw)


def prepare() -> None:
    """Import lightgbm."""
    import lightgbm  # noqa: F401 -- so that a missing library is told from a bad artifact


def load(request: Request) -> Model:
    """Read a booster."""
    import lightgbm

    return Trees(lightgbm.Booster(model_file=request.artifact), request.task, request.threads)
