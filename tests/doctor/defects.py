"""Every defect a repository may have, how it comes to be, and what the doctor then finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.doctor.healthy import ruleset
from tests.forges.keys import registered

if TYPE_CHECKING:
    from tests.doctor.healthy import Ward

Breaks = Callable[["Ward"], object]


def drops(kind: str) -> Breaks:
    return lambda it: it.rules.remove(next(r for r in it.rules if r["type"] == kind))


def sets(kind: str, name: str, value: object) -> Breaks:
    return lambda it: it.rule(kind).update({name: value})


def checks(**check: object) -> Breaks:
    listed = [{"context": "lockstep/gate: main", **check}]
    return sets("required_status_checks", "required_status_checks", listed)


def bypassed_by(**actor: object) -> Breaks:
    return lambda it: it.clicked.rulesets[1]["bypass_actors"].append(actor)


def queue(**more: object) -> Breaks:
    parameters = {
        "check_response_timeout_minutes": 60,
        "grouping_strategy": "ALLGREEN",
        "max_entries_to_build": 1,
        "max_entries_to_merge": 1,
        "merge_method": "SQUASH",
        "min_entries_to_merge": 1,
        "min_entries_to_merge_wait_minutes": 0,
        **more,
    }
    return lambda it: it.rules.append({"type": "merge_queue", "parameters": parameters})


def commits(**files: str | None) -> Breaks:
    names = {"owners": ".github/CODEOWNERS", "lock": "models.lock"}
    named = {names.get(name, f".github/workflows/{name}.yml"): text for name, text in files.items()}
    return lambda it: it.commit(named)


def audit_rule(kind: str) -> Breaks:
    rule: dict[str, Any] = {"type": kind}
    if kind == "pull_request":
        rule["parameters"] = {
            "dismiss_stale_reviews_on_push": False,
            "require_code_owner_review": False,
            "require_last_push_approval": False,
            "required_approving_review_count": 0,
            "required_review_thread_resolution": False,
        }
    house = ruleset(3, "refs/heads/lockstep/*", [rule])
    return lambda it: it.clicked.rulesets.update({3: house})


def rights(**given: str) -> Breaks:
    def take(it: Ward) -> None:
        assert it.stand.server
        registered(it.stand.server, **given)

    return take


def app_is(**more: object) -> Breaks:
    def change(it: Ward) -> None:
        assert it.stand.server
        here = it.stand.server.state.apps[0].installations[0]
        for name, value in more.items():
            setattr(here, name, value)

    return change


def branches_of(name: str, *branches: str) -> Breaks:
    listed = [{"id": n, "node_id": "RU52", "name": b} for n, b in enumerate(branches)]
    return lambda it: it.clicked.branches.update({name: listed})


DEFECTS: dict[str, tuple[Breaks, list[tuple[str, str]]]] = {
    "no pull request needed": (drops("pull_request"), [("pull-request", "wrong")]),
    "no approval needed": (
        sets("pull_request", "required_approving_review_count", 0),
        [("approvals", "warning")],
    ),
    "owners are not asked": (
        sets("pull_request", "require_code_owner_review", value=False),
        [("code-owner-review", "wrong")],
    ),
    "approvals outlive pushes": (
        sets("pull_request", "dismiss_stale_reviews_on_push", value=False),
        [("stale-reviews", "warning")],
    ),
    "the last pusher approves": (
        sets("pull_request", "require_last_push_approval", value=False),
        [("last-push", "warning")],
    ),
    "no status": (drops("required_status_checks"), [("status", "wrong"), ("up-to-date", "wrong")]),
    "the status of another branch": (
        checks(context="lockstep/gate: develop", integration_id=7),
        [("status", "wrong")],
    ),
    "anybody sets the status": (checks(), [("status-source", "wrong")]),
    "another app sets the status": (checks(integration_id=15368), [("status-source", "wrong")]),
    "heads may be old": (
        sets("required_status_checks", "strict_required_status_checks_policy", value=False),
        [("up-to-date", "wrong")],
    ),
    "a queue of groups": (queue(max_entries_to_merge=5), [("queue", "warning")]),
    "a queue of heads": (queue(grouping_strategy="HEADGREEN"), [("queue", "warning")]),
    "a queue of merges": (queue(merge_method="MERGE"), [("queue", "warning")]),
    "forced pushes": (drops("non_fast_forward"), [("force-push", "wrong")]),
    "deletion": (drops("deletion"), [("deletion", "wrong")]),
    "merge commits": (drops("required_linear_history"), [("linear", "warning")]),
    "administrators bypass": (
        bypassed_by(actor_id=5, actor_type="RepositoryRole", bypass_mode="always"),
        [("bypass", "warning")],
    ),
    "the rules are only tried out": (
        lambda it: it.clicked.rulesets[1].update(enforcement="evaluate"),
        [
            *(("pull-request", "wrong"), ("status", "wrong"), ("up-to-date", "wrong")),
            *(("force-push", "wrong"), ("deletion", "wrong"), ("linear", "warning")),
        ],
    ),
    "the audit branch is not protected": (
        lambda it: it.clicked.rulesets.pop(2),
        [("audit-protected", "wrong")],
    ),
    "writers push to the audit branch": (
        lambda it: it.clicked.rulesets.pop(4),
        [("audit-writers", "wrong")],
    ),
    "the audit branch asks for pull requests": (
        audit_rule("pull_request"),
        [("audit-open", "wrong")],
    ),
    "nobody may update the audit branch": (
        audit_rule("required_signatures"),
        [("audit-open", "wrong")],
    ),
    "a record that is not JSON": (
        lambda it: it.store({"records/2/a.json": b"{"}),
        [("audit-records", "wrong")],
    ),
    "a record with spaces": (
        lambda it: it.store({"records/2/a.json": b'{"format": 1}'}),
        [("audit-records", "wrong")],
    ),
    "an order that is none": (
        lambda it: it.store({"orders/2/7.json": b"{}"}),
        [("audit-records", "wrong")],
    ),
    "a stray file among the records": (
        lambda it: it.store({"notes.txt": b"hello"}),
        [("audit-records", "wrong")],
    ),
    "no owners file": (commits(owners=None), [("owners-file", "wrong")]),
    "owners of other things": (
        commits(owners="*.py @ana\n/.github/ @ana\n/policies/ @ana\n"),
        [("owners-cover", "wrong")],
    ),
    "an owners file GitHub cannot read": (
        lambda it: it.clicked.owners_errors.append(
            {"line": 1, "column": 1, "kind": "Unknown owner", "message": "m", "path": "CODEOWNERS"}
        ),
        [("owners-file", "wrong")],
    ),
    "no environment": (
        lambda it: [
            kept.pop("lockstep-merge") for kept in (it.clicked.environments, it.clicked.branches)
        ],
        [("environment", "wrong")],
    ),
    "an environment for every branch": (
        lambda it: it.clicked.environments["lockstep"].update(deployment_branch_policy=None),
        [("environment-branches", "wrong")],
    ),
    "an environment for one branch more": (
        branches_of("lockstep", "main", "release/*"),
        [("environment-branches", "wrong")],
    ),
    "an environment without the key": (
        lambda it: it.clicked.secrets["lockstep"].clear(),
        [("environment-key", "wrong")],
    ),
    "an environment that names no app": (
        lambda it: it.clicked.variables["lockstep-merge"].clear(),
        [("environment-app", "wrong")],
    ),
    "an environment that names another app": (
        lambda it: it.clicked.variables["lockstep"].update(LOCKSTEP_APP_ID="8"),
        [("environment-app", "wrong")],
    ),
    "the key for every workflow": (
        lambda it: it.clicked.secrets.update({"": {"LOCKSTEP_APP_PRIVATE_KEY"}}),
        [("environment-key", "wrong")],
    ),
    "Actions switched off": (
        lambda it: it.clicked.actions.update(enabled=False),
        [("actions-on", "wrong")],
    ),
    "only local actions": (
        lambda it: it.clicked.actions.update(allowed_actions="local_only"),
        [("actions-on", "wrong")],
    ),
    "actions by tag": (
        lambda it: it.clicked.actions.update(sha_pinning_required=False),
        [("actions-pins", "warning")],
    ),
    "an older Enterprise server": (
        lambda it: it.clicked.actions.pop("sha_pinning_required"),
        [("actions-pins", "unknown")],
    ),
    "a token that writes": (
        lambda it: it.clicked.token.update(default_workflow_permissions="write"),
        [("actions-token", "wrong")],
    ),
    "workflows approve": (
        lambda it: it.clicked.token.update(can_approve_pull_request_reviews=True),
        [("actions-approve", "wrong")],
    ),
    "forks run at once": (
        lambda it: setattr(it.clicked, "forks", "first_time_contributors"),
        [("actions-forks", "warning")],
    ),
    "a workflow is missing": (
        commits(**{"lockstep-main": None}),
        [("workflows", "wrong"), ("guard-run", "unknown")],
    ),
    "a workflow was changed": (
        commits(**{"lockstep-ping": "name: other\non: push\njobs: {}\n"}),
        [("workflows", "warning")],
    ),
    "another workflow uses a tag": (
        commits(other="on: push\njobs: {a: {steps: [{uses: x/y@v1}]}}\n"),
        [("workflow-pins", "warning")],
    ),
    "another workflow uses a branch": (
        commits(other="jobs:\n  a:\n    steps:\n      - uses: x/y@main\n      - uses: ./z\n"),
        [("workflow-pins", "warning")],
    ),
    "the sweep stopped": (
        lambda it: it.clicked.runs.update({"lockstep-sweep.yml": "2026-11-20T09:00:00Z"}),
        [("sweep-run", "warning")],
    ),
    "the guard never ran": (
        lambda it: it.clicked.runs.pop("lockstep-main.yml"),
        [("guard-run", "warning")],
    ),
    "the app lacks a right": (rights(issues="none"), [("app-rights", "wrong")]),
    "the app has a right too many": (rights(workflows="write"), [("app-rights", "warning")]),
    "the app is everywhere": (app_is(repositories=None), [("app-scope", "warning")]),
    "the lock is not canonical": (commits(lock="format: 1\n\nmodels: {}\n"), [("lock", "wrong")]),
    "the lock is broken": (commits(lock="format: [\n"), [("lock", "wrong")]),
}

BY_HAND = {
    "another app sets the status",
    "a queue of groups",
    "a queue of heads",
    "a queue of merges",
    "administrators bypass",
    "the audit branch asks for pull requests",
    "nobody may update the audit branch",
    "a record that is not JSON",
    "a record with spaces",
    "an order that is none",
    "a stray file among the records",
    "an owners file GitHub cannot read",
    "an environment for one branch more",
    "an environment without the key",
    "an environment that names no app",
    "an environment that names another app",
    "the key for every workflow",
    "only local actions",
    "an older Enterprise server",
    "a workflow was changed",
    "another workflow uses a tag",
    "another workflow uses a branch",
    "the sweep stopped",
    "the guard never ran",
    "the app lacks a right",
    "the app has a right too many",
    "the app is everywhere",
    "the lock is not canonical",
    "the lock is broken",
}
"""Defects whose mending needs a person's judgement, or a right that nobody should give."""
