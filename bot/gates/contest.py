"""A contest sets champion and challenger on the same rows; gates of performance share it.

Not a gate: it turns answers and labels into the samples that statistics read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bot.core.errors import Fault
from bot.core.evidence import Absent, EvidenceMissing
from bot.core.questions import Answered, Judged
from bot.statistics.values import Sample, Task

if TYPE_CHECKING:
    from bot.core.case import Case, Contender
    from bot.core.evidence import Evidence, Need
    from bot.core.policy import Dataset
    from bot.core.questions import Holdout


def dataset(case: Case, name: str) -> Dataset:
    """Find a dataset of the policy by name.

    Raises:
        EvidenceMissing: the policy has no dataset of that name.
    """
    try:
        return case.data[name]
    except KeyError:
        known = ", ".join(sorted(case.data)) or "none"
        raise EvidenceMissing(
            Absent(
                fault=Fault.DATA_UNREACHABLE,
                reason=f"the policy has no dataset named {name}; it has {known}",
                remedy="name it under `data:` in the policy",
            )
        ) from None


def answering(case: Case, who: Contender, name: str) -> Answered:
    """Ask for one version's answers on a dataset."""
    return Answered(who.entry.artifact, case.artifacts, case.sandbox, dataset(case, name))


def needs(case: Case, name: str, *, both: bool) -> frozenset[Need[Any]]:
    """Ask for the labels and for the answers of the challenger, and of the champion if `both`."""
    if name not in case.data:
        return frozenset()
    asked: set[Need[Any]] = {Judged(case.data[name]), answering(case, case.challenger, name)}
    if both and case.champion is not None:
        asked.add(answering(case, case.champion, name))
    return frozenset(asked)


def sample(case: Case, who: Contender, name: str, evidence: Evidence) -> Sample:
    """Put one version's answers beside the labels."""
    rows = evidence[Judged(dataset(case, name))]
    answers = evidence[answering(case, who, name)]
    task = Task(dataset(case, name).task)
    return Sample(
        task=task,
        target=_typed(rows.target, task),
        predicted=_typed(answers.predicted, task),
        scores=answers.scores,
        entities=rows.entities,
    )


def champion(case: Case) -> Contender:
    """Name the champion.

    Raises:
        EvidenceMissing: there is none; a comparing gate cannot open a stage.
    """
    if case.champion is None:
        raise EvidenceMissing(
            Absent(
                fault=Fault.NO_GATES,
                reason="there is no champion to compare with",
                remedy="ask an absolute gate under `opening:`",
            )
        )
    return case.champion


def labels(case: Case, name: str, evidence: Evidence) -> Holdout:
    """Read the judged rows."""
    return evidence[Judged(dataset(case, name))]


def _typed(values: np.ndarray[Any, Any], task: Task) -> np.ndarray[Any, Any]:
    return values if task is Task.REGRESSION else values.astype(np.int64)
