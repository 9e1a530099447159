from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.stories.workshop import Workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


@pytest.fixture
def champion(workshop: Workshop) -> Workshop:
    """A workshop in which version 1 serves production."""
    workshop.judge(workshop.promote("1"))
    workshop.ana.pulls()
    return workshop


@pytest.fixture
def copies(tmp_path: Path) -> object:
    """Copy a folder as often as a story starts again."""

    def copy(folder: Path, name: str) -> Path:
        return Path(shutil.copytree(folder, tmp_path / name, symlinks=True))

    return copy
