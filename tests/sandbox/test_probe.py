"""What holds here is probed wherever the scratch folder lies."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from bot.world import sandbox_probe

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_scratch_folder_may_be_deeper_than_a_socket_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))

    with sandbox_probe._targets() as (given, _):
        assert str(given["secret"]).startswith(tempfile.gettempdir()) is False

    assert list(deep.iterdir()) == []
