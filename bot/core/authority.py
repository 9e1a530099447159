"""Who may command what: by role, by what they did to the request, and how often."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.command import Verb

WRITERS = frozenset({"write", "maintain", "admin"})
MOST_AN_HOUR = 20
"""Orders of one person in an hour, over all requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Somebody who asks, and how they stand to the request."""

    login: str
    role: str
    """What the forge says they may do; whoever it does not know is `none`."""
    author: str
    """Who opened the request."""
    makers: tuple[str, ...] = ()
    """Who made the head, where the forge knows."""
    within_the_hour: int = 0
    """Orders they gave in the last hour."""

    @property
    def outsider(self) -> bool:
        """Tell whether they have no say here; an outsider is not answered in words."""
        return self.role not in WRITERS


def denied(verb: Verb, asker: Asker) -> str:
    """Say why somebody may not command this; empty when they may."""
    if asker.outsider:
        return f"{asker.login} has no write access here"
    if asker.within_the_hour >= MOST_AN_HOUR and verb not in (Verb.HELP, Verb.STATUS):
        return f"{asker.login} gave {MOST_AN_HOUR} orders within the hour; try again later"
    if verb is not Verb.OVERRIDE:
        return ""
    if _same(asker.login, asker.author):
        return "nobody overrides a gate for their own request; ask somebody else with write access"
    if any(_same(asker.login, maker) for maker in asker.makers):
        return "who made the head does not override a gate for it; ask somebody else"
    return ""


def own_push(login: str, pushers: tuple[str, ...] | None) -> str:
    """Say why somebody may not override a gate for a head that these accounts pushed.

    Args:
        login: Who asks.
        pushers: Who pushed it; empty where that cannot be told, None where the forge keeps no
            account of pushes at all.
    """
    if pushers is None:
        return ""
    if not pushers:
        return "who pushed the head cannot be told; push it again to a branch of this repository"
    if any(_same(login, pusher) for pusher in pushers):
        return "who pushed the head does not override a gate for it; ask somebody else"
    return ""


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
