"""The answers have the right shape, are probabilities, and depend on the row alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from bot.core.figures import count, figure
from bot.core.verdict import Outcome, Verdict
from bot.gates import contest
from bot.gates.fields import DataName
from bot.gates.gate import Gate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.core.case import Case
    from bot.core.evidence import Evidence, Need
    from bot.core.questions import Answers

SIMPLEX = 1e-5
"""Single precision probabilities of a few classes add up to one within this."""


class Outputs(Gate):
    """Passes when answers are finite, form probabilities, and name the champion's classes.

    Some rows are asked twice, in another place and another order: an answer that depends on
    anything but the row fails.  Shape, count and finiteness are checked before any gate.
    """

    name: ClassVar[str] = "outputs"
    example: ClassVar[str] = "outputs: {data: holdout}"

    data: DataName = "holdout"
    """Dataset of the policy that is answered."""

    def needs(self, case: Case) -> frozenset[Need[Any]]:
        """Ask for the answers of both versions."""
        return contest.needs_of_both(case, self.data)

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """List everything that is wrong with the answers."""
        answers = evidence[contest.answering(case, case.challenger, self.data)]
        rows = contest.labels(case, self.data, evidence)
        wrong = _wrong(answers)
        if case.champion is not None:
            held = evidence[contest.answering(case, case.champion, self.data)]
            wrong += _lost_classes(held, answers, rows.classes)
        answered = f"{count(len(answers.predicted), 'row')} answered"
        asked_twice = f"{count(answers.compared, 'row')} asked twice"
        outcome = Outcome.PASSED if answers.compared else Outcome.INCONCLUSIVE
        return Verdict(
            gate=self.name,
            title=self.title,
            outcome=Outcome.FAILED if wrong else outcome,
            because="; ".join(wrong) or f"{answered}, {asked_twice} and 0 answered otherwise",
            required="finite answers, probabilities that add up to 1, the champion's classes, "
            "and the same answer for the same row",
            notes=contest.notes(case, self.data, evidence) + _alike(answers.predicted),
            unblock="" if wrong or answers.compared else "rows to ask twice",
        )


def _wrong(answers: Answers) -> list[str]:
    wrong = []
    # Written so that a distance that is not a number is wrong as well.
    if not answers.off_simplex <= SIMPLEX:
        wrong.append(
            f"scores of a row are {figure(answers.off_simplex, 0.0)} away from probabilities"
        )
    if answers.inconsistent:
        wrong.append(
            f"{answers.inconsistent:,} of {count(answers.compared, 'row')} asked twice "
            "got another answer, which depends on order or state"
        )
    if answers.rehearsal.unknown_classes:
        unknown = count(answers.rehearsal.unknown_classes, "class", "classes")
        wrong.append(f"it can answer {unknown} that the hold-out never shows")
    return wrong


def _lost_classes(held: Answers, answers: Answers, classes: tuple[str, ...]) -> list[str]:
    before, now = held.rehearsal.classes, answers.rehearsal.classes
    # Either is empty when the model does not say which classes it knows.
    lost = [name for name, had, has in zip(classes, before, now, strict=False) if had and not has]
    return [f"it can no longer answer class {', '.join(lost)}"] if lost else []


def _alike(values: NDArray[Any]) -> tuple[str, ...]:
    alike = len(values) > 1 and bool((values == values[0]).all())
    return ("every row gets the same answer",) if alike else ()
