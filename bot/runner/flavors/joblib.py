"""joblib files; they can run code when they are loaded, so policies opt in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.runner.flavors.estimator import Estimator

if TYPE_CHECKING:
    from bot.runner.flavors import Model
    from bot.runner.request import Request


def prepare() -> None:
    """Import joblib."""
    import joblib  # noqa: F401 -- so that a missing library is told from a bad artifact


def load(request: Request) -> Model:
    """Load, whatever that runs."""
    import joblib

    return Estimator(joblib.load(request.artifact))
