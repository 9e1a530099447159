"""A lock says which version of each model serves each stage.

The values only; reading and writing their YAML is `document` and `lockfile`.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"
VERSION = r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$"
DIGEST = r"^sha256:[0-9a-f]{64}$"

Name = Annotated[str, StringConstraints(pattern=NAME)]
"""Model, stage, metric and gate names: lower case, so that they are safe in every output."""
Version = Annotated[str, StringConstraints(pattern=VERSION)]
Digest = Annotated[str, StringConstraints(pattern=DIGEST)]
Line = Annotated[
    str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")
]
"""One line of text from outside; every output filters it."""


def _iso(value: object) -> object:
    # pydantic reads a bare number as seconds since 1970; a year is not an instant.
    if isinstance(value, str) and not re.match(r"\d{4}-", value):
        raise ValueError("write a date as 2026-11-23 and a moment as 2026-11-23T09:00:00Z")
    return value


def _zoned(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a moment needs its zone; write 2026-11-23T09:00:00Z")
    return value


Day = Annotated[date, BeforeValidator(_iso)]
Moment = Annotated[datetime, BeforeValidator(_iso), AfterValidator(_zoned)]
Flavor = Literal["onnx", "skops", "xgboost", "lightgbm", "joblib", "pickle", "mlflow", "runner"]


class Value(BaseModel):
    """A frozen value that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Artifact(Value):
    """Immutable bytes of a model, named by digest."""

    uri: Line
    """Where the bytes are: a path in the repository, or an https or s3 address."""
    digest: Digest
    """sha256 of the one file, or of the sorted lines `<sha256>  <path>` of a folder."""
    flavor: Flavor
    """How the model is loaded."""
    module: Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_.]{0,99}$")] | None = None
    """For the `runner` flavor: the module inside the folder that predicts."""


class Manifest(Value):
    """The rows a version was trained on: their hashes, or the rows themselves."""

    uri: Line
    """Where the manifest is."""
    digest: Digest
    """sha256 of the file."""


class Lineage(Value):
    """What a version was made from."""

    code: Line | None = None
    """Repository and commit of the training code, `https://…@<40 hex>`."""
    data: Digest | None = None
    """Digest of the training data."""
    manifest: Manifest | None = None
    """Row manifest of the training data; the leakage gate reads it."""
    environment: Digest | None = None
    """Digest of the pinned requirements file."""
    requirements: Line | None = None
    """Where the pinned requirements file is."""
    parameters: dict[Line, str] | None = None
    """Training parameters, as text."""
    created: Moment | None = None
    """When it was trained."""
    parent: Version | None = None
    """The version this one was derived from."""


class Release(Value):
    """A person lets a version that was rolled back be proposed again."""

    reason: Line
    """Why."""
    by: Line
    """Who lets it back."""


class Hold(Value):
    """Nothing, or not this one version, may be promoted to a stage for a while."""

    reason: Line
    """Why."""
    by: Line
    """Who holds it."""
    until: Day | None = None
    """The last day it holds; for ever without one."""
    version: Version | None = None
    """When set, only this version is held."""


class Entry(Value):
    """One version of a model."""

    artifact: Artifact
    """The bytes."""
    lineage: Lineage = Lineage()
    """What they were made from."""


class Model(Value):
    """One model: its versions, and which of them serves each stage."""

    versions: dict[Version, Entry] = Field(min_length=1)
    """Every version, by its name; versions never change."""
    depends_on: dict[Name, Name] = {}
    """Upstream model and the stage of it that feeds this one."""
    stages: dict[Name, Version] = {}
    """The version that serves each stage."""
    traffic: dict[Name, Annotated[int, Field(ge=0, le=100)]] = {}
    """Percent of requests a rung receives; only for rungs the policy calls canary."""
    holds: dict[Name, Hold] = {}
    """What is held back, by stage."""
    released: dict[Version, Release] = {}
    """Versions that were rolled back and may be proposed again."""
    retired: dict[Version, Line] = {}
    """Versions that may never serve again, with the reason."""
