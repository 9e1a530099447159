"""pickle files; they can run code when they are loaded, so policies opt in."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING

from bot.runner.flavors.estimator import Estimator

if TYPE_CHECKING:
    from bot.runner.flavors import Model
    from bot.runner.request import Request


def prepare() -> None:
    """Need nothing."""


def load(request: Request) -> Model:
    """Load, whatever that runs."""
    with Path(request.artifact).open("rb") as file:
        return Estimator(pickle.load(file))
