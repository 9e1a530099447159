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

CONFIDENCE = 0.999
"""Equal rows beyond chance refuse a model for good, so chance is given a wide berth."""


class Leakage(Gate):
    """Passes when no hold-out id, no more rows than chance, and no later time was trained on.

    Rows are compared by the hash of all their columns; the share of rows that repeat within the
    hold-out itself says how many equal rows chance alone makes.
    """

    name: ClassVar[str] = "leakage"
    example: ClassVar[str] = "leakage: {data: holdout, allow_share: 0.001}"

    data: DataName = "holdout"
    """Dataset of the policy that must not have been seen."""
    allow_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of equal rows tolerated beyond the hold-out's own rate of repeated rows."""
    time_order: bool = True
    """Training must end before the hold-out begins, where both have times."""

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Ask how much of the hold-out the challenger's manifest names."""
        if self.data not in case.data or case.challenger.entry.lineage.manifest is None:
            return frozenset()
        return frozenset({self._asked(case)})

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """List every way in which the hold-out was seen."""
        overlap = evidence[self._asked(case)]
        seen = [*_same(overlap), *self._equal(overlap), *self._late(overlap)]
        outcome = Outcome.PASSED if overlap.rows else Outcome.INCONCLUSIVE
        return Verdict(
            gate=self.name,
            title=self.title,
            outcome=Outcome.FAILED if seen else outcome,
            because="; ".join(seen) or _unseen(overlap),
            required="no shared id, no more equal rows than chance makes"
            + (", training before judging" if self.time_order else ""),
            # Beside another reason the share would look as if it had decided.
            measured=() if seen and not self._equal(overlap) else (self._measure(overlap),),
            notes=self._blind(overlap),
            unblock="train again without the hold-out, or judge on rows nobody has trained on"
            if seen
            else "",
        )

    def _asked(self, case: Case) -> Overlapped:
        """Compare with the training rows.

        Raises:
            EvidenceMissing: there is no such dataset, or the version has no manifest.
        """
        data = contest.dataset(case, self.data)
        manifest = case.challenger.entry.lineage.manifest
        if manifest is None:
            raise EvidenceMissing(_no_manifest(case.challenger.version))
        return Overlapped(data, manifest)

    def _limit(self, overlap: Overlap) -> float:
        return _share(overlap.natural_duplicates, overlap) + self.allow_share

    def _equal(self, overlap: Overlap) -> list[str]:
        if not overlap.rows or _least(overlap) <= self._limit(overlap):
            return []
        percent = figure(100 * _share(overlap.shared_rows, overlap), 0.0)
        rows = count(overlap.shared_rows, "hold-out row")
        return [f"{rows} of {overlap.rows:,} ({percent} %) equal a training row in every column"]

    def _late(self, overlap: Overlap) -> list[str]:
        until, since = overlap.trained_until, overlap.judged_from
        if not self.time_order or until is None or since is None or until < since:
            return []
        return [
            f"training runs until {until:%Y-%m-%d %H:%M}, judging starts {since:%Y-%m-%d %H:%M}"
        ]

    def _measure(self, overlap: Overlap) -> Measure:
        return Measure(
            name="share of hold-out rows seen, at least",
            challenger=100 * _least(overlap) if overlap.rows else None,
            limit=100 * self._limit(overlap),
            direction="lower",
            unit="%",
            n=overlap.rows,
            confidence=CONFIDENCE,
            method="Wilson score",
        )

    def _blind(self, overlap: Overlap) -> tuple[str, ...]:
        """Say what could not be compared."""
        notes = []
        if not overlap.columns_known:
            notes.append("leakage: the manifest does not say which columns its hashes are of")
        if overlap.shared_ids is None:
            notes.append("leakage: ids were not compared, since the data or the manifest has none")
        if self.time_order and (overlap.trained_until is None or overlap.judged_from is None):
            notes.append(
                "leakage: times were not compared, since the data or the manifest has none"
            )
        return tuple(notes)


def _same(overlap: Overlap) -> list[str]:
    seen = []
    if overlap.same_bytes:
        seen.append("the training manifest and the hold-out are the same file")
    if overlap.shared_ids:
        were = "was" if overlap.shared_ids == 1 else "were"
        seen.append(f"{count(overlap.shared_ids, 'hold-out id')} {were} trained on")
    return seen


def _unseen(overlap: Overlap) -> str:
    if not overlap.rows:
        return "the hold-out has 0 rows, so nothing was compared"
    return (
        f"{overlap.shared_rows:,} of {count(overlap.rows, 'hold-out row')} equal a training row, "
        f"no more than chance makes ({overlap.natural_duplicates:,} repeat within the hold-out)"
    )


def _share(rows: int, overlap: Overlap) -> float:
    return rows / max(overlap.rows, 1)


def _least(overlap: Overlap) -> float:
    """Return the lower bound of the share of equal rows."""
    from bot.statistics.proportions import wilson

    return wilson(overlap.shared_rows, overlap.rows, CONFIDENCE)[0]


def _no_manifest(version: str) -> Absent:
    return Absent(
        fault=Fault.MANIFEST_MISSING,
        reason=f"version {version} does not say which rows it was trained on",
        remedy="state `lineage: manifest: {uri, digest}` when registering; "
        "`lockstep register --manifest` writes it",
    )
