from __future__ import annotations

from pathlib import Path

import pytest

from tests.guard.yard import Yard


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    """A repository whose policy asks no model anything, so that requests land at once."""
    return Yard(tmp_path)
