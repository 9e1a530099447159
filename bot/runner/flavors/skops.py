"""skops files: only types the library knows to be harmless, and those the policy names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.runner.flavors.estimator import Estimator

if TYPE_CHECKING:
    from bot.runner.flavors import Model
    from bot.runner.request import Request


def prepare() -> None:
    """Import skops."""
    import skops.io  # noqa: F401 -- so that a missing library is told from a bad artifact


def load(request: Request) -> Model:
    """Load with the pinned types."""
    from skops.io import load as read

    return Estimator(read(request.artifact, trusted=list(request.trusted)))
