"""The model speaks the serving schema: what it asks for is there when it predicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from bot.core.evidence import EvidenceMissing
from bot.core.figures import count
from bot.core.lock import Line, Value
from bot.core.questions import Feature, Judged, Loaded
from bot.core.transition import Rollback
from bot.core.verdict import Outcome, Verdict
from bot.gates import contest
from bot.gates.fields import DataName, listed
from bot.gates.gate import Gate

if TYPE_CHECKING:
    from bot.core.case import Case, Contender
    from bot.core.evidence import Evidence, Need
    from bot.core.questions import Rehearsal

SHOWN = 5
NUMBERS = {"integer": "number", "boolean": "number"}
"""Kinds that may stand where a wider kind is declared."""


class Declared(Value):
    """What the serving side promises about one column."""

    kind: Literal["number", "integer", "boolean", "text", "time"] | None = None
    """Type of the column."""
    min: float | None = None
    """Smallest value."""
    max: float | None = None
    """Largest value."""
    values: Annotated[
        tuple[Line, ...] | None,
        BeforeValidator(listed),
    ] = None
    """Every category."""
    missing: bool = True
    """Values may be missing."""


class Schema(Gate):
    """Passes when the model asks only for columns that exist at prediction time.

    The serving schema is the features of the dataset, narrowed by `columns`.  A column more than
    the champion used is an addition and is named; a column the dataset does not have, a removed
    column or a changed type is breaking.  Column order does not matter.
    """

    name: ClassVar[str] = "schema"
    example: ClassVar[str] = "schema: {columns: {region: {kind: text, missing: false}}}"

    data: DataName = "holdout"
    """Dataset whose features are the serving schema."""
    columns: dict[Line, Declared] = Field(default_factory=dict)
    """Promises about columns: kind, range, categories, missing values."""

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Ask what the model asks for, and what the columns hold."""
        if self.data not in case.data:
            return frozenset()
        champion = _compared(case)
        both = [case.challenger, *([champion] if champion else [])]
        return frozenset(
            {Judged(case.data[self.data]), *(self._loading(case, who) for who in both)}
        )

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """List what breaks the schema, and say what was added."""
        features = {f.name: f for f in contest.labels(case, self.data, evidence).features}
        run = evidence[self._loading(case, case.challenger)]
        wrong = _unknown(run)
        for name, declared in self.columns.items():
            wrong += _broken(name, features.get(name), declared)
        kept = f", {count(len(self.columns), 'promise')} kept" if self.columns else ""
        return Verdict(
            gate=self.name,
            title=self.title,
            outcome=Outcome.FAILED if wrong else Outcome.PASSED,
            because="; ".join(wrong) or _asks(run, len(features)),
            required=f"only the {count(len(features), 'column')} of {self.data}{kept}",
            details=self._changes(case, evidence, tuple(features), run),
            unblock="train on the columns that serving provides" if wrong else "",
            notes=contest.protection(run),
        )

    def _loading(self, case: Case, who: Contender) -> Loaded:
        return Loaded(
            who.entry.artifact, case.artifacts, case.sandbox, contest.dataset(case, self.data)
        )

    def _changes(
        self, case: Case, evidence: Evidence, names: tuple[str, ...], run: Rehearsal
    ) -> tuple[str, ...]:
        """Name the columns used more or no more than by the champion."""
        champion = _compared(case)
        if champion is None or not run.used:
            return ()
        try:
            before = evidence[self._loading(case, champion)].used
        except EvidenceMissing:
            # A champion that does not load is no fault of the challenger.
            return ()
        pairs = list(zip(names, before, run.used, strict=False))
        added = ", ".join(name for name, was, now in pairs if now and not was)
        dropped = ", ".join(name for name, was, now in pairs if was and not now)
        changes = [
            f"it uses {added} in addition" if added else "",
            f"it no longer uses {dropped}" if dropped else "",
        ]
        return tuple(change for change in changes if change)


def _compared(case: Case) -> Contender | None:
    """Name the version whose columns are compared; a rollback does not wait for the one it ends."""
    return None if isinstance(case.transition, Rollback) else case.champion


def _unknown(run: Rehearsal) -> list[str]:
    if not run.unknown_features:
        return []
    return [f"it asks for {count(run.unknown_features, 'column')} that serving does not provide"]


def _asks(run: Rehearsal, provided: int) -> str:
    if not run.used:
        return f"it takes the {count(provided, 'column')} of serving in their order"
    return f"it asks for {sum(run.used):,} of the {count(provided, 'column')} of serving"


def _broken(name: str, feature: Feature | None, declared: Declared) -> list[str]:
    """List the promises about one column that the data break."""
    if feature is None:
        return [f"column {name} is gone from the serving data"]
    wrong = []
    if declared.kind and declared.kind not in (feature.kind, NUMBERS.get(feature.kind)):
        wrong.append(f"column {name} holds {feature.kind}, not {declared.kind}")
    if declared.min is not None and not _at_least(feature.minimum, declared.min):
        wrong.append(f"column {name} goes down to {_said(feature.minimum)}, below {declared.min:g}")
    if declared.max is not None and not _at_least(declared.max, feature.maximum):
        wrong.append(f"column {name} goes up to {_said(feature.maximum)}, above {declared.max:g}")
    if declared.values is not None:
        wrong += _strange(name, feature, declared.values)
    if not declared.missing and feature.missing:
        wrong.append(f"column {name} misses {count(feature.missing, 'value')}")
    return wrong


def _at_least(value: float | None, limit: float | None) -> bool:
    """Compare; a column without numbers keeps no promise about them."""
    return value is not None and limit is not None and value >= limit


def _said(value: float | None) -> str:
    return "nothing that is a number" if value is None else f"{value:g}"


def _strange(name: str, feature: Feature, values: tuple[str, ...]) -> list[str]:
    if feature.values is None:
        return [f"column {name} holds {feature.kind} with too many values to be categories"]
    strange = sorted(set(feature.values) - set(values))
    if not strange:
        return []
    more = f" and {len(strange) - SHOWN} more" if len(strange) > SHOWN else ""
    return [f"column {name} holds {', '.join(strange[:SHOWN])}{more}, not declared"]
