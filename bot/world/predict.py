"""Let an untrusted model answer a hold-out in the sandbox, and check what it says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bot.core.errors import Fault
from bot.core.evidence import Absent
from bot.runner.numbers import Numbers
from bot.world.answering import Finished, answers, not_allowed, rehearsal, why_not
from bot.world.sandbox import Job
from bot.world.sandbox_ending import forged, not_started, stopped
from bot.world.sandbox_output import Forged, Output, Shape, collect

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from bot.core.lock import Artifact
    from bot.core.policy import ArtifactRules, SandboxRules
    from bot.core.questions import Answers, Rehearsal
    from bot.world.sandbox import Sandbox
    from bot.world.sandbox_features import Features

_AT_ONCE = 2
"""Champion and challenger answer at the same time and share the processors; more threads than
processors wait for each other in a loop, and double the processor time that scoring takes."""


def answer(
    path: Path,
    artifact: Artifact,
    rules: ArtifactRules,
    limits: SandboxRules,
    sandbox: Sandbox,
    features: Features,
    classes: Sequence[str],
) -> Answers | Absent:
    """Ask a model about every row.

    Args:
        path: The artifact's bytes, already measured against its digest.
        artifact: Its entry in the lock.
        rules: Which artifacts may be loaded.
        limits: What must hold around them.
        sandbox: What holds here.
        features: The prepared hold-out, without labels.
        classes: Names of the classes in code order; empty for regression.

    Returns:
        Answers aligned to the hold-out's rows, or the reason why there are none.
    """
    run = run_all(path, artifact, rules, limits, sandbox, features, classes)
    if isinstance(run, Absent):
        return run
    return why_not(run, limits, artifact.flavor) or answers(run, features.questions)


def run_all(
    path: Path,
    artifact: Artifact,
    rules: ArtifactRules,
    limits: SandboxRules,
    sandbox: Sandbox,
    features: Features,
    classes: Sequence[str],
) -> Finished | Absent:
    """Run a model over every row, as `answer` does, and return what is left of the run."""
    if features.rows == 0:
        return Absent(
            fault=Fault.NO_ROWS,
            reason="the hold-out has no rows, so there is nothing to ask",
            remedy="point the policy's data at a hold-out with rows",
        )
    shape = Shape(len(features.questions.row_at), len(features.names), len(classes))
    job = Job(
        kind="answer", rules=limits, readable=(path, features.folder),
        result_bytes=shape.rows * (shape.classes + 2) * 8,
        threads=max(1, len(os.sched_getaffinity(0)) // _AT_ONCE),
        fields={
            **opening(path, artifact, rules), "features": str(features.folder),
            "task": "classification" if classes else "regression", "classes": list(classes),
            "batches": features.questions.batches,
        },
    )  # fmt: skip
    return _run(job, shape, artifact, rules, sandbox)


def load_only(
    path: Path,
    artifact: Artifact,
    rules: ArtifactRules,
    limits: SandboxRules,
    sandbox: Sandbox,
    features: Features | None = None,
    classes: Sequence[str] = (),
) -> Rehearsal | Absent:
    """Load a model and ask it nothing; with features, compare the columns it asks for."""
    run = run_loading(path, artifact, rules, limits, sandbox, features, classes)
    if isinstance(run, Absent):
        return run
    return why_not(run, limits, artifact.flavor) or rehearsal(run)


def run_loading(
    path: Path,
    artifact: Artifact,
    rules: ArtifactRules,
    limits: SandboxRules,
    sandbox: Sandbox,
    features: Features | None = None,
    classes: Sequence[str] = (),
) -> Finished | Absent:
    """Load a model, as `load_only` does, and return what is left of the run."""
    fields = opening(path, artifact, rules)
    readable: tuple[Path, ...] = (path,)
    shape = Shape(0, 0, len(classes))
    if features is not None:
        fields |= {"features": str(features.folder), "classes": list(classes)}
        readable += (features.folder,)
        shape = Shape(0, len(features.names), len(classes))
    job = Job(kind="load", rules=limits, readable=readable, fields=fields)
    return _run(job, shape, artifact, rules, sandbox)


def refused(
    artifact: Artifact, rules: ArtifactRules, limits: SandboxRules, sandbox: Sandbox
) -> Absent | None:
    """Return why an artifact may not be loaded here at all, or None."""
    if artifact.flavor not in rules.flavors:
        return not_allowed(artifact, rules)
    return sandbox.refusal(limits)


def opening(path: Path, artifact: Artifact, rules: ArtifactRules) -> dict[str, Any]:
    """Return the part of a request that says what to open and how."""
    return {
        "artifact": str(path.resolve()), "flavor": artifact.flavor, "module": artifact.module or "",
        "trusted": list(rules.trusted),
    }  # fmt: skip


def _run(
    job: Job, shape: Shape, artifact: Artifact, rules: ArtifactRules, sandbox: Sandbox
) -> Finished | Absent:
    refusal = refused(artifact, rules, job.rules, sandbox)
    if refusal:
        return refusal
    with sandbox.start(job) as (child, out):
        ending = child.watch(seconds=job.rules.seconds, scratch_bytes=sandbox.scratch_limit(job))
        sandbox.keep(ending.log, artifact.digest[7:19])
        if stopped(ending, job.rules):
            output = Output(Numbers(), None, None, None, None)
        elif ending.code and not any(out.iterdir()):
            return not_started()
        else:
            try:
                output = collect(out, shape)
            except Forged as error:
                return forged(str(error))
    layers, missing = sandbox.layers, sandbox.said(job.rules)
    return Finished(output=output, ending=ending, layers=layers, missing=missing)
