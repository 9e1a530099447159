"""What the doctor may send besides what the bot sends."""

from __future__ import annotations

_R = "/repos/{owner}/{repo}"
SETTINGS = frozenset(
    {
        ("GET", f"{_R}/installation"),
    }
)
