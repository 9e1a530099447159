"""A policy says which gates guard which stage of which models, and what happens afterwards.

The values only; `policyfile` reads them from YAML, with the gate table as an argument.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, StringConstraints, model_validator

from bot.core.lock import Day, Digest, Flavor, Line, Name, Value

if TYPE_CHECKING:
    from typing import Self

_SIZES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_SPANS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_SIZE = re.compile(r"^\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]{1,3})?\s*$")
_SPAN = re.compile(r"^\s*([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d|w)\s*$")
_PERCENT = re.compile(r"^\s*([0-9]+(?:\.[0-9]+)?)\s*%\s*$")
BESIDE_THE_LADDER = ("registration", "opening")
"""Sections of `gates` that are no stage."""
Layer = Literal["no_new_privs", "rlimits", "fs", "net", "syscalls", "namespaces"]


def _size(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = _SIZE.match(value)
    unit = (match[2] or "B").upper() if match else ""
    if match is None or unit not in _SIZES:
        raise ValueError("write a size as 500MB or 2GiB")
    return round(float(match[1]) * _SIZES[unit])


def _span(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = _SPAN.match(value)
    if match is None:
        raise ValueError("write a duration as 50ms, 30s, 5m, 6h or 14d")
    return timedelta(seconds=float(match[1]) * _SPANS[match[2]])


def _percent(value: object) -> object:
    if not isinstance(value, str) or not value.strip().endswith("%"):
        return value
    match = _PERCENT.match(value)
    if match is None:
        raise ValueError("write a share as 0.95 or 95%")
    return float(match[1]) / 100


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _written(form: re.Pattern[str]) -> Any:
    """Return the type a schema shows for a value that is written in a form."""
    return Annotated[str, StringConstraints(pattern=form.pattern)]


Bytes = Annotated[
    int, BeforeValidator(_size, json_schema_input_type=int | _written(_SIZE)), Field(gt=0)
]
Span = Annotated[
    timedelta,
    BeforeValidator(_span, json_schema_input_type=_written(_SPAN)),
    PlainSerializer(lambda span: f"{span / timedelta(milliseconds=1):.10g}ms", return_type=str),
]
_Share = BeforeValidator(_percent, json_schema_input_type=float | _written(_PERCENT))
Probability = Annotated[float, _Share, Field(gt=0, lt=1)]
Confidence = Annotated[float, _Share, Field(gt=0.5, lt=1)]
"""Of a one-sided bound; at one half the bound would be the estimate itself."""
Address = Line
Names = Annotated[tuple[Line, ...], BeforeValidator(_tuple)]


class Blind(Value):
    """The judged rows without their answers: all that the job which runs models has to read."""

    uri: Address
    """Where the file is: the same rows in the same order, without the target."""
    digest: Digest
    """sha256 of the file."""
    classes: Names = ()
    """Values of the target in sorted order, of a binary target the positive one last; none for
    regression."""


class Dataset(Value):
    """A set of rows that models are judged on."""

    uri: Address
    """Where the rows are: a path in the repository, or an https or s3 address."""
    digest: Digest
    """The judged bytes; another digest is another hold-out."""
    task: Literal["binary", "multiclass", "regression"]
    """What the model answers."""
    target: Line
    """Column of the true answer."""
    positive: Line | None = None
    """For binary tasks: the value of the target that is the positive class; default the larger."""
    id: Line | None = None
    """Column that names the entity of a row; rows of one entity are not independent."""
    time: Line | None = None
    """Column of the moment a row happened."""
    features: Names = ()
    """Columns a model may see; default all but target, id and time."""
    slices: Names = ()
    """Columns that gates may cut by."""
    protected: Names = ()
    """Columns fairness is measured by."""
    blind: Blind | None = None
    """The same rows without the target, so that labels are never near a model."""


class ArtifactRules(Value):
    """Which artifacts may be loaded at all."""

    flavors: Annotated[tuple[Flavor, ...], BeforeValidator(_tuple)] = (
        "onnx",
        "skops",
        "xgboost",
        "lightgbm",
    )
    """Formats that carry no code are allowed; joblib, pickle, mlflow and runner must be named."""
    trusted: Names = ()
    """Exact names of further types or globals that an artifact may contain."""
    max_bytes: Bytes = 2_000_000_000
    """Largest artifact, such as `500MB`."""
    max_files: Annotated[int, Field(gt=0)] = 1_000
    """Most files in a folder."""


class SandboxRules(Value):
    """What must hold around an untrusted model."""

    require: Annotated[tuple[Layer, ...], BeforeValidator(_tuple)] = (
        "no_new_privs",
        "rlimits",
        "fs",
        "net",
    )
    """Layers without which no model is loaded."""
    prefer: Annotated[tuple[Layer, ...], BeforeValidator(_tuple)] = ("syscalls", "namespaces")
    """Layers whose absence is said aloud in the report."""
    seconds: Annotated[float, Field(gt=0, le=86_400)] = 300.0
    """Wall-clock limit of one run."""
    memory: Bytes = 4_000_000_000
    """Memory limit of one run."""


class FastTrackWhen(Value):
    """What a challenger must prove to skip rungs."""

    metric: Name
    """Metric to compare, such as `roc_auc`."""
    data: Name = "holdout"
    """Dataset both versions answer."""
    lower_bound_gain: Annotated[float, Field(gt=0)]
    """The one-sided lower confidence bound of the gain must be at least this."""
    confidence: Confidence = 0.95
    """One-sided confidence of the bound."""


class FastTrack(Value):
    """Rungs that a clearly better challenger may skip."""

    when: FastTrackWhen
    """What must be proven."""
    skip: Annotated[tuple[Name, ...], BeforeValidator(_tuple), Field(min_length=1)]
    """Stages that may be skipped."""


class PromotionRules(Value):
    """What happens when every gate passes."""

    merge: Literal["auto", "approved", "manual"] = "approved"
    """`auto` merges, `approved` waits for one approving review, `manual` never merges."""
    advance: Literal["auto", "off"] = "off"
    """Whether a version moves on to the next stage by itself."""
    fast_track: FastTrack | None = None
    """When rungs may be skipped."""


class RollbackRules(Value):
    """How far back, how often."""

    window: Annotated[int, Field(ge=1, le=20)] = 3
    """How many earlier champions a rollback may return to on the fast lane."""


class WaiverRule(Value):
    """A recorded, expiring permission."""

    gate: Name
    """Name of the gate."""
    model: Name
    """Name of the model."""
    by: Line
    """Who takes it upon themselves."""
    reason: Line
    """Why."""
    until: Day
    """The last day it holds."""


class Freeze(Value):
    """A window in which nothing is promoted; rollbacks are exempt."""

    since: Day = Field(alias="from")
    """First day."""
    until: Day
    """Last day."""
    reason: Line
    """Why, for the report."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.until < self.since:
            raise ValueError("a freeze ends after it begins")
        return self


class OverrideRules(Value):
    """How long a person's word stands in for a gate."""

    expire: Annotated[Span, Field(gt=timedelta(0), le=timedelta(days=30))] = timedelta(days=7)
    """How long an override holds, such as `2d`; at most 30 days."""


GateName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,30}$")]
Glob = Annotated[str, StringConstraints(pattern=r"^[a-z0-9*?][a-z0-9._*?-]{0,63}$")]


class Head(Value):
    """A policy without its gates, as it is written."""

    models: Annotated[tuple[Glob, ...], BeforeValidator(_tuple), Field(min_length=1)]
    """Names or patterns of the models this policy covers."""
    ladder: Annotated[tuple[Name, ...], BeforeValidator(_tuple), Field(min_length=1)]
    """The stages in order; the last one serves."""
    mode: Literal["enforce", "observe"] = "enforce"
    """`observe` reports and decides nothing."""
    data: dict[Name, Dataset] = Field(default_factory=dict)
    """Datasets by the name gates use."""
    artifacts: ArtifactRules = ArtifactRules()
    """Which artifacts may be loaded at all."""
    sandbox: SandboxRules = SandboxRules()
    """What must hold around an untrusted model."""
    promotion: PromotionRules = PromotionRules()
    """What happens when every gate passes."""
    rollback: RollbackRules = RollbackRules()
    """How far back a rollback may go on the fast lane."""
    waivers: Annotated[tuple[WaiverRule, ...], BeforeValidator(_tuple)] = ()
    """Gates that may be missed for a while, by name."""
    freezes: Annotated[tuple[Freeze, ...], BeforeValidator(_tuple)] = ()
    """Windows in which nothing is promoted."""
    overrides: OverrideRules = OverrideRules()
    """What `/lockstep override` may do."""

    @model_validator(mode="after")
    def _sound_ladder(self) -> Self:
        if len(set(self.ladder)) < len(self.ladder):
            raise ValueError("ladder names a stage twice")
        if taken := set(self.ladder) & set(BESIDE_THE_LADDER):
            raise ValueError(f"{', '.join(taken)} is no stage, it stands beside the ladder")
        return self
