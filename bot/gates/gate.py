"""What every gate is: its YAML as fields, its needs, and its judgement.

A gate is one frozen model in one file plus one line in the table.  Its docstring and
the docstrings under its fields are its documentation.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import model_validator

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
    exactly_one: ClassVar[tuple[str, ...]] = ()
    """Settings of which a policy gives exactly one."""
    example: ClassVar[str]
    """An entry of a policy, for the documentation."""

    mode: Literal["enforce", "observe"] = "enforce"
    """`observe` reports the verdict and does not decide."""
    hard: bool = False
    """`true`: nobody may override this gate."""

    @model_validator(mode="after")
    def _gives_exactly_one(self) -> Self:
        given = [name for name in self.exactly_one if getattr(self, name) is not None]
        if self.exactly_one and len(given) != 1:
            raise ValueError(f"give exactly one of {' and '.join(self.exactly_one)}")
        return self

    @property
    def title(self) -> str:
        """Name the gate with its subject, for tables."""
        return self.name

    @abstractmethod
    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Say which questions must be answered before `judge`."""

    @abstractmethod
    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """Answer from the evidence alone.

        Raises:
            EvidenceMissing: a need is absent; the caller records ERRORED.
        """
