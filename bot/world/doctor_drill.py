"""The way back, walked before it is needed: what a rollback returns to is there and loads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.evidence import EvidenceMissing
from bot.core.history import past
from bot.core.questions import Loaded, Scanned, Weighed
from bot.core.reign import reigns, restorable
from bot.world.doctor_diagnosis import fine, unknown, warning, wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from bot.core.evidence import Evidence, Need
    from bot.core.history import Snapshot
    from bot.core.lock import Entry
    from bot.core.policyfile import Policy
    from bot.world.doctor_diagnosis import Diagnosis
    from bot.world.doctor_policies import Rulebook
    from bot.world.sandbox import Sandbox
    from bot.world.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """A version that one stage of one model may return to."""

    model: str
    stage: str
    champion: str
    version: str | None
    """None when there is nothing to return to."""
    entry: Entry | None
    """None when the lock no longer describes the version."""
    policy: Policy | None
    barred: str = ""
    """Why the version may not serve any more, though it is there."""


def ways_back(
    book: Rulebook, histories: Mapping[str, Sequence[Snapshot]], *, deep: bool
) -> tuple[WayBack, ...]:
    """Say for every model and stage what a rollback returns to.

    Args:
        book: What serves now.
        histories: What each model was, newest first.
        deep: Every version within the policy's window, not only the first.
    """
    found: list[WayBack] = []
    for name, model in sorted(book.models.items()):
        policy = book.policy(name)
        known = past(name, histories.get(name, ()))
        window = policy.head.rollback.window if policy else 1
        for stage, champion in model.stages.items():
            earlier = restorable(reigns(known, name, stage), champion, window if deep else 1)
            versions: list[str | None] = [*earlier] or [None]
            found += [
                WayBack(
                    model=name,
                    stage=stage,
                    champion=champion,
                    version=version,
                    entry=model.versions.get(version) if version else None,
                    policy=policy,
                    barred=model.retired.get(version, "") if version else "",
                )
                for version in versions
            ]
    return tuple(found)


def walked(
    ways: Sequence[WayBack], store: Store, cache: Path, version: str, say: Callable[[str], None]
) -> Evidence:
    """Fetch, hash, scan and load in the sandbox what the ways lead to."""
    from bot.world.gather import gather

    needs: set[Need[Any]] = set()
    for way in ways:
        if way.entry is not None and way.policy is not None:
            needs |= set(_needs(way.entry, way.policy))
    return gather(frozenset(needs), store, cache, version, say)


def _needs(entry: Entry, policy: Policy) -> tuple[Weighed, Scanned, Loaded]:
    artifact, rules = entry.artifact, policy.artifacts
    return (
        Weighed(artifact, rules),
        Scanned(artifact, rules),
        Loaded(artifact, rules, policy.sandbox),
    )


def diagnose_ways(ways: Sequence[WayBack], evidence: Evidence) -> Iterator[Diagnosis]:
    """Say which stages can be taken back, and which cannot."""
    for way in ways:
        yield _way(way, evidence)
    if not ways:
        yield fine("way-back", "nothing serves yet, so there is nothing to take back")


def _way(way: WayBack, evidence: Evidence) -> Diagnosis:
    place = f"{way.model} {way.stage}"
    if way.version is None:
        return fine("way-back", f"{place}: {way.champion} is its first champion; nothing earlier")
    title = f"{place}: back from {way.champion} to {way.version}"
    if way.entry is None:
        what = f"{title}: the lock no longer describes version {way.version}"
        return wrong("way-back", what, "restore it from history: versions are never removed")
    if way.policy is None:
        what = f"{title}: no one policy covers {way.model}, so nothing is loaded"
        return unknown("way-back", what)
    if way.barred:
        what = f"{title}: it is retired ({way.barred})"
        return warning("way-back", what, "choose another way back")
    return _loaded(title, way.entry, way.policy, evidence)


def _loaded(title: str, entry: Entry, policy: Policy, evidence: Evidence) -> Diagnosis:
    weighed, scanned, loaded = _needs(entry, policy)
    try:
        _ = evidence[weighed]
        scan = evidence[scanned]
        objections = (*scan.findings, *([scan.unreadable] if scan.unreadable else []))
        if objections:
            what = f"{title}: the scan objects to {', '.join(objections[:3])}"
            return wrong("way-back", what, "see the gate unsafe_code in docs/gates.md")
        seconds = evidence[loaded].load_seconds
    except EvidenceMissing as missing:
        absent = missing.absent
        return wrong("way-back", f"{title}: {absent.reason}", absent.remedy)
    return fine("way-back", f"{title}: it is there, hashes and loads ({seconds:.1f} s)")


def diagnose_sandbox(book: Rulebook, sandbox: Sandbox) -> Iterator[Diagnosis]:
    """Check that this machine gives the layers each policy asks for."""
    weak = False
    for policy in book.policies:
        refusal = sandbox.refusal(policy.sandbox)
        if refusal is not None:
            weak = True
            yield wrong("sandbox", f"{policy.path}: {refusal.reason}", refusal.remedy)
            continue
        for said in sandbox.said(policy.sandbox):
            weak = True
            remedy = "the report says so each time; a newer kernel or bubblewrap may give it"
            yield warning("sandbox", f"{policy.path} prefers {said}", remedy)
    layers = ", ".join(sandbox.layers) or "no layer"
    if not weak:
        yield fine("sandbox", f"this machine holds {layers}")
    else:
        yield fine("sandbox", f"what this machine does hold: {layers}")
