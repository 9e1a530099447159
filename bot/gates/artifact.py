"""The artifact is the bytes that the lock names, in a format the policy allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from bot.core.figures import count, short, size
from bot.core.policy import Bytes
from bot.core.questions import Weighed
from bot.core.verdict import Measure, Outcome, Verdict
from bot.gates.gate import Gate

if TYPE_CHECKING:
    from bot.core.case import Case
    from bot.core.evidence import Evidence, Need
    from bot.core.questions import Weight


class Artifact(Gate):
    """Passes when the bytes, fetched and hashed again now, have the digest the lock states.

    The format must be one the policy allows, and size and file count within their caps.
    A digest of a folder binds the file names, so that a renamed file is another artifact.
    """

    name: ClassVar[str] = "artifact"
    example: ClassVar[str] = "artifact: {max_bytes: 500MB}"

    max_bytes: Bytes | None = None
    """Largest size, such as `500MB`; default the policy's `artifacts: max_bytes`."""
    max_files: Annotated[int, Field(gt=0)] | None = None
    """Most files in a folder; default the policy's `artifacts: max_files`."""

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Ask for the bytes."""
        return frozenset({Weighed(case.challenger.entry.artifact, case.artifacts)})

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """Compare digest, format, size and count with what is allowed."""
        stated = case.challenger.entry.artifact
        weight = evidence[Weighed(stated, case.artifacts)]
        max_bytes = self.max_bytes or case.artifacts.max_bytes
        max_files = self.max_files or case.artifacts.max_files
        allowed = ", ".join(case.artifacts.flavors)
        other = [
            (weight.digest != stated.digest, f"the bytes hash to {short(weight.digest)}"),
            (stated.flavor not in case.artifacts.flavors, f"flavor {stated.flavor} is not allowed"),
            (weight.files > max_files, f"it has {count(weight.files, 'file')}"),
        ]
        too_large = (weight.size > max_bytes, f"it has {size(weight.size)}")
        wrong = [sentence for is_wrong, sentence in (*other, too_large) if is_wrong]
        measured = f"{stated.flavor}, {size(weight.size)}, {count(weight.files, 'file')}"
        return Verdict(
            gate=self.name,
            title=self.title,
            outcome=Outcome.FAILED if wrong else Outcome.PASSED,
            because="; ".join(wrong) or f"{measured}, digest {short(weight.digest)} as stated",
            required=f"digest {short(stated.digest)}, one of {allowed}, at most {size(max_bytes)} "
            f"and {count(max_files, 'file')}",
            # Beside another reason the size would look as if it had decided.
            measured=() if wrong and not too_large[0] else (_size(weight, max_bytes),),
        )


def _size(weight: Weight, most: int) -> Measure:
    return Measure(
        name="size",
        challenger=float(weight.size),
        limit=float(most),
        direction="lower",
        unit="bytes",
        n=weight.files,
    )
