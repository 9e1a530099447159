"""Planting puts a text into every field that text from outside can reach.

`FIELDS` names every field of text that a report is made from, and either says that it is
planted or why nothing can be planted there.  A new field has no row until somebody thinks.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from bot.core.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OUTSIDE = ""
NAME = "the lock's grammar of names"
VERSION = "the lock's grammar of versions"
HEX = "hex digits, made by git or by hashing"
WORD = "one of a few words of our own"
HIDDEN = "never shown by a report"

FIELDS = {
    "Approval.by": OUTSIDE,
    "Approval.teams": OUTSIDE,
    "Artifact.digest": HEX,
    "Artifact.flavor": WORD,
    "Artifact.module": HIDDEN,
    "Artifact.uri": OUTSIDE,
    "ArtifactRules.trusted": OUTSIDE,
    "Asked.name": WORD,
    "Asked.place": OUTSIDE,
    "Blob.oid": HEX,
    "Blob.text": OUTSIDE,
    "Case.key": HEX,
    "Case.model": NAME,
    "Contender.version": VERSION,
    "Dataset.digest": HEX,
    "Dataset.features": OUTSIDE,
    "Dataset.id": OUTSIDE,
    "Dataset.positive": OUTSIDE,
    "Dataset.protected": OUTSIDE,
    "Dataset.slices": OUTSIDE,
    "Dataset.target": OUTSIDE,
    "Dataset.task": WORD,
    "Dataset.time": OUTSIDE,
    "Dataset.uri": OUTSIDE,
    "Decision.because": OUTSIDE,
    "Exposure.model": NAME,
    "Exposure.stage": NAME,
    "FastTrack.skipped": NAME,
    "Hold.by": OUTSIDE,
    "Hold.model": NAME,
    "Hold.reason": OUTSIDE,
    "Hold.stage": NAME,
    "Hold.version": VERSION,
    "Lineage.code": OUTSIDE,
    "Lineage.data": HEX,
    "Lineage.environment": HEX,
    "Lineage.parameters": OUTSIDE,
    "Lineage.parent": VERSION,
    "Lineage.requirements": OUTSIDE,
    "Measure.direction": WORD,
    "Measure.method": OUTSIDE,
    "Measure.name": OUTSIDE,
    "Measure.note": OUTSIDE,
    "Measure.unit": WORD,
    "Order.by": OUTSIDE,
    "Order.gate": WORD,
    "Order.head": HEX,
    "Order.keys": HEX,
    "Order.reason": OUTSIDE,
    "Order.url": OUTSIDE,
    "Override.by": OUTSIDE,
    "Override.gate": WORD,
    "Override.keys": HEX,
    "Override.reason": OUTSIDE,
    "Owners.barred": OUTSIDE,
    "Owners.place": OUTSIDE,
    "Owners.teams": OUTSIDE,
    "Owners.unmatched": OUTSIDE,
    "Owners.users": OUTSIDE,
    "Problem.file": OUTSIDE,
    "Problem.remedy": OUTSIDE,
    "Problem.what": OUTSIDE,
    "Promotion.challenger": VERSION,
    "Promotion.champion": VERSION,
    "Promotion.model": NAME,
    "Promotion.stage": NAME,
    "Proposal.author": OUTSIDE,
    "Proposal.base_sha": HEX,
    "Proposal.branch": OUTSIDE,
    "Proposal.default_branch": OUTSIDE,
    "Proposal.head_sha": HEX,
    "Proposal.repository": "a slug that the forge was asked with",
    "Proposal.title": OUTSIDE,
    "Recorded.head": HEX,
    "Recorded.keys": HEX,
    "Recorded.outcome": WORD,
    "Registration.model": NAME,
    "Registration.version": VERSION,
    "Release.model": NAME,
    "Release.stage": NAME,
    "Release.version": VERSION,
    "Retirement.model": NAME,
    "Retirement.reason": OUTSIDE,
    "Retirement.stage": NAME,
    "Retirement.version": VERSION,
    "Rewiring.model": NAME,
    "Rollback.champion": VERSION,
    "Rollback.model": NAME,
    "Rollback.restored": VERSION,
    "Rollback.stage": NAME,
    "Standing.approved_by": OUTSIDE,
    "Standing.conflict": OUTSIDE,
    "Standing.merge_ordered_by": OUTSIDE,
    "Standing.merge_ordered_for": HEX,
    "Standing.merged_as": HEX,
    "Standing.objected_by": OUTSIDE,
    "Touched.mode": WORD,
    "Touched.path": OUTSIDE,
    "Trial.needs_person": OUTSIDE,
    "Trial.policy": OUTSIDE,
    "Trial.policy_digest": HEX,
    "Trial.settled": OUTSIDE,
    "Verdict.because": OUTSIDE,
    "Verdict.details": OUTSIDE,
    "Verdict.gate": WORD,
    "Verdict.notes": OUTSIDE,
    "Verdict.place": OUTSIDE,
    "Verdict.remedy": OUTSIDE,
    "Verdict.required": OUTSIDE,
    "Verdict.title": OUTSIDE,
    "Verdict.unblock": OUTSIDE,
    "Waiting.because": OUTSIDE,
    "Waiting.unblock": OUTSIDE,
    "Waiver.by": OUTSIDE,
    "Waiver.gate": WORD,
    "Waiver.model": NAME,
    "Waiver.reason": OUTSIDE,
}
NEVER_BLANK = {
    "Verdict.because",
    "Decision.because",
    "Problem.what",
    "Problem.remedy",
    "Waiting.because",
}
"""Sentences of our own that hold outside text and are never nothing but that."""


def holds_text(kind: object) -> bool:
    """Tell whether a field's declared type is text, or a list or table of it."""
    said = str(kind).replace("StringConstraints", "")
    return said == "bytes" or ("str" in said and not re.match(r"Mapping|dict\[str, bytes", said))


def fields_of(value: Any) -> Iterator[tuple[str, object, Any]]:
    """Yield name, declared type and value of every field."""
    if isinstance(value, Refusal):
        yield "problems", "tuple[Problem, ...]", value.problems
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for one in dataclasses.fields(value):
            yield one.name, one.type, getattr(value, one.name)
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield name, field.annotation, getattr(value, name)


def text_fields(value: Any) -> set[str]:
    """Name every field of text that can be reached from a value."""
    found: set[str] = set()
    if isinstance(value, list | tuple | set | frozenset):
        return found.union(*map(text_fields, value))
    if isinstance(value, dict):
        return found.union(*map(text_fields, value.values()))
    for name, kind, inner in fields_of(value):
        if holds_text(kind):
            found.add(f"{type(value).__name__}.{name}")
        found |= text_fields(inner)
    return found


def planted(value: Any, text_for: Callable[[str], str]) -> Any:
    """Copy a value with text in every field that outside text can reach."""
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(planted(one, text_for) for one in value)
    if isinstance(value, dict):
        return {key: planted(one, text_for) for key, one in value.items()}
    changed = {}
    for name, kind, inner in fields_of(value):
        row = f"{type(value).__name__}.{name}"
        wanted = holds_text(kind) and FIELDS[row] == OUTSIDE
        changed[name] = _filled(row, kind, text_for(row)) if wanted else planted(inner, text_for)
    if not changed:
        return value
    if isinstance(value, Refusal):
        return type(value)(*changed["problems"])
    if isinstance(value, BaseModel):
        return value.model_copy(update=changed)
    return dataclasses.replace(value, **changed)


def _filled(row: str, kind: object, text: str) -> Any:
    text = f"x{text}" if row in NEVER_BLANK else text
    said = str(kind)
    if said == "bytes":
        return b"models:\n  " + text.encode("utf-8", "replace")
    if said.startswith("dict"):
        return {text: text}
    if said.startswith("frozenset"):
        return frozenset({text})
    return (text, text) if said.startswith("tuple") else text
