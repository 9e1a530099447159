"""The lineage says what a version was made from, and what it names exists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from bot.core.evidence import EvidenceMissing
from bot.core.figures import count, short
from bot.core.questions import Held
from bot.core.verdict import Outcome, Verdict
from bot.gates.fields import listed
from bot.gates.gate import Gate

if TYPE_CHECKING:
    from bot.core.case import Case
    from bot.core.evidence import Evidence, Need
    from bot.core.lock import Lineage as Stated

COMMIT = re.compile(r"@[0-9a-f]{40}\Z")
Part = Literal["code", "data", "manifest", "environment", "parameters", "created", "parent"]


class Lineage(Gate):
    """Passes when every required part of the lineage is stated and what it names by digest exists.

    `code` must end in `@` and a full commit id: a branch name moves.
    """

    name: ClassVar[str] = "lineage"
    example: ClassVar[str] = "lineage: {require: [code, data, environment, manifest]}"

    require: Annotated[tuple[Part, ...], BeforeValidator(listed), Field(min_length=1)] = (
        "code",
        "data",
        "environment",
    )
    """Parts that must be stated."""

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Ask for the files that the lineage names by digest."""
        return frozenset(_named(case.challenger.entry.lineage))

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """List what is missing, what is not a commit, and what has other bytes."""
        stated = case.challenger.entry.lineage
        named = _named(stated)
        wrong = self._unstated(stated)
        try:
            wrong += [said for held in named if (said := _changed(held, evidence))]
        except EvidenceMissing:
            # What is wrong whatever the files hold is said first; else nothing can be said.
            if not wrong:
                raise
        parts = ", ".join(self.require)
        files = f"; {count(len(named), 'file')} named by digest found" if named else ""
        return Verdict(
            gate=self.name,
            title=self.title,
            outcome=Outcome.FAILED if wrong else Outcome.PASSED,
            because="; ".join(wrong) or f"it states {parts}{files}",
            required=f"{parts} stated, and files named by digest exist",
            unblock="register a new version with the whole lineage; a version never changes"
            if wrong
            else "",
        )

    def _unstated(self, stated: Stated) -> list[str]:
        wrong = [f"{part} is not stated" for part in self.require if not getattr(stated, part)]
        if stated.code and not COMMIT.search(stated.code):
            wrong.append(f"code {stated.code} does not end in @ and the 40 hex digits of a commit")
        if "environment" in self.require and stated.environment and not stated.requirements:
            wrong.append("environment has a digest but `requirements` does not say of which file")
        return wrong


def _named(stated: Stated) -> list[Held]:
    named = []
    if stated.manifest:
        named.append(Held(stated.manifest.uri, stated.manifest.digest))
    if stated.requirements and stated.environment:
        named.append(Held(stated.requirements, stated.environment))
    return named


def _changed(held: Held, evidence: Evidence) -> str:
    """Say that a file has other bytes than stated; empty when it has not."""
    digest = evidence[held].digest
    return "" if digest == held.digest else f"{held.uri} hashes to {short(digest)}"
