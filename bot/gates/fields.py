"""Fields that several gates share: a metric's name, a margin, a reviewed constant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from bot.core.lock import Day, Line, Name, Value

if TYPE_CHECKING:
    from datetime import date


def listed(value: Any) -> Any:
    """Take a YAML list as the tuple that a frozen value holds."""
    return tuple(value) if isinstance(value, list) else value


def _known(name: str) -> str:
    from bot.statistics.metrics import UnknownMetric, metric_named

    try:
        return metric_named(name).name
    except UnknownMetric as unknown:
        raise ValueError(str(unknown)) from None


MetricName = Annotated[str, AfterValidator(_known)]
"""A metric of `bot.statistics.metrics`, by its name or scikit-learn's scorer name."""
DataName = Name
Margin = Annotated[float, Field(ge=0)]
"""A change in the unit of the metric, never negative: the key says the direction."""
Columns = Annotated[tuple[Line, ...], BeforeValidator(listed), Field(min_length=1)]


class Reviewed(Value):
    """A constant threshold says why it has its value and when somebody looks at it again."""

    because: Line
    """Why the threshold has this value."""
    review_by: Day
    """The day by which somebody looks at the threshold again; afterwards the gate holds."""


def overdue(review_by: date | None, today: date) -> str:
    """Say that a threshold is past its review; empty when it is not."""
    if review_by is None or today <= review_by:
        return ""
    return f"the threshold was to be reviewed by {review_by}"
