"""Reading the artifact shows no code that loading it would run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from bot.core.figures import count
from bot.core.questions import Scanned
from bot.core.verdict import Outcome, Verdict
from bot.gates.gate import Gate

if TYPE_CHECKING:
    from bot.core.case import Case
    from bot.core.evidence import Evidence, Need

SHOWN = 5
CARRIES_CODE = "{} can run code when it is loaded; only the sandbox protects a run of it"


class UnsafeCode(Gate):
    """Passes when a static reading finds nothing outside the allow-list; nothing is loaded.

    Pickles are walked opcode by opcode after decompression, skops archives type by type, and
    compared with exact names: scikit-learn's own, and those that the policy's
    `artifacts: trusted` adds.  What cannot be read fails: unknown is not safe.
    """

    name: ClassVar[str] = "unsafe_code"
    example: ClassVar[str] = "unsafe_code"

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Ask for the static scan."""
        return frozenset({Scanned(case.challenger.entry.artifact, case.artifacts)})

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """Fail on any finding and on anything unreadable."""
        stated = case.challenger.entry.artifact
        scan = evidence[Scanned(stated, case.artifacts)]
        outcome = Outcome.FAILED if scan.findings or scan.unreadable else Outcome.PASSED
        return Verdict(
            gate=self.name,
            title=self.title,
            outcome=outcome,
            because=_free(scan.counted)
            if stated.flavor == "runner" and not scan.unreadable
            else _sentence(scan.findings, scan.unreadable, scan.counted),
            required="every global and type is on the allow-list",
            details=tuple(f"not on the allow-list: {name}" for name in scan.findings),
            notes=(CARRIES_CODE.format(stated.flavor),) if scan.carries_code else (),
            remedy="save the model as onnx or skops, or name the type in the policy's "
            "`artifacts: trusted` after reading it"
            if outcome is Outcome.FAILED
            else "",
        )


def _free(modules: int) -> str:
    return f"{count(modules, 'module')} of free code, which no list can judge; the policy allows it"


def _sentence(findings: tuple[str, ...], unreadable: str | None, counted: int) -> str:
    if unreadable:
        return f"it cannot be read: {unreadable}"
    if not findings:
        if not counted:
            return "0 names of code in it, so there is none to look up"
        return f"{count(counted, 'name')} of code in it, all on the allow-list"
    more = f" and {len(findings) - SHOWN} more" if len(findings) > SHOWN else ""
    return f"{', '.join(findings[:SHOWN])}{more} not on the allow-list"
