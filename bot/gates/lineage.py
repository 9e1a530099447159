"""The lineage says what a version was made from, and what it names exists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from bot.core.evidence import EvidenceMissing
from bot.core.questions import Held
from bot.core.verdict import Outcome, Verdict
from bot.gates.gate import Gate

if TYPE_CHECKING:
    from bot.core.case import Case
    from bot.core.evidence import Evidence, Need
    from bot.core.lock import Lineage as Stated

COMMIT = re.compile(r"@[0-9a-f]{40}$")
Part = Literal["code", "data", "manifest", "environment", "parameters", "created", "parent"]


class Lineage(Gate):
    """Passes when every required part of the lineage is stated and what it names by digest exists.

    `code` must end in `@` and a full commit id: a branch name moves.
    """

    name: ClassVar[str] = "lineage"

    require: Annotated[
        tuple[Part, ...],
        BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value),
        Field(min_length=1),
    ] = ("code", "data", "environment")
    """Parts that must be stated."""

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Ask for the files that the lineage names by digest."""
        return frozenset(_named(case.challenger.entry.lineage))

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """List what is missing, what is not a commit, and what does not resolve."""
        stated = case.challenger.entry.lineage
        wrong = [f"{part} is not stated" for part in self.require if not getattr(stated, part)]
        if stated.code and not COMMIT.search(stated.code):
            wrong.append("code does not end in @ and the 40 hex digits of a commit")
        if "environment" in self.require and stated.environment and not stated.requirements:
            wrong.append("environment has a digest but `requirements` does not say of which file")
        wrong += [f"{held.uri}: {reason}" for held, reason in _unresolved(stated, evidence)]
        parts = ", ".join(self.require)
        return Verdict(
            gate=self.name,
            title=self.title,
            outcome=Outcome.FAILED if wrong else Outcome.PASSED,
            because="; ".join(wrong) or f"{parts} are stated, and what they name resolves",
            required=f"{parts} stated; files they name exist with their digests",
        )


def _named(stated: Stated) -> list[Held]:
    named = []
    if stated.manifest:
        named.append(Held(stated.manifest.uri, stated.manifest.digest))
    if stated.requirements and stated.environment:
        named.append(Held(stated.requirements, stated.environment))
    return named


def _unresolved(stated: Stated, evidence: Evidence) -> list[tuple[Held, str]]:
    """Pair each file that does not resolve with the reason; a file that is gone fails lineage."""
    unresolved = []
    for held in _named(stated):
        try:
            weight = evidence[held]
        except EvidenceMissing as missing:
            unresolved.append((held, missing.absent.reason))
            continue
        if weight.digest != held.digest:
            unresolved.append((held, f"has digest {weight.digest}"))
    return unresolved
