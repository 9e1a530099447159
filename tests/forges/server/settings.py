"""The operations about a repository's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .answers import Answer

ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = ()
