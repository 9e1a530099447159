"""A contest sets champion and challenger on the same rows; gates of performance share it.

Not a gate: it turns answers and labels into the samples that statistics read, and what
statistics found into the words and measures of a verdict.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from bot.core.errors import Fault
from bot.core.evidence import Absent, EvidenceMissing
from bot.core.figures import about, count, decimals, figure
from bot.core.questions import Answered, Judged
from bot.core.verdict import Bounds, Measure, Outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.core.case import Case, Contender
    from bot.core.evidence import Evidence, Need
    from bot.core.policy import Dataset
    from bot.core.questions import Holdout, Rehearsal
    from bot.statistics import Difference, Estimate, Sample, Task

REPORTED = (
    "times and memory are as measured by the job that ran the model, which is not a trusted one"
)
IN_REACH = (
    "trusted code of the job that ran the model read the labels before any model started; "
    "`blind:` in the policy's data keeps them out of it"
)


def dataset(case: Case, name: str) -> Dataset:
    """Find a dataset of the policy by name.

    Raises:
        EvidenceMissing: the policy has no dataset of that name.
    """
    if name in case.data:
        return case.data[name]
    known = ", ".join(sorted(case.data)) or "none"
    raise EvidenceMissing(
        Absent(
            fault=Fault.DATA_UNREACHABLE,
            reason=f"the policy has no dataset named {name}; it has {known}",
            remedy="name it under `data:` in the policy",
        )
    )


def champion(case: Case) -> Contender:
    """Name the champion.

    Raises:
        EvidenceMissing: there is none; a comparing gate cannot open a stage.
    """
    if case.champion is not None:
        return case.champion
    raise EvidenceMissing(
        Absent(
            fault=Fault.NO_GATES,
            reason="there is no champion to compare with",
            remedy="ask an absolute gate under `opening:`",
        )
    )


def answering(case: Case, who: Contender, name: str) -> Answered:
    """Ask for one version's answers on a dataset."""
    return Answered(who.entry.artifact, case.artifacts, case.sandbox, dataset(case, name))


def needs(case: Case, name: str) -> frozenset[Need[Any]]:
    """Ask for the labels and for the challenger's answers; judging names a dataset not there."""
    if name not in case.data:
        return frozenset()
    return frozenset({Judged(case.data[name]), answering(case, case.challenger, name)})


def needs_of_both(case: Case, name: str) -> frozenset[Need[Any]]:
    """Ask for the labels and for the answers of both versions."""
    asked = needs(case, name)
    if asked and case.champion is not None:
        asked |= {answering(case, case.champion, name)}
    return asked


def labels(case: Case, name: str, evidence: Evidence) -> Holdout:
    """Read the judged rows."""
    return evidence[Judged(dataset(case, name))]


def sample(case: Case, who: Contender, name: str, evidence: Evidence) -> Sample:
    """Put one version's answers beside the labels."""
    from bot.statistics import Sample, Task

    rows = labels(case, name, evidence)
    answers = evidence[answering(case, who, name)]
    task = Task(dataset(case, name).task)
    return Sample(
        task=task,
        target=_typed(rows.target, task),
        predicted=_typed(answers.predicted, task),
        scores=answers.scores,
        entities=rows.entities,
    )


def notes(case: Case, name: str, evidence: Evidence) -> tuple[str, ...]:
    """Say what protected the run in which the challenger answered a dataset."""
    run = evidence[answering(case, case.challenger, name)].rehearsal
    return protection(run) + blindness(run, dataset(case, name))


def blindness(run: Rehearsal, rows: Dataset) -> tuple[str, ...]:
    """Say that the job which ran a model could have read the labels, unless it could not."""
    if run.reported and rows.blind is None:
        return (IN_REACH,)
    return ()


def protection(run: Rehearsal) -> tuple[str, ...]:
    """Say what protected a run, what did not, and what the libraries complained about."""
    said = [f"sandbox: {', '.join(run.layers) or 'no layer held'}"]
    said += [f"sandbox layer missing: {reason}" for reason in run.missing]
    if run.warnings:
        said.append(
            f"{count(run.warnings, 'warning')} while loading, such as another library "
            "version than it was saved with"
        )
    return tuple(said)


def _typed(values: NDArray[Any], task: Task) -> NDArray[Any]:
    return values if task == "regression" else values.astype("int64")


def change(found: Difference, *beside: float) -> str:
    """Say a paired difference: `improves by 0.021 (+0.012 to +0.030, n = 48,211)`.

    An interval that contains 0 shows neither a gain nor a loss, so none is said.

    The bounds are of the gain, so plus is better whatever the metric's direction.
    Callers have looked that the difference is decidable.
    """
    value, lower, upper = found.gain
    gain = value or 0.0
    loses = "drops" if found.direction.value == "higher" else "worsens"
    verb = "improves" if gain > 0 else loses
    said = f"{verb} by {_even(found, abs(gain), *map(abs, beside))}"
    if lower <= 0.0 <= upper:
        said = "is unchanged within the interval" if lower < upper else "does not change"
    low, high = (_signed(found, bound, *beside) for bound in (lower, upper))
    return f"{said} ({low} to {high}, n = {found.n:,})"


def minus(text: str) -> str:
    """Write the numbers of a sentence with the minus sign that tables use."""
    return text.replace("-", "\N{MINUS SIGN}")


def _signed(found: Difference, bound: float, *beside: float) -> str:
    if bound == 0.0:
        return "0"
    return minus(f"{'+' if bound > 0 else ''}{_even(found, bound, *beside)}")


def _even(found: Difference, number: float, *beside: float) -> str:
    """Write a number with at least the decimals that a table gives this difference."""
    value, lower, upper = found.gain
    sizes = (upper - lower, value, found.champion, found.challenger)
    small = [abs(size) for size in sizes if size and 0.0 < abs(size) < 1.0]
    wanted = max((min(6, -math.floor(math.log10(size))) for size in small), default=0)
    own = decimals(number, *beside) if math.isfinite(number) else None
    if own is None or own >= wanted:
        return figure(number, *beside)
    return f"{number:,.{wanted}f}"


def measure(
    name: str, found: Difference, floor: float, outcome: Outcome | None = None, note: str = ""
) -> Measure:
    """Show a paired difference and the floor of its gain, in the unit of the metric."""
    return Measure(
        name=name,
        challenger=found.challenger,
        champion=found.champion,
        difference=None if found.undecidable else bounds(found),
        limit=floor if found.direction.value == "higher" else 0.0 - floor,
        direction=found.direction.value,
        n=found.n,
        confidence=found.confidence,
        method=found.method,
        outcome=outcome,
        note=note,
    )


def bounds(found: Estimate | Difference) -> Bounds | None:
    """Show an estimate with its bounds; None when it could not be had."""
    if found.value is None:
        return None
    return Bounds(value=float(found.value), lower=found.lower, upper=found.upper)


def enough(found: Estimate | Difference, gap: float, rows: str = "rows") -> str:
    """Say how many rows would decide if the estimate stays where it is.

    Args:
        found: What was measured.
        gap: Distance of the estimate from the limit, in the unit of the metric.
        rows: What is counted.
    """
    wanted = _required(found, abs(gap))
    if wanted is None:
        return f"no number of {rows} decides it while the estimate stays at the limit"
    return f"about {about(wanted)} {rows} would decide it if the estimate stays (now {found.n:,})"


def _required(found: Estimate | Difference, gap: float) -> int | None:
    """Return the rows, by `required_rows`; the error is read off the bounds if there is none."""
    from bot.statistics import Difference, Direction
    from bot.statistics.power import required_rows

    width = (found.upper - found.lower) / (2.0 * NormalDist().inv_cdf(found.confidence))
    distance = Difference(
        champion=None,
        challenger=None,
        value=gap,
        lower=found.lower,
        upper=found.upper,
        standard_error=found.standard_error or width,
        n=found.n,
        confidence=found.confidence,
        method=found.method,
        direction=Direction.HIGHER,
    )
    rows = required_rows(distance, 0.0)
    return None if rows is None else max(rows, found.n + 1)
