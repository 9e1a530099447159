"""Gathering answers every need once; each kind of question has one provider."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.core.evidence import Absent, Evidence, Fact
from bot.core.questions import (
    Answered,
    Clock,
    Held,
    Judged,
    Loaded,
    Overlapped,
    Scanned,
    Timed,
    Weighed,
)
from bot.world.gathering import Gathering
from bot.world.models import InSandbox
from bot.world.store import Kind, Local

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bot.core.evidence import Need
    from bot.core.questions import Overlap, Scan, Weight
    from bot.world.models import Models
    from bot.world.store import Store


def gather(
    needs: frozenset[Need[Any]],
    store: Store,
    cache: Path,
    version: str,
    say: Callable[[str], None],
    models: Models | None = None,
) -> Evidence:
    """Answer every need; what cannot be had is absent, with its reason.

    Args:
        needs: What is asked.
        store: Where bytes come from.
        cache: Where they, and answers, are kept.
        version: Of Lockstep.
        say: Told what is going on.
        models: Who asks models; by default the sandbox of this machine.
    """
    models = models or InSandbox()
    with (
        tempfile.TemporaryDirectory(prefix="lockstep-") as folder,
        ThreadPoolExecutor(1) as aside,
    ):
        gathering = Gathering(store, cache, version, say, Path(folder))
        # The canaries run while rows are read.
        aside.submit(models.begin, needs, gathering)
        for need in needs:
            if isinstance(need, Scanned):
                gathering.scans[need.artifact] = scanned(need, gathering)
        models.answer([need for need in needs if isinstance(need, Answered)], gathering)
        facts = {need: _fact(need, _provide(need, gathering, models)) for need in _ordered(needs)}
        return Evidence(facts)


def _ordered(needs: Iterable[Need[Any]]) -> list[Need[Any]]:
    """Time models last and alone, when no other model runs."""
    return sorted(needs, key=lambda need: isinstance(need, Timed))


def scanned(need: Scanned, gathering: Gathering) -> Scan | Absent:
    """Read an artifact without loading it."""
    from bot.world.scan import scan

    local = gathering.artifact(need.artifact, need.rules)
    return local if isinstance(local, Absent) else scan(local.path, need.artifact, need.rules)


def overlapped(need: Overlapped, gathering: Gathering) -> Overlap | Absent:
    """Compare a hold-out with a manifest."""
    from bot.world.overlap import overlap

    gathering.say("comparing the hold-out with the training rows")
    judged = gathering.file(need.dataset.uri, need.dataset.digest, Kind.DATA)
    manifest = gathering.file(need.manifest.uri, need.manifest.digest, Kind.MANIFEST)
    if isinstance(judged, Absent):
        return judged
    if isinstance(manifest, Absent):
        return manifest
    return overlap(need.dataset, judged.path, manifest.path, gathering.cache / "hashes")


def _provide(  # noqa: PLR0911 -- one arm a question
    need: Need[Any], gathering: Gathering, models: Models
) -> Any:
    match need:
        case Clock():
            return datetime.now(UTC)
        case Weighed():
            return _weight(gathering.artifact(need.artifact, need.rules))
        case Held():
            return _weight(gathering.file(need.uri, need.digest, Kind.ARTIFACT))
        case Scanned():
            return gathering.scans[need.artifact]
        case Loaded():
            return models.loaded(need, gathering)
        case Answered():
            return gathering.answers[need.artifact, need.dataset]
        case Judged():
            return gathering.holdout(need.dataset)
        case Overlapped():
            return overlapped(need, gathering)
        case Timed():
            return models.timed(need, gathering)
        case _:
            raise TypeError(f"no provider answers {type(need).__name__}")


def _weight(local: Local | Absent) -> Weight | Absent:
    return local if isinstance(local, Absent) else local.weight


def _fact(need: Need[Any], value: Any) -> Fact[Any] | Absent:
    return value if isinstance(value, Absent) else Fact(value=value, source=type(need).__name__)
