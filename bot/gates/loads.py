"""The model loads in the sandbox, soon enough and small enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from bot.core.figures import figure, size
from bot.core.policy import Bytes
from bot.core.questions import Loaded
from bot.core.verdict import Measure, Outcome, Verdict
from bot.gates import contest
from bot.gates.gate import Gate

if TYPE_CHECKING:
    from bot.core.case import Case
    from bot.core.evidence import Evidence, Need
    from bot.core.questions import Rehearsal


class Loads(Gate):
    """Passes when the model loads in the sandbox within the seconds and bytes given."""

    name: ClassVar[str] = "loads"
    example: ClassVar[str] = "loads: {max_seconds: 30, max_memory: 2GB}"

    max_seconds: Annotated[float, Field(gt=0)] = 60.0
    """Longest time to load, in seconds."""
    max_memory: Bytes | None = None
    """Largest peak memory, such as `2GB`; default only the sandbox's own limit."""

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Ask for one run in the sandbox."""
        return frozenset({_loading(case)})

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """Compare time and memory with their limits."""
        run = evidence[_loading(case)]
        took = f"{figure(run.load_seconds, self.max_seconds)} s"
        needed = f"{size(run.peak_bytes)} of memory"
        wrong = []
        # Written so that a time that is not a number is too long.
        if not run.load_seconds <= self.max_seconds:
            wrong.append(f"loading took {took}")
        if self.max_memory and run.peak_bytes > self.max_memory:
            wrong.append(f"it needed {needed}")
        limit = f" and {size(self.max_memory)}" if self.max_memory else ""
        return Verdict(
            gate=self.name,
            title=self.title,
            outcome=Outcome.FAILED if wrong else Outcome.PASSED,
            because="; ".join(wrong) or f"it loaded in {took} and needed {needed}",
            required=f"at most {self.max_seconds:g} s{limit}",
            measured=self._measured(run),
            notes=contest.protection(run) + ((contest.REPORTED,) if run.reported else ()),
        )

    def _measured(self, run: Rehearsal) -> tuple[Measure, ...]:
        time = Measure(
            name="time to load",
            challenger=run.load_seconds,
            limit=self.max_seconds,
            direction="lower",
            unit="s",
        )
        memory = Measure(
            name="peak memory",
            challenger=float(run.peak_bytes),
            limit=float(self.max_memory) if self.max_memory else None,
            direction="lower",
            unit="bytes",
        )
        return time, memory


def _loading(case: Case) -> Loaded:
    return Loaded(case.challenger.entry.artifact, case.artifacts, case.sandbox)
