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
from bot.world.answers_cache import keep, kept
from bot.world.gathering import Gathering
from bot.world.store import Kind, Local

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bot.core.evidence import Need
    from bot.core.questions import Answers, Overlap, Rehearsal, Scan, Timings, Weight
    from bot.world.store import Store

AT_ONCE = 2
"""Models that answer at the same time: champion and challenger."""


def gather(
    needs: frozenset[Need[Any]],
    store: Store,
    cache: Path,
    version: str,
    say: Callable[[str], None],
) -> Evidence:
    """Answer every need; what cannot be had is absent, with its reason."""
    with (
        tempfile.TemporaryDirectory(prefix="lockstep-") as folder,
        ThreadPoolExecutor(1) as aside,
    ):
        gathering = Gathering(store, cache, version, say, Path(folder))
        if any(isinstance(need, Answered | Loaded | Timed) for need in needs):
            # The canaries run while rows are read.
            aside.submit(lambda: gathering.sandbox)
        for need in needs:
            if isinstance(need, Scanned):
                gathering.scans[need.artifact] = scanned(need, gathering)
        asked = [need for need in needs if isinstance(need, Answered)]
        for dataset in {need.dataset for need in asked}:
            gathering.holdout(dataset)
            gathering.features(dataset)
        _answer_all(asked, gathering)
        return Evidence({need: _fact(need, _provide(need, gathering)) for need in _ordered(needs)})


def _ordered(needs: Iterable[Need[Any]]) -> list[Need[Any]]:
    """Time models last and alone, when no other model runs."""
    return sorted(needs, key=lambda need: isinstance(need, Timed))


def _answer_all(asked: list[Answered], gathering: Gathering) -> None:
    if not asked:
        return
    gathering.say(f"asking {len(asked)} model{'s' if len(asked) > 1 else ''} in the sandbox")
    _ = gathering.sandbox
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(lambda need: answered(need, gathering), asked)
        for need, answers in zip(asked, found, strict=True):
            gathering.answers[need.artifact, need.dataset] = answers


def answered(need: Answered, gathering: Gathering) -> Answers | Absent:
    """Let a model answer, or read what it answered before."""
    from bot.world.predict import answer

    local = gathering.runnable(need.artifact, need.artifacts)
    rows = gathering.holdout(need.dataset)
    features = gathering.features(need.dataset)
    if isinstance(local, Absent):
        return local
    if isinstance(rows, Absent):
        return rows
    if isinstance(features, Absent):
        return features
    before = kept(gathering.cache, need, gathering.version)
    if before is not None:
        return before
    found = answer(
        local.path,
        need.artifact,
        need.artifacts,
        need.sandbox,
        gathering.sandbox,
        features,
        rows.classes,
    )
    if not isinstance(found, Absent):
        keep(gathering.cache, need, gathering.version, found)
    return found


def scanned(need: Scanned, gathering: Gathering) -> Scan | Absent:
    """Read an artifact without loading it."""
    from bot.world.scan import scan

    local = gathering.artifact(need.artifact, need.rules)
    return local if isinstance(local, Absent) else scan(local.path, need.artifact, need.rules)


def loaded(need: Loaded, gathering: Gathering) -> Rehearsal | Absent:
    """Load a model; a run that answered has loaded it already."""
    from bot.world.predict import load_only

    for (artifact, dataset), answers in gathering.answers.items():
        if artifact == need.artifact and need.dataset in (None, dataset):
            return answers if isinstance(answers, Absent) else answers.rehearsal
    gathering.say("loading a model in the sandbox")
    local = gathering.runnable(need.artifact, need.artifacts)
    features = None if need.dataset is None else gathering.features(need.dataset)
    if isinstance(local, Absent):
        return local
    if isinstance(features, Absent):
        return features
    classes: tuple[str, ...] = ()
    if need.dataset is not None:
        rows = gathering.holdout(need.dataset)
        if isinstance(rows, Absent):
            return rows
        classes = rows.classes
    return load_only(
        local.path,
        need.artifact,
        need.artifacts,
        need.sandbox,
        gathering.sandbox,
        features,
        classes,
    )


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


def timed(need: Timed, gathering: Gathering) -> Timings | Absent:
    """Time requests of two models in turn."""
    from bot.world.timing import Runner, timings

    gathering.say(f"timing {need.requests} requests")
    features = gathering.features(need.dataset)
    if isinstance(features, Absent):
        return features
    rows = gathering.holdout(need.dataset)
    if isinstance(rows, Absent):
        return rows
    contenders = (need.challenger, need.champion)
    known = [gathering.answers.get((one, need.dataset)) if one else None for one in contenders]
    runners = []
    for artifact in contenders:
        local = None if artifact is None else gathering.runnable(artifact, need.artifacts)
        if isinstance(local, Absent):
            return local
        runners.append(Runner(local.path, artifact) if local and artifact else None)
    challenger, champion = runners
    assert challenger is not None, "every need names one"  # noqa: S101 -- narrows a type
    return timings(
        challenger,
        champion,
        need.artifacts,
        need.sandbox,
        gathering.sandbox,
        features=features,
        requests=need.requests,
        rows_per_request=need.rows_per_request,
        classes=rows.classes,
        answers=[None if isinstance(one, Absent) else one for one in known],
    )


def _provide(need: Need[Any], gathering: Gathering) -> Any:  # noqa: PLR0911 -- one arm a question
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
            return loaded(need, gathering)
        case Answered():
            return gathering.answers[need.artifact, need.dataset]
        case Judged():
            return gathering.holdout(need.dataset)
        case Overlapped():
            return overlapped(need, gathering)
        case Timed():
            return timed(need, gathering)
        case _:
            raise TypeError(f"no provider answers {type(need).__name__}")


def _weight(local: Local | Absent) -> Weight | Absent:
    return local if isinstance(local, Absent) else local.weight


def _fact(need: Need[Any], value: Any) -> Fact[Any] | Absent:
    return value if isinstance(value, Absent) else Fact(value=value, source=type(need).__name__)
