"""Golden files: what people read, kept as files and changed only on purpose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write golden files anew")


@pytest.fixture(scope="session")
def templates() -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in (ROOT / "templates").iterdir()}


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with a golden file, or write it when asked to."""
    update = request.config.getoption("--update", default=False)

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if update:
            path.write_text(text, "utf-8")
        assert path.exists(), f"{name} is not there yet; run pytest --update"
        assert text == path.read_text("utf-8")

    return compare
