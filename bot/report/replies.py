"""Replies: what a person is told about a command, in as few words as it takes.

No line begins with a slash, so that no reply is ever taken for a command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.command import FORMS, OURS, Verb
from bot.report.markdown import cell, full, typed
from bot.report.status import base_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.proposal import Standing
    from bot.core.verdict import Override
    from bot.core.waiting import Waiting

REPLY = f"{OURS}reply:v1 "
"""How the first line of every reply begins."""


def marker_of(comment: int) -> str:
    """Write the first line of the reply to a comment, by which it is found again."""
    return f"{REPLY}{comment} -->"


def not_understood(because: str, paste: str) -> str:
    """Say what was wrong with a command, and the line that was probably meant."""
    return (
        f"**Not understood:** {full(because)}\n"
        f"Did you mean {typed(paste)}\n\n"
        f"{typed(FORMS[Verb.HELP].written)} lists every command."
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


def state(said: str | None, waiting: Sequence[Waiting], standing: Standing, base: str) -> str:
    """Say the verdict, what it waits for, and what would end each wait.

    Args:
        said: The description of the head's status, or None when it was not judged yet.
        waiting: What keeps it from merging once its gates pass.
        standing: What people said about it.
        base: The base commit of this moment.
    """
    lines = [f"**{full(_verdict(said))}**"]
    judged = base_in(said) if said else None
    if judged is not None and not base.startswith(judged):
        lines.append(
            f"It was judged against {typed(judged)} and the base is {typed(base[: len(judged)])} "
            f"by now; {typed(FORMS[Verb.EVALUATE].written)} judges it again."
        )
    if waiting:
        lines += ["", "Once its gates pass, it waits for this:", ""]
        lines += [f"- {full(one.sentence)}" for one in waiting]
    else:
        lines.append("Nobody else has to do anything once its gates pass.")
    lines += [f"\n{full(_overridden(one))}" for one in standing.overrides]
    return "\n".join(lines)


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
