"""Whether two accounts of one thing agree, so that what somebody else wrote in our place shows.

A second run measures again, and people go on approving: what may differ honestly is left out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bot.core.finding import ALLOWED
from bot.core.record import FINDINGS, ORDERS, RECORDS, SEALS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LANDS = "merge"
_RECORD = ("format", "repository", "branch", "base", "head", "policies")
_JUDGEMENT = ("transition", "key", "challenger", "champion", "data")
_VERDICT = ("gate", "title", "place", "outcome", "required", "waived_by", "overridden_by")
_SEAL = ("landed", "lock", "judged", "request", "branch", "finding")
_ORDER = ("format", "kind", "by", "number", "comment", "gate", "reason")


def agree(path: str, stored: bytes, ours: bytes) -> bool:
    """Tell whether a stored file says what we would write in its place.

    Args:
        path: The place on the audit branch.
        stored: What lies there.
        ours: What we would write.
    """
    if stored == ours:
        return True
    essence = _ESSENCES.get(path.split("/", 1)[0])
    theirs, mine = _read(stored), _read(ours)
    if essence is None or theirs is None or mine is None:
        return False
    try:
        return essence(theirs) == essence(mine) and _claims_no_more(path, theirs, mine)
    except (KeyError, TypeError, AttributeError):
        return False


def _read(text: bytes) -> Mapping[str, Any] | None:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _record(content: Mapping[str, Any]) -> object:
    decision = content["decision"]
    lands = decision["ruling"] == LANDS
    return (
        [content[name] for name in _RECORD],
        [content["request"][name] for name in ("number", "author")],
        # Who approved may change while it waits, and a close verdict may turn where none lands.
        [decision["ruling"], decision["outcome"] if lands else None, decision["overrides"]],
        [
            (
                [one[name] for name in _JUDGEMENT],
                [[verdict[name] for name in _VERDICT] for verdict in one["verdicts"] if lands],
            )
            for one in content["judgements"]
        ],
    )


def _claims_no_more(path: str, stored: Mapping[str, Any], ours: Mapping[str, Any]) -> bool:
    """Tell whether it says nothing besides, and names nobody who did not approve."""
    if not path.startswith(f"{RECORDS}/"):
        return True
    if not set(stored) <= set(ours):
        return False
    if ours["decision"]["ruling"] != LANDS:
        return True
    theirs, mine = stored["request"], ours["request"]
    return set(theirs["approved_by"]) <= set(mine["approved_by"]) and (
        theirs["merge_ordered_by"] in (None, mine["merge_ordered_by"])
    )


def _seal(content: Mapping[str, Any]) -> object:
    return [content[name] for name in _SEAL]


def _order(content: Mapping[str, Any]) -> object:
    return [content.get(name) for name in _ORDER]


def _finding(content: Mapping[str, Any]) -> object:
    allowed = content["finding"] in {kind.value for kind in ALLOWED}
    return content["commit"], content["branch"], allowed


_ESSENCES: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
    RECORDS: _record,
    SEALS: _seal,
    ORDERS: _order,
    FINDINGS: _finding,
}
