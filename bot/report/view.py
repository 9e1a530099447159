"""A view is a decision in words: everything a report shows, and nothing it must compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.errors import UnsafeFile
from bot.report.change import change, lock_diff
from bot.report.headline import headline
from bot.report.provenance import evidence, footer, marker
from bot.report.steps import commands, reproduce, steps
from bot.report.tables import sections
from bot.report.values import Trouble, View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.decision import Decision
    from bot.core.errors import Refusal
    from bot.core.proposal import Proposal
    from bot.core.trial import Judgement

MOST_TROUBLES = 50
MOST_CHANGES = 100


def view(
    decision: Decision,
    judgements: Sequence[Judgement],
    proposal: Proposal,
    *,
    documentation: str,
    version: str,
) -> View:
    """Put a decision and its judgements into words.

    Args:
        decision: What follows.
        judgements: One for each transition; empty when the input was refused.
        proposal: What was read.
        documentation: Address of the documentation, without a slash at its end.
        version: Version of Lockstep.
    """
    first = headline(decision, judgements, proposal)
    troubles = _troubles(decision.refusal)
    changes = tuple(change(judgement.trial) for judgement in judgements)
    parts = sections(judgements, documentation)
    unread = isinstance(decision.refusal, UnsafeFile)
    diff, more_diff = ((), "") if unread else lock_diff(proposal)
    return View(
        mark=first.mark,
        verdict=first.verdict,
        subject=first.subject,
        deciding=first.deciding,
        counts=first.counts,
        standing=first.standing,
        troubles=troubles[:MOST_TROUBLES],
        more_troubles=max(0, len(troubles) - MOST_TROUBLES),
        changes=changes[:MOST_CHANGES],
        more_changes=max(0, len(changes) - MOST_CHANGES),
        sections=parts,
        several=len(parts) > 1,
        steps=steps(decision, judgements, proposal),
        commands=commands(decision, judgements, proposal),
        reproduce=reproduce(proposal),
        diff=diff,
        more_diff=more_diff,
        evidence=evidence(judgements, proposal, version),
        footer=footer(judgements, proposal, version),
        marker=marker(decision, judgements, proposal, version),
    )


def _troubles(refusal: Refusal | None) -> tuple[Trouble, ...]:
    if refusal is None:
        return ()
    return tuple(
        Trouble(
            place=":".join(str(part) for part in (p.file, p.line, p.column) if part is not None),
            sentence=f"{p.what}; {p.remedy}" if p.remedy else p.what,
        )
        for p in refusal.problems
    )
