"""The questions gates ask the world, and the shape of each answer.

A question is a frozen value: two gates that ask the same thing share one answer.
Arrays in answers are aligned by row to the hold-out as it lies on disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.evidence import Need

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from bot.core.lock import Artifact, Manifest
    from bot.core.policy import ArtifactRules, Dataset, SandboxRules


@dataclass(frozen=True, slots=True)
class Weight:
    """What the bytes of an artifact are, measured now."""

    digest: str
    size: int
    """Bytes."""
    files: int


@dataclass(frozen=True, slots=True)
class Weighed(Need[Weight]):
    """Fetch an artifact, hash it again, and say how large it is."""

    artifact: Artifact
    rules: ArtifactRules


@dataclass(frozen=True, slots=True)
class Held(Need[Weight]):
    """Fetch any file that a lock names by digest, and hash it."""

    uri: str
    digest: str


@dataclass(frozen=True, slots=True)
class Scan:
    """What a static reading of an artifact found; nothing was loaded."""

    carries_code: bool
    """The format can run code when it is loaded."""
    findings: tuple[str, ...]
    """Globals or types that the allow-list does not name, in order of appearance."""
    counted: int
    """Globals or types looked at."""
    unreadable: str | None = None
    """Why the artifact, or a part of it, could not be read; unknown is not safe."""


@dataclass(frozen=True, slots=True)
class Scanned(Need[Scan]):
    """Read an artifact's opcodes or types without loading it."""

    artifact: Artifact
    rules: ArtifactRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """One run of a model in the sandbox; numbers only came back."""

    load_seconds: float
    predict_seconds: float
    peak_bytes: int
    warnings: int
    """Warnings raised while loading, such as another library version."""
    layers: tuple[str, ...]
    """Sandbox layers that held, such as `namespaces`, `landlock7`, `seccomp`, `rlimits`."""
    missing: tuple[str, ...]
    """Preferred layers that this machine does not give, each with its reason."""
    used: tuple[bool, ...]
    """Per feature of the hold-out: the model asks for it. Empty when the model does not say."""
    unknown_features: int = 0
    """Features the model asks for that the hold-out does not have."""
    unknown_classes: int = 0
    """Classes the model can answer that the hold-out's target never takes."""
    classes: tuple[bool, ...] = ()
    """Per class of the hold-out: the model can answer it."""
    reported: bool = False
    """Seconds and bytes are as another job said, in which untrusted code ran."""


@dataclass(frozen=True, slots=True)
class Loaded(Need[Rehearsal]):
    """Load a model in the sandbox, and let it answer if a hold-out is named."""

    artifact: Artifact
    artifacts: ArtifactRules
    sandbox: SandboxRules
    dataset: Dataset | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """A model's answers on a hold-out, checked: right rows, finite, same for the same row."""

    predicted: NDArray[np.float64]
    """(n,) class codes for classification, values for regression."""
    scores: NDArray[np.float64] | None
    """(n, K) probabilities in the order of the hold-out's classes, or None."""
    off_simplex: float
    """Largest distance of a row of scores from a probability vector; 0.0 without scores."""
    inconsistent: int
    """Rows whose repeated copy, in another place and order, was answered differently."""
    compared: int
    """Rows that were asked twice."""
    rehearsal: Rehearsal


@dataclass(frozen=True, slots=True)
class Answered(Need[Answers]):
    """Let a model answer every row of a hold-out, in the sandbox, without the labels."""

    artifact: Artifact
    artifacts: ArtifactRules
    sandbox: SandboxRules
    dataset: Dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column cut into groups."""

    names: tuple[str, ...]
    codes: NDArray[np.int64]
    """(n,) index into `names`; -1 where the value is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """What a column of the hold-out holds, for the schema gate."""

    name: str
    kind: str
    """`number`, `integer`, `boolean`, `text` or `time`."""
    missing: int
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] | None = None
    """Distinct values of a text column, at most 1,000; None when there are more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdout:
    """The judged rows, with their labels; never shown to a model."""

    rows: int
    target: NDArray[np.float64]
    """(n,) class codes for classification, values for regression."""
    classes: tuple[str, ...]
    """Names of the classes in code order; empty for regression."""
    groups: Mapping[str, Column]
    """Slice and protected columns by name."""
    entities: NDArray[np.int64] | None
    """(n,) code of each row's entity; None when every id is its own entity."""
    features: tuple[Feature, ...]
    earliest: datetime | None
    latest: datetime | None


@dataclass(frozen=True, slots=True)
class Judged(Need[Holdout]):
    """Read a hold-out with its labels."""

    dataset: Dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """How much of a hold-out a version was trained on."""

    rows: int
    """Rows of the hold-out."""
    shared_rows: int
    """Hold-out rows whose every column equals a training row."""
    shared_ids: int | None
    """Hold-out ids that the manifest names; None when either side has no id."""
    natural_duplicates: int
    """Rows that repeat within the hold-out itself: chance alone makes some rows equal."""
    trained_until: datetime | None
    judged_from: datetime | None
    same_bytes: bool
    """The manifest and the hold-out are one file."""
    columns_known: bool = True
    """False for a manifest of hashes that does not say which columns it hashed."""


@dataclass(frozen=True, slots=True)
class Overlapped(Need[Overlap]):
    """Compare a hold-out with the rows a version was trained on."""

    dataset: Dataset
    manifest: Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Request durations, measured in turn in one run so that both saw the same machine."""

    challenger: NDArray[np.float64]
    """(m,) milliseconds a request."""
    champion: NDArray[np.float64] | None
    rows_per_request: int
    warmup: int
    """Requests before the first one that counts."""
    repeated: int = 0
    """Requests whose rows had been sent before, because the hold-out has too few."""
    reported: bool = False
    """They are as another job said, in which untrusted code ran."""


@dataclass(frozen=True, slots=True)
class Timed(Need[Timings]):
    """Time single requests of the challenger, in turn with the champion if there is one."""

    challenger: Artifact
    champion: Artifact | None
    artifacts: ArtifactRules
    sandbox: SandboxRules
    dataset: Dataset
    requests: int
    rows_per_request: int


@dataclass(frozen=True, slots=True)
class Clock(Need["datetime"]):
    """The moment of this evaluation; gates never read a clock."""
