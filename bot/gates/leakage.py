"""The hold-out was not in the training data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from bot.core.errors import Fault
from bot.core.evidence import Absent, EvidenceMissing
from bot.core.figures import count, figure
from bot.core.questions import Overlapped
from bot.core.verdict import Measure, Outcome, Verdict
from bot.gates import contest
from bot.gates.fields import DataName
from bot.gates.gate import Gate

if TYPE_CHECKING:
    from bot.core.case import Case
    from bot.core.evidence import Evidence, Need
    from bot.core.questions import Overlap


class Leakage(Gate):
    """Passes when no hold-out id, no more rows than chance, and no later time was trained on.

    Rows are compared by the hash of all their columns; the share of rows that repeat within the
    hold-out itself says how many equal rows chance alone makes.
    """

    name: ClassVar[str] = "leakage"

    data: DataName = "holdout"
    """Dataset of the policy that must not have been seen."""
    allow_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of equal rows tolerated beyond the hold-out's own rate of repeated rows."""
    time_order: bool = True
    """Training must end before the hold-out begins, where both have times."""

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Ask how much of the hold-out the challenger's manifest names."""
        asked = self._asked(case)
        return frozenset() if asked is None else frozenset({asked})

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """List every way in which the hold-out was seen."""
        contest.dataset(case, self.data)
        asked = self._asked(case)
        if asked is None:
            raise EvidenceMissing(_no_manifest(case.challenger.version))
        overlap = evidence[asked]
        seen = _seen(overlap, self)
        share = overlap.shared_rows / overlap.rows
        return Verdict(
            gate=self.name,
            title=self.title,
            outcome=Outcome.FAILED if seen else Outcome.PASSED,
            because="; ".join(seen)
            or f"none of {count(overlap.rows, 'hold-out row')} was "
            f"trained on beyond chance ({overlap.shared_rows:,} equal by chance)",
            required="no shared id, no more equal rows than chance makes, training before judging",
            measured=(
                Measure(
                    name="share of hold-out rows seen",
                    challenger=share,
                    limit=_chance(overlap) + self.allow_share,
                    direction="lower",
                    n=overlap.rows,
                ),
            ),
            unblock="train again without the hold-out, or judge on rows nobody has trained on"
            if seen
            else "",
        )

    def _asked(self, case: Case) -> Overlapped | None:
        manifest = case.challenger.entry.lineage.manifest
        if manifest is None or self.data not in case.data:
            return None
        return Overlapped(case.data[self.data], manifest)


def _seen(overlap: Overlap, gate: Leakage) -> list[str]:
    from bot.statistics.proportions import wilson

    seen = []
    if overlap.same_bytes:
        seen.append("the training manifest and the hold-out are the same file")
    if overlap.shared_ids:
        seen.append(
            f"{overlap.shared_ids:,} of {count(overlap.rows, 'hold-out id')} were trained on"
        )
    lower, _ = wilson(overlap.shared_rows, overlap.rows, confidence=0.999)
    if lower > _chance(overlap) + gate.allow_share:
        share = figure(100 * overlap.shared_rows / overlap.rows)
        seen.append(
            f"{overlap.shared_rows:,} hold-out rows ({share} %) equal a training row in "
            "every column"
        )
    until, since = overlap.trained_until, overlap.judged_from
    if gate.time_order and until is not None and since is not None and until >= since:
        seen.append(
            f"training runs until {until:%Y-%m-%d %H:%M}, judging starts {since:%Y-%m-%d %H:%M}"
        )
    return seen


def _chance(overlap: Overlap) -> float:
    return overlap.natural_duplicates / overlap.rows


def _no_manifest(version: str) -> Absent:
    return Absent(
        fault=Fault.MANIFEST_MISSING,
        reason=f"version {version} does not say which rows it was trained on",
        remedy="state `lineage: manifest: {uri, digest}` when registering; "
        "`lockstep register --manifest` writes it",
    )
