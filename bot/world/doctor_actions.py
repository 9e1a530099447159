"""Checks of GitHub Actions: its settings, its environments, and that its runs happen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bot.world.doctor_diagnosis import Call, fine, unknown, warning, wrong
from bot.world.github_settings import Unseen
from bot.world.github_workflows import JUDGING, LANDING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.world.doctor_diagnosis import Diagnosis
    from bot.world.github_settings import Settings

KEY = "LOCKSTEP_APP_PRIVATE_KEY"
ENVIRONMENTS = (JUDGING, LANDING)
STALE = timedelta(days=1)
"""A sweep that did not end well for this long does not run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionsSettings:
    """How Actions may run here."""

    actions: Mapping[str, Any] | Unseen
    token: Mapping[str, Any] | Unseen
    forks: Mapping[str, Any] | Unseen


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentFacts:
    """One environment, who may use it, and which secrets it holds."""

    name: str
    found: Mapping[str, Any] | Unseen
    branches: tuple[str, ...] | Unseen
    secrets: frozenset[str] | Unseen


def read_actions(settings: Settings) -> ActionsSettings:
    """Ask how Actions may run."""
    return ActionsSettings(
        actions=settings.look("/actions/permissions"),
        token=settings.look("/actions/permissions/workflow"),
        forks=settings.look("/actions/permissions/fork-pr-contributor-approval"),
    )


def diagnose_actions(facts: ActionsSettings, *, app: bool) -> Iterator[Diagnosis]:
    """Check the settings of Actions; without an app the workflow's token proposes reverts."""
    yield from _running(facts.actions)
    yield from _token(facts.token, app=app)
    if isinstance(facts.forks, Unseen):
        yield unknown("actions-forks", f"hidden, or not on this server: {facts.forks.because}")
    elif facts.forks.get("approval_policy") == "all_external_contributors":
        yield fine("actions-forks", "runs for outside contributors wait for a person")
    else:
        policy = {"approval_policy": "all_external_contributors"}
        yield warning(
            "actions-forks",
            "a fork's pull request may start runs before anybody looked at it",
            "require approval for all external contributors",
            _put("/actions/permissions/fork-pr-contributor-approval", policy, "hold runs of forks"),
        )


def _running(actions: Mapping[str, Any] | Unseen) -> Iterator[Diagnosis]:
    if isinstance(actions, Unseen):
        yield unknown("actions-on", f"the settings of Actions are hidden: {actions.because}")
        return
    allowed = actions.get("allowed_actions", "all")
    if not actions["enabled"]:
        what, remedy = "Actions are switched off, so nothing is judged", "allow them"
        # What else is set there stays as it is.
        kept = ("allowed_actions", "sha_pinning_required")
        body = {"enabled": True, **{name: actions[name] for name in kept if name in actions}}
        yield wrong("actions-on", what, remedy, _put("/actions/permissions", body, "allow Actions"))
        return
    if allowed == "local_only":
        what = "only actions of this owner may run, and the workflows use GitHub's own"
        yield wrong("actions-on", what, "allow actions/* and Lockstep's action by name")
    else:
        yield fine("actions-on", f"Actions run; allowed actions: {allowed}")
    pinned = actions.get("sha_pinning_required")
    if pinned is None:
        yield unknown("actions-pins", "this server does not know the setting")
    elif pinned:
        yield fine("actions-pins", "actions must be pinned to a commit")
    else:
        body = {"enabled": True, "allowed_actions": allowed, "sha_pinning_required": True}
        what = "a workflow may use an action by a tag, which its owner can move"
        mend = _put("/actions/permissions", body, "require pinned actions")
        yield warning("actions-pins", what, "require actions to be pinned to a commit", mend)


def _token(token: Mapping[str, Any] | Unseen, *, app: bool) -> Iterator[Diagnosis]:
    if isinstance(token, Unseen):
        yield unknown("actions-token", f"the token's defaults are hidden: {token.because}")
        return
    read_only = token["default_workflow_permissions"] == "read"
    approves = bool(token["can_approve_pull_request_reviews"])
    body = {
        "default_workflow_permissions": "read",
        "can_approve_pull_request_reviews": approves and not app,
    }
    mend = _put("/actions/permissions/workflow", body, "make the workflow token read-only")
    if read_only:
        yield fine("actions-token", "a workflow's token may only read by default")
    else:
        what = "every workflow's token may write by default, the gate's status too"
        yield wrong("actions-token", what, "set the default to read-only", mend)
    if not approves:
        yield fine("actions-approve", "a workflow may not approve pull requests")
    elif app:
        what = "a workflow may approve pull requests, in the place of a person"
        yield wrong("actions-approve", what, "switch that off", mend)
    else:
        what = "a workflow may approve pull requests; without an app, proposing reverts needs it"
        yield warning("actions-approve", what, "let Lockstep speak as a GitHub App, then off")


def read_environment(settings: Settings, name: str) -> EnvironmentFacts:
    """Ask about one environment."""
    found = settings.environment(name)
    custom = isinstance(found, dict) and bool(
        (found.get("deployment_branch_policy") or {}).get("custom_branch_policies")
    )
    return EnvironmentFacts(
        name=name,
        found=found,
        branches=settings.branches_of(name) if custom else (),
        secrets=Unseen("not asked") if isinstance(found, Unseen) else settings.secrets_of(name),
    )


def diagnose_environment(facts: EnvironmentFacts, branch: str, *, app: bool) -> Iterator[Diagnosis]:
    """Check that an environment exists and that only the default branch may use it."""
    name, found = facts.name, facts.found
    mends = _restrict(facts, branch)
    if isinstance(found, Unseen):
        if not found.absent:
            yield unknown("environment", f"environment {name!r} is hidden: {found.because}")
            return
        what = f"there is no environment {name!r}; GitHub would make it open to every branch"
        yield wrong("environment", what, f"make it, for {branch} alone", *mends)
        return
    yield fine("environment", f"{name!r} exists")
    policy = found.get("deployment_branch_policy") or {}
    if isinstance(facts.branches, Unseen):
        yield unknown("environment-branches", f"{name!r}: {facts.branches.because}")
    elif set(facts.branches) == {branch}:
        yield fine("environment-branches", f"only {branch} may use {name!r}")
    else:
        others = [one for one in facts.branches if one != branch]
        who = "every protected branch" if policy.get("protected_branches") else "every branch"
        if facts.branches:
            who = ", ".join(others) or "no branch"
        what = f"{who} may use {name!r}, and with it the bot's rights"
        remedy = f"let {branch} alone use it"
        if others:
            remedy = f"remove {', '.join(others)} from its deployment branches"
        yield wrong("environment-branches", what, remedy, *mends)
    if app:
        yield _key(facts)


def _key(facts: EnvironmentFacts) -> Diagnosis:
    if isinstance(facts.secrets, Unseen):
        what = f"the secrets of {facts.name!r} are hidden: {facts.secrets.because}"
        return unknown("environment-key", what)
    if KEY in facts.secrets:
        return fine("environment-key", f"{facts.name!r} holds the app's key")
    what = f"{facts.name!r} does not hold the app's key"
    remedy = f"gh secret set {KEY} --env {facts.name} < app.pem"
    return wrong("environment-key", what, remedy)


def diagnose_key_scope(secrets: frozenset[str] | Unseen) -> Diagnosis:
    """Check that the key is no secret of the repository: any writer could read it there."""
    if isinstance(secrets, Unseen):
        what = f"the repository's secrets are hidden: {secrets.because}"
        return unknown("environment-key", what)
    if KEY not in secrets:
        return fine("environment-key", "the app's key is no secret of the whole repository")
    what = "whoever may write can read the app's key, by a workflow on a branch of their own"
    remedy = f"keep it in the environments only, make a new key: gh secret delete {KEY}"
    return wrong("environment-key", what, remedy)


def _restrict(facts: EnvironmentFacts, branch: str) -> tuple[Call, ...]:
    """Let one branch use an environment; what protects it besides is kept."""
    place = f"/environments/{quote(facts.name, safe='')}"
    body: dict[str, Any] = {
        "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}
    }
    for rule in [] if isinstance(facts.found, Unseen) else facts.found.get("protection_rules", []):
        if rule["type"] == "wait_timer":
            body["wait_timer"] = rule.get("wait_timer", 0)
        elif rule["type"] == "required_reviewers":
            body["prevent_self_review"] = bool(rule.get("prevent_self_review"))
            body["reviewers"] = [
                {"type": one["type"], "id": one["reviewer"]["id"]} for one in rule["reviewers"]
            ]
    known = () if isinstance(facts.branches, Unseen) else facts.branches
    calls = []
    if not known:
        calls.append(_put(place, body, f"restrict the environment {facts.name!r}"))
    if branch not in known:
        allowed = {"name": branch, "type": "branch"}
        path, does = f"{place}/deployment-branch-policies", f"let {branch} use {facts.name!r}"
        calls.append(Call(method="POST", path=path, body=allowed, does=does))
    return tuple(calls)


def _put(path: str, body: Mapping[str, Any], does: str) -> Call:
    return Call(method="PUT", path=path, body=dict(body), does=does)


def diagnose_run(
    check: str,
    workflow: str,
    last: datetime | Unseen | None,
    now: datetime,
    longest: timedelta | None,
) -> Diagnosis:
    """Check that a workflow ended well lately.

    Args:
        check: Name of the check.
        workflow: The file.
        last: When it last ended well.
        now: The time.
        longest: How long ago that may be; None for a workflow that runs on events only.
    """
    if isinstance(last, Unseen) and last.absent:
        return unknown(check, f"GitHub shows no workflow {workflow} here")
    if isinstance(last, Unseen):
        return unknown(check, f"the runs of {workflow} are hidden: {last.because}")
    if last is None:
        remedy = f"gh workflow run {workflow}; look at its log if it fails"
        return warning(check, f"{workflow} never ended well", remedy)
    days = (now - last) / timedelta(days=1)
    if longest is not None and now - last > longest:
        what = f"{workflow} last ended well {days:.0f} days ago"
        remedy = f"GitHub stops schedules of quiet repositories: gh workflow enable {workflow}"
        return warning(check, what, remedy)
    return fine(check, f"{workflow} ended well on {last:%Y-%m-%d %H:%M} UTC")
