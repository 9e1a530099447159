"""The change itself: each transition as a row and in a few words, and the diff of the lock."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING, assert_never

from bot.core.fasttrack import skipped
from bot.core.transition import (
    Exposure,
    Hold,
    Promotion,
    Registration,
    Release,
    Retirement,
    Rewiring,
    Rollback,
)
from bot.report.numbers import NONE, plural
from bot.report.values import Change

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.core.case import Contender
    from bot.core.proposal import Proposal
    from bot.core.trial import Trial

DIFF_LINES = 120
"""Lines of the lock's diff that a report shows."""
DIFF_INPUT = 4_000
"""Changed lines beyond which no diff is computed: its cost grows with their square."""


def change(trial: Trial) -> Change:
    """Say what one transition changes."""
    transition = trial.transition
    name = f"`{transition.model}`"
    match transition:
        case Registration(version=version):
            shown = _row(trial, f"{name} {version} registered", after=version)
        case Promotion(stage=stage, champion=None, challenger=version):
            subject = f"{name} {version} opens {stage}"
            shown = _row(trial, subject, stage=stage, before="none yet", after=version)
        case Promotion(stage=stage, champion=before, challenger=after):
            past = ", ".join(skipped(trial))
            reached = f"{stage} (skips {past})" if past else stage
            subject = f"{name} {before} → {after} in {reached}"
            shown = _row(trial, subject, stage=reached, before=str(before), after=after)
        case Rollback(stage=stage, champion=before, restored=after):
            subject = f"{name} {before} → {after} in {stage}"
            shown = _row(trial, subject, stage=stage, before=str(before), after=after)
        case Exposure(stage=stage, before=less, after=more):
            shown = Change(
                model=transition.model,
                subject=f"{name} {less} % → {more} % of traffic in {stage}",
                stage=stage,
                before=f"{less} %",
                after=f"{more} %",
            )
        case Retirement(version=version, stage=stage):
            shown = Change(
                model=transition.model,
                subject=f"{name} {version} {f'leaves {stage}' if stage else 'retired'}",
                stage=stage or "",
                before=version,
                after="nothing" if stage else "retired",
            )
        case Hold(stage=stage, hold=hold):
            what = " ".join(filter(None, (hold.version, "held", f"in {stage}" if stage else "")))
            shown = Change(
                model=transition.model,
                subject=f"{name} {what}",
                stage=stage or "",
                before=hold.version or "",
                after="held",
            )
        case Release(version=version, stage=stage):
            what = " ".join(filter(None, (version, f"in {stage}" if stage else "")))
            shown = Change(
                model=transition.model,
                subject=f"{name} {what} released",
                stage=stage or "",
                before=version or "",
                after="released",
            )
        case Rewiring(before=old, after=new):
            shown = Change(
                model=transition.model,
                subject=f"{name} fed by {_feeds(new)}",
                before=_feeds(old),
                after=_feeds(new),
            )
        case _:
            assert_never(transition)
    return shown


def lock_diff(proposal: Proposal) -> tuple[tuple[str, ...], str]:
    """Show the changed hunks of the lock, and say what is not shown."""
    before = _lines(proposal.base.text if proposal.base else b"")
    after = _lines(proposal.head.text if proposal.head else b"")
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    room = min(len(before), len(after)) - start
    while end < room and before[-1 - end] == after[-1 - end]:
        end += 1
    first, trailing = max(0, start - 3), max(0, end - 3)
    before, after = (side[first : len(side) - trailing] for side in (before, after))
    if len(before) + len(after) > DIFF_INPUT:
        lines = plural(len(before) + len(after), "line")
        return (), f"The change spans {lines}; `git diff` shows it."
    diff = tuple(unified_diff(before, after, lineterm="", n=2))[2:]
    hunks = tuple("@@" if line.startswith("@@") else line for line in diff)
    more = len(hunks) - DIFF_LINES
    return hunks[:DIFF_LINES], f"{plural(more, 'more line')} not shown." if more > 0 else ""


def short(digest: str) -> str:
    """Write a digest or object id in its first eight digits."""
    return digest.removeprefix("sha256:")[:8]


def _lines(text: bytes) -> list[str]:
    return text.decode("utf-8", "replace").splitlines()


def _row(trial: Trial, subject: str, *, after: str, stage: str = "", before: str = "") -> Change:
    case = trial.case
    return Change(
        model=trial.transition.model,
        subject=subject,
        stage=stage,
        before=before,
        before_digest=_digest(case.champion if case and before else None),
        after=after,
        after_digest=_digest(case.challenger if case else None),
        artifact=case.challenger.entry.artifact.flavor if case else "",
    )


def _digest(who: Contender | None) -> str:
    return short(who.entry.artifact.digest) if who else ""


def _feeds(upstream: Mapping[str, str]) -> str:
    return ", ".join(f"{model}@{stage}" for model, stage in sorted(upstream.items())) or NONE
