"""Say in one plain sentence why another job's word about a model is no evidence."""

from __future__ import annotations

from bot.core.errors import Fault
from bot.core.evidence import Absent


def forged(what: str) -> Absent:
    """Return the reason for a bundle that no job of ours would have left."""
    return Absent(
        fault=Fault.BUNDLE_FORGED,
        reason=f"what the job that runs models left cannot be trusted: {what}",
        remedy="look at that job's log; a person decides whether the artifact is hostile",
    )


def missing(what: str) -> Absent:
    """Return the reason when there is no bundle."""
    return Absent(
        fault=Fault.BUNDLE_MISSING,
        reason=f"the job that runs models left no answers: {what}",
        remedy="look at that job's log, and run it again",
    )


def too_weak() -> Absent:
    """Return the reason when a layer that the policy requires did not hold there."""
    return Absent(
        fault=Fault.SANDBOX_TOO_WEAK,
        reason="the machine where models ran does not give the sandbox layers the policy requires",
        remedy="run on a machine that gives them, or require fewer in the policy's `sandbox`",
    )


def by_fault(fault: Fault) -> Absent:
    """Say why nothing ran; the job only names a fault of the closed list."""
    match fault:
        case Fault.SANDBOX_TOO_WEAK:
            return too_weak()
        case Fault.LIMIT_EXCEEDED:
            reason = "the answers do not fit into what one job may leave"
            return Absent(fault=fault, reason=reason, remedy="judge on a sample of the rows")
        case Fault.FORGED_OUTPUT:
            return Absent(
                fault=fault,
                reason="the model's output cannot be trusted, and was refused where it ran",
                remedy="treat this artifact as hostile; nothing it wrote was used",
            )
        case _:
            words = fault.name.lower().replace("_", " ")
            reason = f"the job that runs models could not ask this one: {words}"
            return Absent(fault=fault, reason=reason, remedy="look at that job's log")
