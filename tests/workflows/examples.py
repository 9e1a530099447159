"""GitHub's own examples of payloads: real shapes, adapted to the repository of a test."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tests.forges.downloads import member, webhooks_archive

EDITIONS = ("api.github.com", "ghes-31", "ghes-32", "ghes-33", "ghes-34", "ghes-35")


@cache
def examples(edition: str = "api.github.com") -> dict[str, list[dict[str, Any]]]:
    """Read the payloads of every kind of event; skips where they cannot be had."""
    listed = json.loads(member(webhooks_archive(), f"package/{edition}/index.json"))
    return {entry["name"]: entry["examples"] for entry in listed}
