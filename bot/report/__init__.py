"""The report: what people read about a decision, as a comment, a status, a page and a screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.action import SetStatus
from bot.core.actions import MARKER
from bot.report.render import comment
from bot.report.status import context, status
from bot.report.view import view

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.core.decision import Decision
    from bot.core.proposal import Proposal
    from bot.core.trial import Judgement
    from bot.report.values import View

__all__ = ["MARKER", "Report", "render"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One decision, ready to be read."""

    view: View
    """For other media: `bot.report.terminal.show`, `bot.report.render.page`."""
    comment: str
    status: SetStatus


def render(
    decision: Decision,
    judgements: Sequence[Judgement],
    proposal: Proposal,
    *,
    templates: Mapping[str, str],
    documentation: str,
    version: str,
) -> Report:
    """Write the report of a decision.

    Args:
        decision: What follows from the judgements.
        judgements: One for each transition; empty when the input was refused.
        proposal: What was read.
        templates: Sources of `templates/` by file name.
        documentation: Address of the documentation, without a slash at its end.
        version: Version of Lockstep.
    """
    shown = view(decision, judgements, proposal, documentation=documentation, version=version)
    state, description = status(decision, judgements, proposal)
    return Report(
        view=shown,
        comment=comment(shown, templates),
        status=SetStatus(
            sha=proposal.head_sha,
            context=context(proposal.branch),
            state=state,
            description=description,
        ),
    )
