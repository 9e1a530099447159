"""Replies: what a person is told about a command, in as few words as it takes.

No line begins with a slash, so that no reply is ever taken for a command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.command import FORMS, OURS, Verb
from bot.report.markdown import cell, end_cut, full, typed
from bot.report.status import base_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.core.approvals import Against
    from bot.core.proposal import Standing
    from bot.core.verdict import Override
    from bot.core.waiting import Waiting

REFUSING = ("FAIL ", "INCONCLUSIVE: ", "ERROR ", "REFUSED: ")
"""How the description of a status begins that says no."""
NOTHING = "No promotion"
AGAINST = {
    "failed": "failed",
    "errored": "could not be evaluated",
    "inconclusive": "cannot decide yet",
}
MENDED = {
    "failed": "push another challenger",
    "errored": "repair that and comment `/lockstep evaluate`",
    "inconclusive": "settle that and comment `/lockstep evaluate`",
}
"""What ends it that gates say no."""
LONGEST_BECAUSE = 160
SHOWN = 30
"""Gates or waits that a reply lists."""
REPLY = f"{OURS}reply:v1 "
"""How the first line of every reply begins."""


def marker_of(comment: int) -> str:
    """Write the first line of the reply to a comment, by which it is found again."""
    return f"{REPLY}{comment} -->"


def not_understood(because: str, paste: str) -> str:
    """Say what was wrong with a command, and the line that was probably meant."""
    return (
        f"**Not understood:** {full(because)}\n"
        + (f"Did you mean {typed(paste)}\n\n" if paste else "\n")
        + f"{typed(FORMS[Verb.HELP].written)} lists every command."
    )


def not_done(because: str, paste: str = "") -> str:
    """Say why a command was not carried out, and a line that would be."""
    return f"**Not done:** {full(because)}" + (f"\nWrite {typed(paste)}" if paste else "")


def help_text() -> str:
    """List the commands."""
    rows = "\n".join(f"| {typed(form.written)} | {cell(form.about)} |" for form in FORMS.values())
    return (
        "A command is the first line of a new comment, by somebody with write access.\n\n"
        f"| Command | What it does |\n|:--|:--|\n{rows}"
    )


def state(
    said: str | None,
    waiting: Sequence[Waiting],
    standing: Standing,
    base: str,
    *,
    against: Sequence[Against] = (),
    queued: bool = False,
) -> str:
    """Say the verdict, what it waits for, and what would end each wait.

    Args:
        said: The description of the head's status, or None when it was not judged yet.
        waiting: What keeps it from merging once its gates pass.
        standing: What people said about it.
        base: The base commit of this moment.
        against: The gates that keep it out.
        queued: It was handed to the merge queue.
    """
    lines = [f"**{full(_verdict(said))}**"]
    judged = base_in(said) if said else None
    if judged is not None and not base.startswith(judged):
        lines.append(
            f"It was judged against {typed(judged)} and the base is {typed(base[: len(judged)])} "
            f"by now; {typed(FORMS[Verb.EVALUATE].written)} judges it again."
        )
    lines += _next(said, waiting, against, queued=queued)
    lines += [f"\n{full(_overridden(one))}" for one in standing.overrides]
    return "\n".join(lines)


def _next(
    said: str | None, waiting: Sequence[Waiting], against: Sequence[Against], *, queued: bool
) -> list[str]:
    """Say what is awaited, as far as it got."""
    if against:
        return ["", "These gates keep it out:", "", *_listed(map(against_of, against))]
    if said and said.startswith(REFUSING):
        return ["Nothing is merged; the report says what would change that."]
    if said and said.startswith(NOTHING):
        return ["Lockstep has nothing to merge here."]
    if queued:
        return ["It waits in the merge queue, which has it judged once more and merges it."]
    if waiting:
        first = "It waits for this:" if said else "Once its gates pass, it waits for this:"
        return ["", first, "", *_listed(w.sentence for w in waiting)]
    return ["It waits for nobody." if said else "Once its gates pass, it waits for nobody."]


def _listed(sentences: Iterable[str]) -> list[str]:
    """Write a list that fits a comment, however many there are."""
    every = list(sentences)
    more = len(every) - SHOWN
    last = [f"- and {more:,} more"] if more > 0 else []
    return [*(f"- {full(one)}" for one in every[:SHOWN]), *last]


def over(said: str | None, landed: str | None) -> str:
    """Say what became of a request that is closed."""
    ended = f"merged as `{landed[:12]}`" if landed else "closed without a merge"
    last = f"\nThe last that was said of it: {full(_verdict(said))}" if said else ""
    undo = f"\nTo undo it, `git revert {landed[:12]}`." if landed else ""
    return f"**{full(ended.capitalize())}**{last}{undo}"


def refused(problem: str) -> str:
    """Say that a request cannot be judged at all."""
    return f"**Not evaluated:** {full(problem)}\nPush a correction, and it is judged again."


def against_of(one: Against) -> str:
    """Say which gate keeps a request out, and why."""
    because = end_cut(one.because.replace("`", "'"), LONGEST_BECAUSE)
    return f"`{one.title.replace('`', chr(39))}` {AGAINST.get(one.outcome, 'said no')}: {because}"


def _verdict(said: str | None) -> str:
    if said is None:
        return "Not judged yet"
    judged = base_in(said)
    return said.removesuffix(f" @{judged}") if judged else said


def _overridden(one: Override) -> str:
    return (
        f"The gate {one.gate} is overridden by {one.by} until "
        f"{one.until:%Y-%m-%d %H:%M} UTC: {one.reason}"
    )
