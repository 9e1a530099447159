"""The rules of a branch as they add up: rulesets and classic protection, the strictest of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.world.github_settings import Unseen

if TYPE_CHECKING:
    from bot.world.github_settings import Settings

NO_PROTECTION: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bypass:
    """Somebody whom a ruleset lets past."""

    actor: str
    """`Integration`, `RepositoryRole`, `OrganizationAdmin`, `Team`, `DeployKey`, `User`."""
    id: int | None
    always: bool
    """Also for a push; else for a pull request only."""
    ruleset: str
    place: int | None = None
    """The id of that ruleset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A merge queue."""

    at_most: int
    """Pull requests that land together."""
    all_green: bool
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchRules:
    """What GitHub lets happen to a branch."""

    pull_request: bool = False
    approvals: int = 0
    code_owners: bool = False
    dismiss_stale: bool = False
    last_push: bool = False
    checks: tuple[tuple[str, int | None], ...] = ()
    """Required statuses, each with the app that must set it, or None for anybody."""
    strict: bool = False
    queue: Queue | None = None
    no_force: bool = False
    no_deletion: bool = False
    linear: bool = False
    others: frozenset[str] = frozenset()
    """Every kind of rule that is active, as GitHub names it."""
    places: tuple[tuple[str, int | None], ...] = ()
    """Every kind of rule with the id of its ruleset."""
    bypass: tuple[Bypass, ...] = ()
    hidden: tuple[str, ...] = ()
    """What could not be looked at, each with its reason."""


def read_rules(settings: Settings, branch: str) -> BranchRules | Unseen:
    """Ask for everything that holds for a branch."""
    rules = settings.rules(branch)
    if isinstance(rules, Unseen):
        return rules
    protection = settings.protection(branch)
    identities = sorted({int(rule["ruleset_id"]) for rule in rules if rule.get("ruleset_id")})
    rulesets = [settings.ruleset(identity) for identity in identities]
    return added_up(rules, protection, rulesets)


def added_up(
    rules: Sequence[Mapping[str, Any]],
    protection: Mapping[str, Any] | Unseen | None = None,
    rulesets: Sequence[Mapping[str, Any] | Unseen] = (),
) -> BranchRules:
    """Add up what rulesets and classic protection say.

    Args:
        rules: The active rules, as GitHub lists them for the branch.
        protection: The classic protection; None when there is none.
        rulesets: The rulesets the rules come from, with those who may bypass them.
    """
    classic = protection if isinstance(protection, Mapping) else NO_PROTECTION
    reviews = [_parameters(rule) for rule in rules if rule["type"] == "pull_request"]
    statuses = [_parameters(rule) for rule in rules if rule["type"] == "required_status_checks"]
    queues = [_parameters(rule) for rule in rules if rule["type"] == "merge_queue"]
    kinds = frozenset(str(rule["type"]) for rule in rules)
    asked = classic.get("required_pull_request_reviews") or {}
    checks = classic.get("required_status_checks") or {}
    return BranchRules(
        pull_request=bool(reviews) or "required_pull_request_reviews" in classic,
        approvals=max(
            int(one.get("required_approving_review_count") or 0) for one in (*reviews, asked)
        ),
        code_owners=_any(reviews, "require_code_owner_review")
        or bool(asked.get("require_code_owner_reviews")),
        dismiss_stale=_any(reviews, "dismiss_stale_reviews_on_push")
        or bool(asked.get("dismiss_stale_reviews")),
        last_push=_any(reviews, "require_last_push_approval")
        or bool(asked.get("require_last_push_approval")),
        checks=(
            *(
                (str(check["context"]), check.get("integration_id"))
                for one in statuses
                for check in one.get("required_status_checks", ())
            ),
            *((str(one["context"]), _app(one)) for one in checks.get("checks", ())),
        ),
        strict=_any(statuses, "strict_required_status_checks_policy") or bool(checks.get("strict")),
        queue=_queue(queues[0]) if queues else None,
        no_force="non_fast_forward" in kinds or _off(classic, "allow_force_pushes"),
        no_deletion="deletion" in kinds or _off(classic, "allow_deletions"),
        linear="required_linear_history" in kinds or _on(classic, "required_linear_history"),
        others=kinds,
        places=tuple((str(rule["type"]), rule.get("ruleset_id")) for rule in rules),
        bypass=(*(_bypass(rulesets)), *_admins(classic)),
        hidden=_hidden(protection, rulesets),
    )


def _parameters(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    return dict(rule.get("parameters") or {})


def _any(rules: Sequence[Mapping[str, Any]], name: str) -> bool:
    return any(bool(rule.get(name)) for rule in rules)


def _app(check: Mapping[str, Any]) -> int | None:
    # Classic protection writes -1, or nothing, for "anybody".
    identity = check.get("app_id")
    return int(identity) if identity is not None and int(identity) > 0 else None


def _on(classic: Mapping[str, Any], name: str) -> bool:
    return bool((classic.get(name) or {}).get("enabled"))


def _off(classic: Mapping[str, Any], name: str) -> bool:
    return name in classic and not _on(classic, name)


def _queue(said: Mapping[str, Any]) -> Queue:
    return Queue(
        at_most=int(said.get("max_entries_to_merge", 0)),
        all_green=said.get("grouping_strategy") == "ALLGREEN",
        method=str(said.get("merge_method", "")),
    )


def _bypass(rulesets: Sequence[Mapping[str, Any] | Unseen]) -> tuple[Bypass, ...]:
    return tuple(
        Bypass(
            actor=str(actor["actor_type"]),
            id=actor.get("actor_id"),
            always=actor.get("bypass_mode", "always") != "pull_request",
            ruleset=str(ruleset["name"]),
            place=ruleset.get("id"),
        )
        for ruleset in rulesets
        if isinstance(ruleset, Mapping)
        for actor in ruleset.get("bypass_actors") or ()
    )


def _admins(classic: Mapping[str, Any]) -> tuple[Bypass, ...]:
    """Say that classic protection does not bind administrators, where it does not."""
    if not classic or _on(classic, "enforce_admins"):
        return ()
    return (Bypass(actor="RepositoryRole", id=None, always=True, ruleset="branch protection"),)


def _hidden(
    protection: Mapping[str, Any] | Unseen | None, rulesets: Sequence[Mapping[str, Any] | Unseen]
) -> tuple[str, ...]:
    found = []
    if isinstance(protection, Unseen):
        found.append(f"classic branch protection: {protection.because}")
    for ruleset in rulesets:
        if isinstance(ruleset, Unseen):
            found.append(f"a ruleset: {ruleset.because}")
        elif "bypass_actors" not in ruleset:
            found.append(f"who may bypass the ruleset {str(ruleset['name'])[:60]!r}")
    return tuple(found)
