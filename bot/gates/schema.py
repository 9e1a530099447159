"""The model speaks the serving schema: what it asks for is there when it predicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from bot.core.evidence import EvidenceMissing
from bot.core.figures import count
from bot.core.lock import Line, Value
from bot.core.questions import Feature, Judged, Loaded
from bot.core.verdict import Outcome, Verdict
from bot.gates import contest
from bot.gates.fields import DataName
from bot.gates.gate import Gate

if TYPE_CHECKING:
    from bot.core.case import Case, Contender
    from bot.core.evidence import Evidence, Need
    from bot.core.questions import Rehearsal

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
        BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value),
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

    data: DataName = "holdout"
    """Dataset whose features are the serving schema."""
    columns: dict[Line, Declared] = Field(default_factory=dict)
    """Promises about columns: kind, range, categories, missing values."""

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Ask what the model asks for, and what the columns hold."""
        if self.data not in case.data:
            return frozenset()
        both = [case.challenger, *([case.champion] if case.champion else [])]
        return frozenset(
            {Judged(case.data[self.data]), *(self._loading(case, who) for who in both)}
        )

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """List what breaks the schema, and say what was added."""
        features = {f.name: f for f in contest.labels(case, self.data, evidence).features}
        run = evidence[self._loading(case, case.challenger)]
        wrong = []
        if run.unknown_features:
            wrong.append(
                f"it asks for {count(run.unknown_features, 'column')} that the serving "
                "data do not have"
            )
        for name, declared in self.columns.items():
            wrong += _broken(name, features.get(name), declared)
        used = [name for name, is_used in zip(features, run.used, strict=False) if is_used]
        asks = (
            f"asks for {count(len(used), 'column')}" if run.used else "takes the columns in order"
        )
        return Verdict(
            gate=self.name,
            title=self.title,
            outcome=Outcome.FAILED if wrong else Outcome.PASSED,
            because="; ".join(wrong) or f"it {asks} of the {len(features)} that serving provides",
            required=f"only the {count(len(features), 'column')} of {self.data}"
            + (f", {count(len(self.columns), 'promise')} kept" if self.columns else ""),
            details=self._changes(case, evidence, tuple(features), run),
        )

    def _loading(self, case: Case, who: Contender) -> Loaded:
        return Loaded(
            who.entry.artifact, case.artifacts, case.sandbox, contest.dataset(case, self.data)
        )

    def _changes(
        self, case: Case, evidence: Evidence, names: tuple[str, ...], run: Rehearsal
    ) -> tuple[str, ...]:
        """Name the columns used more or no more than by the champion."""
        if case.champion is None or not run.used:
            return ()
        try:
            before = evidence[self._loading(case, case.champion)].used
        except EvidenceMissing:
            return ()
        pairs = list(zip(names, before, run.used, strict=False))
        added = ", ".join(name for name, was, now in pairs if now and not was)
        dropped = ", ".join(name for name, was, now in pairs if was and not now)
        changes = [
            f"uses {added} in addition" if added else "",
            f"no longer uses {dropped}" if dropped else "",
        ]
        return tuple(change for change in changes if change)


def _broken(name: str, feature: Feature | None, declared: Declared) -> list[str]:
    if feature is None:
        return [f"column {name} is gone from the serving data"]
    wrong = []
    if declared.kind and declared.kind not in (feature.kind, NUMBERS.get(feature.kind)):
        wrong.append(f"column {name} holds {feature.kind}, not {declared.kind}")
    if declared.min is not None and feature.minimum is not None and feature.minimum < declared.min:
        wrong.append(f"column {name} goes down to {feature.minimum:g}, below {declared.min:g}")
    if declared.max is not None and feature.maximum is not None and feature.maximum > declared.max:
        wrong.append(f"column {name} goes up to {feature.maximum:g}, above {declared.max:g}")
    if declared.values is not None:
        strange = sorted(set(feature.values or ()) - set(declared.values))
        if strange or feature.values is None:
            wrong.append(f"column {name} has categories not declared: {', '.join(strange[:5])}")
    if not declared.missing and feature.missing:
        wrong.append(f"column {name} misses {count(feature.missing, 'value')}")
    return wrong
