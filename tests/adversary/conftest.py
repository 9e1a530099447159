"""What the suites of adversaries share."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def templates() -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in (ROOT / "templates").iterdir()}
