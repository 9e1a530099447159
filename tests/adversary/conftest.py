"""What the suites of adversaries share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.world.here import packaged_templates
from tests.adversary.room import Room

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def templates() -> dict[str, str]:
    return packaged_templates()


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)
