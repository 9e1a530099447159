"""The first policy of a model, with figures taken from its hold-out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

if TYPE_CHECKING:
    from datetime import date

    from bot.core.policy import Dataset
    from bot.core.questions import Holdout

REVIEW = timedelta(days=182)
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:[./-][A-Za-z0-9_.-]+)*")
_TAKEN = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What the first champion must beat, since there is no other to compare with."""

    metric: str
    limit: str
    """`at_least: 0.5`."""
    because: str


def floor_of(dataset: Dataset, holdout: Holdout) -> Floor:
    """Measure what a model that learned nothing reaches on the hold-out."""
    import numpy as np

    match dataset.task:
        case "binary":
            return Floor(
                metric="roc_auc", limit="at_least: 0.5", because="ranking by chance reaches this"
            )
        case "multiclass":
            share = np.bincount(holdout.target.astype(np.int64)).max() / holdout.rows
            return Floor(
                metric="accuracy",
                limit=f"at_least: {share:.4g}",
                because="always answering the commonest class reaches this",
            )
        case "regression":
            return Floor(
                metric="root_mean_squared_error",
                limit=f"at_most: {holdout.target.std():.4g}",
                because="always answering the mean reaches this",
            )
        case _:
            assert_never(dataset.task)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a person chooses when a policy begins."""

    leakage: bool = False
    """Every version states its training rows, and none of them may be in the hold-out."""
    merge: str = "approved"
    """`auto`, `approved` or `manual`."""


def first_policy(
    model: str, dataset: Dataset, holdout: Holdout, today: date, choices: Choices
) -> str:
    """Write the policy: safe choices, and no threshold that was not measured.

    Args:
        model: Which model it covers.
        dataset: Its hold-out.
        holdout: The rows of it.
        today: From which the review of the floor is half a year away.
        choices: What a person chose.
    """
    floor = floor_of(dataset, holdout)
    slices = ""
    if dataset.slices and dataset.task != "regression":
        by = ", ".join(_text(column) for column in dataset.slices)
        slices = (
            "    # No slice may be shown to be much worse than it is under the champion.\n"
            f"    - slices: {{metric: accuracy, by: [{by}], allow_drop: 0.05, proof: worse}}\n"
        )
    lineage = "[code, manifest]" if choices.leakage else "[code]"
    leakage = (
        "- leakage                 # no row of the hold-out was trained on"
        if choices.leakage
        else "# - leakage             # once versions are registered with --manifest TRAINING-ROWS"
    )
    return f"""\
# Which gates a version of {model} must pass, and what happens afterwards.
# A policy is read from the base commit: a pull request cannot lower its own bar.
# Every gate and its settings: `lockstep schema policy`, and docs/gates.md of Lockstep.
models: [{_text(model)}]

# A version climbs the stages in this order; the last one serves.
ladder: [staging, production]

data:
  holdout:
{_facts(dataset)}
gates:
  # Asked when a version is registered.
  registration:
    - artifact                # the bytes are those the lock names
    - unsafe_code             # reading them shows no code that loading would run
    - lineage: {{require: {lineage}}}
    - loads: {{max_seconds: 60}}

  staging:
    - schema                  # it asks for columns that exist
    - outputs                 # finite, the right classes, the same answer for the same row
    {leakage}

  production:
    - schema
    - outputs
    {leakage}
    # Better than the champion on the same rows, at the lower end of the 95 % interval.
    - compare: {{metric: {floor.metric}, improve_by: 0}}
{slices}
  # Asked besides, while a stage has no champion to compare with.
  opening:
    - metric:
        metric: {floor.metric}
        {floor.limit}
        because: {floor.because}
        review_by: {(today + REVIEW).isoformat()}

# When every gate passes: `auto` merges, `approved` waits for one approving review, `manual` never.
promotion: {{merge: {choices.merge}}}

# How many earlier champions a rollback may return to on the fast lane.
rollback: {{window: 3}}
"""


def _facts(dataset: Dataset) -> str:
    """Write what is known of the hold-out, a fact a line."""
    facts: list[str] = [f"uri: {_text(dataset.uri)}", f"digest: {dataset.digest}"]
    facts += [f"task: {dataset.task}", f"target: {_text(dataset.target)}"]
    facts += [f"id: {_text(dataset.id)}"] if dataset.id else []
    facts += [f"time: {_text(dataset.time)}"] if dataset.time else []
    if dataset.slices:
        facts.append(f"slices: [{', '.join(_text(column) for column in dataset.slices)}]")
    return "".join(f"    {fact}\n" for fact in facts)


def _text(value: str) -> str:
    """Quote what a reader of YAML could take for anything but text."""
    bare = _PLAIN.fullmatch(value) and value.lower() not in _TAKEN
    return value if bare else json.dumps(value, ensure_ascii=False)
