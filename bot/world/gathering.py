"""One round of questions: what several of them share is fetched and read once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from bot.core.errors import Fault
from bot.core.evidence import Absent
from bot.world.store import Kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.core.lock import Artifact
    from bot.core.policy import ArtifactRules, Dataset
    from bot.core.questions import Answers, Holdout, Scan
    from bot.world.holdout import Rows, Seen
    from bot.world.sandbox import Sandbox
    from bot.world.sandbox_features import Features
    from bot.world.store import Local, Store

DATA_BYTES = 20_000_000_000
HELD_BYTES = 2_000_000_000


@dataclass
class Gathering:
    """One round of questions; what several of them share is read once."""

    store: Store
    cache: Path
    version: str
    say: Callable[[str], None]
    folder: Path
    """Scratch for features; goes away with the round."""
    answers: dict[tuple[Artifact, Dataset], Answers | Absent] = field(default_factory=dict)
    scans: dict[Artifact, Scan | Absent] = field(default_factory=dict)
    _files: dict[tuple[str, str, int], Local | Absent] = field(default_factory=dict)
    _rows: dict[Dataset, Rows | Absent] = field(default_factory=dict)
    _features: dict[Dataset, Features | Absent] = field(default_factory=dict)

    @cached_property
    def sandbox(self) -> Sandbox:
        """What a canary found to hold on this machine; probed when a model is to run."""
        from bot.world.sandbox import probed

        return probed()

    def artifact(self, artifact: Artifact, rules: ArtifactRules) -> Local | Absent:
        """Fetch an artifact's bytes from their address, once a round, whatever a cache holds.

        A promotion claims that the bytes are there today; a cached copy would hide that they
        are gone, or others by now.
        """
        asked = (artifact.uri, artifact.digest, rules.max_bytes)
        if asked not in self._files:
            self._files[asked] = self.store.fetch_now(
                artifact.uri, artifact.digest, max_bytes=rules.max_bytes, max_files=rules.max_files
            )
        return self._files[asked]

    def file(self, uri: str, digest: str, kind: Kind) -> Local | Absent:
        """Fetch a data set, a manifest or any other file that is named by digest."""
        most = DATA_BYTES if kind is Kind.DATA else HELD_BYTES
        asked = (uri, digest, most)
        if asked not in self._files:
            self._files[asked] = self.store.fetch(
                uri, digest, max_bytes=most, max_files=100_000, kind=kind
            )
        return self._files[asked]

    def holdout(self, dataset: Dataset) -> Holdout | Absent:
        """Read the judged rows."""
        rows = self._read(dataset)
        return rows if isinstance(rows, Absent) else rows.holdout

    def features(self, dataset: Dataset) -> Features | Absent:
        """Write what models may see of a hold-out, once for all of them."""
        if dataset not in self._features:
            from bot.world.sandbox_features import prepare_table

            seen = self.seen(dataset)
            # The order is a secret of this run: one drawn from the policy could be drawn by
            # a model.
            self._features[dataset] = (
                seen
                if isinstance(seen, Absent)
                else prepare_table(seen.features, self.folder / str(len(self._features)))
            )
        return self._features[dataset]

    def seen(self, dataset: Dataset) -> Seen | Absent:
        """Read what of a hold-out may be near a model."""
        rows = self._read(dataset)
        return rows if isinstance(rows, Absent) else rows.seen

    def _read(self, dataset: Dataset) -> Rows | Absent:
        if dataset not in self._rows:
            from bot.world.holdout import read_rows

            local = self.file(dataset.uri, dataset.digest, Kind.DATA)
            self._rows[dataset] = (
                local
                if isinstance(local, Absent)
                else self._agreeing(read_rows(local.path, dataset), dataset)
            )
        return self._rows[dataset]

    def _agreeing(self, rows: Rows | Absent, dataset: Dataset) -> Rows | Absent:
        """Return the rows if the file without labels, when one is named, has the same."""
        if dataset.blind is None or isinstance(rows, Absent):
            return rows
        from bot.world.holdout_blind import disagreement

        local = self.file(dataset.blind.uri, dataset.blind.digest, Kind.DATA)
        if isinstance(local, Absent):
            return local
        return disagreement(rows, local.path, dataset, dataset.blind) or rows

    def runnable(self, artifact: Artifact, rules: ArtifactRules) -> Local | Absent:
        """Fetch an artifact that may be loaded: what a scan objects to is never opened."""
        scan = self.scans.get(artifact)
        if scan is not None and not isinstance(scan, Absent) and (scan.findings or scan.unreadable):
            return Absent(
                fault=Fault.CODE_NOT_ALLOWED,
                reason="it was not loaded, because the static scan objects to it",
                remedy="see `unsafe_code`",
            )
        local = self.artifact(artifact, rules)
        if artifact.flavor == "mlflow" and not isinstance(local, Absent):
            return _allowed_inside(local, rules)
        return local


def _allowed_inside(local: Local, rules: ArtifactRules) -> Local | Absent:
    """Let an MLflow folder be loaded when the policy allows every format in it."""
    from bot.world.scan import not_allowed
    from bot.world.scan_mlflow import contained
    from bot.world.scan_values import Unreadable

    try:
        inside = not_allowed(contained(local.path), rules)
    except Unreadable as error:
        fault, reason = Fault.UNREADABLE, f"the MLflow folder cannot be read: {error.reason}"
        return Absent(fault=fault, reason=reason, remedy="save it again with mlflow")
    if not inside:
        return local
    return Absent(
        fault=Fault.CODE_NOT_ALLOWED,
        reason=f"the MLflow folder holds a {', '.join(inside)}, which the policy does not allow",
        remedy="save the model as onnx, or name the format in the policy's `artifacts: flavors`",
    )
