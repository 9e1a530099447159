"""The rulesets that `lockstep doctor --fix` makes where there are none of their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.core.record import BRANCH as AUDIT
from bot.report.status import context

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME, AUDIT_NAME, WRITER_NAME = "Lockstep", "Lockstep audit", "Lockstep audit writer"
AUDIT_REF = f"refs/heads/{AUDIT}"
ACTIONS_APP = 15368
"""The app that a workflow's own token speaks as on github.com."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the rules are to say."""

    branch: str
    app: int | None
    """The bot's own app; None when it speaks by another token."""
    source: int | None
    """The app whose status counts; None for anybody's."""
    queued: bool = False
    """A merge queue keeps heads up to date."""
    approved: bool = False
    """A policy has the bot merge what a person approved."""


def ruleset(wanted: Wanted) -> dict[str, Any]:
    """Write the ruleset of the default branch."""
    check: dict[str, Any] = {"context": context(wanted.branch)}
    if wanted.source is not None:
        check["integration_id"] = wanted.source
    rules = [
        {"type": "deletion"},
        {"type": "non_fast_forward"},
        {"type": "required_linear_history"},
        {
            "type": "pull_request",
            "parameters": {
                "dismiss_stale_reviews_on_push": True,
                "require_code_owner_review": True,
                "require_last_push_approval": True,
                "required_approving_review_count": 1,
                "required_review_thread_resolution": False,
            },
        },
        {
            "type": "required_status_checks",
            "parameters": {
                "required_status_checks": [check],
                "strict_required_status_checks_policy": not wanted.queued,
            },
        },
    ]
    return {
        "name": NAME,
        "target": "branch",
        "enforcement": "active",
        # With a review required of everybody the bot could not merge what a policy lets it.
        "bypass_actors": [_bot(wanted.app)] if wanted.app is not None else [],
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
        "rules": rules,
    }


def audit_ruleset() -> dict[str, Any]:
    """Write the ruleset of the audit branch: it only ever grows, for everybody."""
    return _audit(AUDIT_NAME, ["deletion", "non_fast_forward"], [])


def writer_ruleset(app: int) -> dict[str, Any]:
    """Write the ruleset that lets the bot alone add to the audit branch.

    It is one of its own, since who bypasses a ruleset bypasses all of it.
    """
    bot = {"actor_id": app, "actor_type": "Integration", "bypass_mode": "always"}
    return _audit(WRITER_NAME, ["creation", "update"], [bot])


def _audit(name: str, kinds: Sequence[str], bypass: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "target": "branch",
        "enforcement": "active",
        "bypass_actors": bypass,
        "conditions": {"ref_name": {"include": [AUDIT_REF], "exclude": []}},
        "rules": [{"type": kind} for kind in kinds],
    }


def _bot(app: int) -> dict[str, Any]:
    return {"actor_id": app, "actor_type": "Integration", "bypass_mode": "pull_request"}
