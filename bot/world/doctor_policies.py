"""Checks of the lock and the policies of the default branch: read, complete and not outdated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.core.errors import PolicyMissing, Refusal
from bot.core.lockfile import fmt, parse
from bot.core.policyfile import parse_policy, policy_for
from bot.core.proposal import LOCK
from bot.gates import GATES
from bot.world.doctor_diagnosis import counted, fine, warning, wrong

if TYPE_CHECKING:
    from datetime import date

    from bot.core.lock import Model
    from bot.core.policyfile import Policy
    from bot.world.doctor_diagnosis import Diagnosis

SOON = timedelta(days=14)
LONG = timedelta(days=60)
"""A freeze longer than this was probably forgotten."""
SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """What could be read of the lock and the policies, and what could not."""

    models: Mapping[str, Model]
    policies: tuple[Policy, ...]
    lock_refusal: Refusal | None = None
    refusals: tuple[Refusal, ...] = ()

    def policy(self, model: str) -> Policy | None:
        """Find the one policy of a model, or None."""
        found = [policy for policy in self.policies if policy.covers(model)]
        return found[0] if len(found) == 1 else None


def read_rulebook(lock: bytes, files: Mapping[str, bytes]) -> Rulebook:
    """Read the lock and each policy for itself, so that one mistake hides no other."""
    models: Mapping[str, Model] = {}
    lock_refusal: Refusal | None = None
    try:
        models = parse(lock, LOCK) if lock else {}
    except Refusal as refusal:
        lock_refusal = refusal
    policies: list[Policy] = []
    refusals: list[Refusal] = []
    for path in sorted(files):
        try:
            policies.append(parse_policy(files[path], path, GATES))
        except Refusal as refusal:
            refusals.append(refusal)
    return Rulebook(
        models=models,
        policies=tuple(policies),
        lock_refusal=lock_refusal,
        refusals=tuple(refusals),
    )


def diagnose_rulebook(book: Rulebook, lock: bytes, today: date) -> Iterator[Diagnosis]:
    """Check the lock and the policies."""
    yield _lock(book, lock)
    for refusal in book.refusals:
        more = f" (and {len(refusal.problems) - 1} more)" if refusal.problems[1:] else ""
        first = refusal.problems[0]
        place = ":".join(str(part) for part in (first.file, first.line) if part is not None)
        yield wrong("policies", f"{place}: {first.what}{more}", first.remedy)
    if not book.refusals:
        yield fine("policies", f"{counted(len(book.policies), 'policy')} can be read")
    yield from _coverage(book)
    yield from _reviews(book, today)
    yield from _waivers(book, today)
    yield from _freezes(book, today)


def _lock(book: Rulebook, lock: bytes) -> Diagnosis:
    if not lock:
        return warning("lock", f"there is no {LOCK} on the default branch", "run `lockstep init`")
    if book.lock_refusal is not None:
        first = book.lock_refusal.problems[0]
        return wrong("lock", f"{LOCK}:{first.line or 1}: {first.what}", first.remedy)
    if fmt(lock, LOCK) != lock:
        return wrong("lock", f"{LOCK} is not in canonical form", "run `lockstep fmt` and commit")
    versions = sum(len(model.versions) for model in book.models.values())
    held = f"{counted(len(book.models), 'model')}, {counted(versions, 'version')}"
    return fine("lock", f"{LOCK} can be read: {held}")


def _coverage(book: Rulebook) -> Iterator[Diagnosis]:
    bare = []
    for name in sorted(book.models):
        try:
            policy_for(name, book.policies)
        except PolicyMissing as missing:
            bare.append(missing.problems[0])
    if bare and book.refusals:
        remedy = "correct the policies first; one of them may cover it"
        yield wrong("coverage", f"{bare[0].what}, as far as policies can be read", remedy)
        return
    for problem in bare[:SHOWN]:
        yield wrong("coverage", problem.what, problem.remedy)
    if bare[SHOWN:]:
        yield wrong("coverage", f"and so are {len(bare) - SHOWN} more models", "as above")
    if not bare:
        yield fine("coverage", "exactly one policy covers each model")


def _reviews(book: Rulebook, today: date) -> Iterator[Diagnosis]:
    told = False
    for policy in book.policies:
        for asked in policy.every_gate():
            due = getattr(asked.gate, "review_by", None)
            if due is None or due > today + SOON:
                continue
            told = True
            remedy = "decide whether it still holds, and set a new review_by"
            if due < today:
                what = f"{asked.place}: the constant of {asked.name} was to be reviewed by {due}"
                yield wrong("review-by", f"{what}; it holds promotions back until then", remedy)
            else:
                what = f"{asked.place}: the constant of {asked.name} is to be reviewed by {due}"
                yield warning("review-by", what, remedy)
    if not told:
        yield fine("review-by", "no constant is due for review")


def _waivers(book: Rulebook, today: date) -> Iterator[Diagnosis]:
    over = [
        f"{policy.path}: the waiver of {waiver.gate} for {waiver.model} ended on {waiver.until}"
        for policy in book.policies
        for waiver in policy.head.waivers
        if waiver.until < today
    ]
    for what in over:
        yield warning("waivers", what, "remove it")
    if not over:
        yield fine("waivers", "no waiver has run out")


def _freezes(book: Rulebook, today: date) -> Iterator[Diagnosis]:
    told = False
    for policy in book.policies:
        for freeze in policy.head.freezes:
            if freeze.until < today:
                what = f"{policy.path}: the freeze until {freeze.until} is over"
            elif freeze.until - freeze.since > LONG:
                what = f"{policy.path}: the freeze lasts from {freeze.since} to {freeze.until}"
            else:
                continue
            told = True
            yield warning("freezes", what, "remove it, or say when it really ends")
    if not told:
        yield fine("freezes", "no freeze is over or forgotten")
