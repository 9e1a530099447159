"""The two rulesets that `lockstep doctor --fix` writes, and whether one is there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.record import BRANCH as AUDIT
from bot.report.status import context
from bot.world.doctor_diagnosis import Call

NAME, AUDIT_NAME = "Lockstep", "Lockstep audit"
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
    return {
        "name": AUDIT_NAME,
        "target": "branch",
        "enforcement": "active",
        "bypass_actors": [],
        "conditions": {"ref_name": {"include": [f"refs/heads/{AUDIT}"], "exclude": []}},
        "rules": [{"type": "deletion"}, {"type": "non_fast_forward"}],
    }


def call_for(wanted: Mapping[str, Any], known: Sequence[Mapping[str, Any]]) -> Call:
    """Say how to bring a ruleset about: a new one, or the one of its name made equal."""
    named = [one for one in known if one["name"] == wanted["name"]]
    if named:
        path, method, verb = f"/rulesets/{named[0]['id']}", "PUT", "restore"
    else:
        path, method, verb = "/rulesets", "POST", "make"
    return Call(
        method=method, path=path, body=dict(wanted), does=f"{verb} the ruleset {wanted['name']!r}"
    )


def _bot(app: int) -> dict[str, Any]:
    return {"actor_id": app, "actor_type": "Integration", "bypass_mode": "pull_request"}
