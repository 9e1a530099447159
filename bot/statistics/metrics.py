"""The metrics by name: direction, tasks, unit, range, and the family that computes them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bot.statistics import losses, tallies
from bot.statistics.cells import Cells
from bot.statistics.concordance import Concordance
from bot.statistics.ranks import AveragePrecision, MedianError
from bot.statistics.shares import Share
from bot.statistics.smooth import Smooth, mean_of, root_mean_of
from bot.statistics.values import Direction, Task

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from bot.statistics.forms import Form
    from bot.statistics.values import Sample

HIGHER, LOWER = Direction.HIGHER, Direction.LOWER
BINARY = frozenset({Task.BINARY})
MULTICLASS = frozenset({Task.MULTICLASS})
CLASSES = BINARY | MULTICLASS
REGRESSION = frozenset({Task.REGRESSION})
UNIT, SIGNED, LOSS = (0.0, 1.0), (-1.0, 1.0), (0.0, math.inf)


class UnknownMetric(LookupError):  # noqa: N818 - a name of the public contract
    """No metric has this name; the message says which name was probably meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric.

    Attributes:
        name: As policies write it.
        direction: Which way it gets better.
        form: The family that computes it.
        tasks: The tasks it is defined for.
        reads_scores: Whether it needs probabilities.
        unit: What one unit of it is: "share", "score", "nats", "target", "target squared".
        range: Smallest and largest possible value.
        note: One sentence for people.
        positives, negatives: Rows of class 1 and 0 below which no bound is given (binary).
        each: Rows of every class that occurs, in targets or answers, below which none is given.
        found: Rows answered with class 1 below which none is given (binary).
    """

    name: str
    direction: Direction
    form: Form
    tasks: frozenset[Task]
    reads_scores: bool = False
    unit: str = "share"
    range: tuple[float, float] = UNIT
    note: str
    positives: int = 0
    negatives: int = 0
    each: int = 0
    found: int = 0

    @property
    def family(self) -> str:
        """Return how the metric is computed, in words."""
        return self.form.family

    def value(self, sample: Sample, weights: NDArray[Any] | None = None) -> float:
        """Return the metric on the sample; NaN where it is not defined.

        Args:
            sample: Of a task in `tasks`, with scores when `reads_scores`.
            weights: Shape (n,), whole numbers: how often each row counts; None for once.

        Raises:
            ValueError: The metric reads scores and the sample has none.
        """
        return self.form.value(sample, weights)


_TABLE = (
    Metric(name="accuracy", direction=HIGHER, form=Share(None), tasks=CLASSES,
           note="Share of rows answered right."),
    Metric(name="recall", direction=HIGHER, form=Share(1), tasks=BINARY, positives=5,
           note="Share of positive rows that were found."),
    Metric(name="specificity", direction=HIGHER, form=Share(0), tasks=BINARY, negatives=5,
           note="Share of negative rows that were left alone."),
    Metric(name="precision", direction=HIGHER, form=Cells(tallies.precision), tasks=BINARY,
           positives=5, found=5, note="Share of rows predicted positive that are."),
    Metric(name="f1", direction=HIGHER, form=Cells(tallies.f1), tasks=BINARY, unit="score",
           positives=5, note="Harmonic mean of precision and recall."),
    Metric(name="balanced_accuracy", direction=HIGHER, form=Cells(tallies.balanced_accuracy),
           tasks=CLASSES, positives=5, negatives=5, each=5,
           note="Mean recall over the classes."),
    Metric(name="matthews_corrcoef", direction=HIGHER, form=Cells(tallies.matthews_corrcoef),
           tasks=CLASSES, unit="score", range=SIGNED, positives=5, negatives=5,
           note="Correlation of target and prediction."),
    Metric(name="cohen_kappa", direction=HIGHER, form=Cells(tallies.cohen_kappa), tasks=CLASSES,
           unit="score", range=SIGNED, positives=5, negatives=5, note="Agreement beyond chance."),
    Metric(name="f1_macro", direction=HIGHER, form=Cells(tallies.f1_macro), tasks=CLASSES,
           unit="score", each=5, note="Plain mean of F1 over the classes."),
    Metric(name="f1_weighted", direction=HIGHER, form=Cells(tallies.f1_weighted), tasks=CLASSES,
           unit="score", each=5, note="Mean of F1 over the classes, weighted by their rows."),
    Metric(name="precision_macro", direction=HIGHER, form=Cells(tallies.precision_macro),
           tasks=CLASSES, each=5, note="Plain mean of precision over the classes."),
    Metric(name="recall_macro", direction=HIGHER, form=Cells(tallies.recall_macro),
           tasks=CLASSES, each=5, note="Plain mean of recall over the classes."),
    Metric(name="log_loss", direction=LOWER, form=mean_of(losses.log_loss), tasks=CLASSES,
           reads_scores=True, unit="nats", range=LOSS,
           note="Mean of minus the log probability given to the true class."),
    Metric(name="brier_score", direction=LOWER, form=mean_of(losses.brier_score), tasks=CLASSES,
           reads_scores=True, unit="score", range=(0.0, 2.0),
           note="Mean squared error of the probabilities; up to 1 for binary, 2 for multiclass."),
    Metric(name="roc_auc", direction=HIGHER, form=Concordance(), tasks=BINARY, reads_scores=True,
           positives=5, negatives=5,
           note="Chance that a positive row scores above a negative one."),
    Metric(name="average_precision", direction=HIGHER, form=AveragePrecision(), tasks=BINARY,
           reads_scores=True, positives=5, negatives=5,
           note="Area under the precision-recall steps."),
    Metric(name="roc_auc_ovr", direction=HIGHER, form=Concordance(), tasks=MULTICLASS,
           reads_scores=True, note="Plain mean over the classes of ROC AUC, one against the rest."),
    Metric(name="mean_absolute_error", direction=LOWER, form=mean_of(losses.absolute_error),
           tasks=REGRESSION, unit="target", range=LOSS, note="Mean size of the error."),
    Metric(name="mean_squared_error", direction=LOWER, form=mean_of(losses.squared_error),
           tasks=REGRESSION, unit="target squared", range=LOSS, note="Mean squared error."),
    Metric(name="root_mean_squared_error", direction=LOWER,
           form=root_mean_of(losses.squared_error), tasks=REGRESSION, unit="target", range=LOSS,
           note="Root of the mean squared error."),
    Metric(name="mean_absolute_percentage_error", direction=LOWER,
           form=mean_of(losses.relative_error), tasks=REGRESSION, range=LOSS,
           note="Mean size of the error as a share of the target."),
    Metric(name="median_absolute_error", direction=LOWER, form=MedianError(), tasks=REGRESSION,
           unit="target", range=LOSS, note="Median size of the error."),
    Metric(name="r2", direction=HIGHER, tasks=REGRESSION,
           form=Smooth(losses.r2_columns, 3, losses.r2_finish, losses.r2_slope),
           unit="score", range=(-math.inf, 1.0),
           note="Share of the target's variance that the model explains."),
)

METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _TABLE})
"""Every metric by its name."""

ALIASES: Mapping[str, str] = MappingProxyType({
    "acc": "accuracy", "auc": "roc_auc", "auroc": "roc_auc", "pr_auc": "average_precision",
    "ap": "average_precision", "sensitivity": "recall", "tpr": "recall", "tnr": "specificity",
    "f1_score": "f1", "mcc": "matthews_corrcoef", "kappa": "cohen_kappa",
    "cohen_kappa_score": "cohen_kappa", "logloss": "log_loss", "cross_entropy": "log_loss",
    "brier": "brier_score", "brier_score_loss": "brier_score", "roc_auc_score": "roc_auc",
    "mae": "mean_absolute_error", "mse": "mean_squared_error", "rmse": "root_mean_squared_error",
    "mape": "mean_absolute_percentage_error", "r2_score": "r2",
})
"""Other names people know, scikit-learn's scorers among them (with or without `neg_`)."""


def metric_named(name: str) -> Metric:
    """Return the metric of this name or alias; case, hyphens and `neg_` do not matter.

    Raises:
        UnknownMetric: There is none; says which was probably meant, or lists all.
    """
    plain = name.strip().lower().replace("-", "_").replace(" ", "_").removeprefix("neg_")
    found = METRICS.get(ALIASES.get(plain, plain))
    if found is not None:
        return found
    near = get_close_matches(plain, [*METRICS, *ALIASES], n=1)
    hint = f"did you mean '{ALIASES.get(near[0], near[0])}'?" if near else (
        "known metrics: " + ", ".join(sorted(METRICS)))
    raise UnknownMetric(f"there is no metric '{name}'; {hint}")
