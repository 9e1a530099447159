"""What a judged request may do at once, and what waits for the zone that may write contents.

The zone that judges may comment and say no.  To say yes, to store and to merge is for a zone
that never met anything from the zone where models ran but numbers that were checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bot.core.action import OpenIssue, PublishReport, React, Reply, SetStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.action import Action

SAID = (PublishReport, React, Reply, OpenIssue)
"""What only says something; every other kind of action, also one to come, writes contents."""


class Zoned(NamedTuple):
    """Actions by the zone that performs them, each in the order it was decided."""

    published: tuple[Action, ...]
    """By the zone that judges: comments, and every status that lets nothing merge."""
    kept: tuple[Action, ...]
    """By the zone that lands: whatever is written to git, and the green status about it."""


def zones(actions: Sequence[Action]) -> Zoned:
    """Part the actions of one decision.

    A green status is published at once only where nothing was decided, so that there is
    nothing to land either.
    """
    decided = not all(isinstance(action, SetStatus) for action in actions)
    published: list[Action] = []
    kept: list[Action] = []
    for action in actions:
        green = isinstance(action, SetStatus) and action.state == "success"
        speaks = isinstance(action, (*SAID, SetStatus))
        (published if speaks and not (green and decided) else kept).append(action)
    return Zoned(tuple(published), tuple(kept))
