"""What every gate is: its YAML as fields, its needs, and its judgement.

A gate is one frozen model in one file plus one line in the table.  Its docstring and
the docstrings under its fields are its documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from bot.core.lock import Value

if TYPE_CHECKING:
    from bot.core.case import Case
    from bot.core.evidence import Evidence, Need
    from bot.core.verdict import Verdict


class Gate(Value):
    """A configured question about a transition."""

    name: ClassVar[str]
    """Name in the table, equal to the file's name."""
    compares: ClassVar[bool] = False
    """The gate asks for a champion; it cannot open a stage."""

    mode: Literal["enforce", "observe"] = "enforce"
    """`observe` reports the verdict and does not decide."""

    @property
    def title(self) -> str:
        """Name the gate with its subject, for tables."""
        return self.name

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Say which questions must be answered before `judge`."""
        raise NotImplementedError

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """Answer from the evidence alone.

        Raises:
            EvidenceMissing: a need is absent; the caller records ERRORED.
        """
        raise NotImplementedError
