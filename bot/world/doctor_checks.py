"""Every check of the doctor by its name, with what it asks; docs/doctor.md is made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.world.doctor_diagnosis import Theme

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKS: Mapping[str, tuple[Theme, str]] = {
    "app": (Theme.IDENTITY, "the bot speaks as a GitHub App, whose statuses nobody can imitate"),
    "app-scope": (Theme.IDENTITY, "the app is installed on the repositories it serves, not on all"),
    "app-rights": (Theme.IDENTITY, "the app has the rights of each verb, and no others"),
    "token-role": (Theme.IDENTITY, "the token of this run may see the settings"),
    "pull-request": (Theme.RULES, "the default branch takes changes by pull request only"),
    "approvals": (Theme.RULES, "a pull request needs an approving review"),
    "code-owner-review": (Theme.RULES, "code owners review what they own"),
    "stale-reviews": (Theme.RULES, "a push dismisses earlier approvals"),
    "last-push": (Theme.RULES, "whoever pushed last does not approve it"),
    "status": (Theme.RULES, "the status of the gates is required"),
    "status-source": (Theme.RULES, "only the bot's own app may set that status"),
    "up-to-date": (Theme.RULES, "a head must contain the base it lands on, or a queue sees to it"),
    "queue": (Theme.RULES, "a merge queue lands one promotion at a time"),
    "force-push": (Theme.RULES, "the default branch is never rewritten"),
    "deletion": (Theme.RULES, "the default branch is never deleted"),
    "linear": (Theme.RULES, "history is linear, so that one promotion is one commit"),
    "bypass": (Theme.RULES, "nobody but the bot bypasses the rules"),
    "audit-protected": (Theme.AUDIT, "the audit branch is never rewritten or deleted"),
    "audit-writers": (Theme.AUDIT, "nobody but the bot's app adds to the audit branch"),
    "audit-open": (Theme.AUDIT, "no rule keeps the bot from adding to the audit branch"),
    "audit-name": (Theme.AUDIT, "no other branch has a name that keeps it from being made"),
    "audit-records": (Theme.AUDIT, "every stored record, seal and order can be read"),
    "owners-file": (Theme.OWNERS, "there is a CODEOWNERS file that GitHub can read"),
    "owners-cover": (Theme.OWNERS, "the lock, the policies and the workflows have owners"),
    "environment": (Theme.ENVIRONMENTS, "both environments exist"),
    "environment-branches": (Theme.ENVIRONMENTS, "only the default branch may use them"),
    "environment-app": (Theme.ENVIRONMENTS, "their jobs are told which app the bot speaks as"),
    "environment-key": (Theme.ENVIRONMENTS, "the app's key lies in them and nowhere wider"),
    "actions-on": (Theme.ACTIONS, "Actions run, and may use the actions the workflows name"),
    "actions-token": (Theme.ACTIONS, "a workflow's own token may only read by default"),
    "actions-approve": (Theme.ACTIONS, "a workflow may not approve pull requests"),
    "actions-pins": (Theme.ACTIONS, "actions must be pinned to a commit"),
    "actions-forks": (Theme.ACTIONS, "runs for outside contributors wait for a person"),
    "workflows": (Theme.WORKFLOWS, "the workflows are there, as this version writes them"),
    "workflow-pins": (Theme.WORKFLOWS, "every workflow pins the actions it uses"),
    "sweep-run": (Theme.RUNS, "the sweep has run lately"),
    "guard-run": (Theme.RUNS, "the guard has looked at the default branch"),
    "lock": (Theme.POLICIES, "the lock can be read and is in canonical form"),
    "policies": (Theme.POLICIES, "every policy can be read"),
    "coverage": (Theme.POLICIES, "exactly one policy covers each model"),
    "review-by": (Theme.POLICIES, "no constant is past the day it was to be reviewed by"),
    "waivers": (Theme.POLICIES, "no waiver has run out"),
    "freezes": (Theme.POLICIES, "no freeze is over, and none is forgotten"),
    "artifacts": (Theme.REACH, "the artifact of each serving version can be had"),
    "data": (Theme.REACH, "each data set can be had"),
    "hosts": (Theme.REACH, "each host has a public address, so that the guard lets it through"),
    "sandbox": (Theme.SANDBOX, "this machine gives the layers that the policies ask for"),
    "way-back": (Theme.ROLLBACK, "the version to return to is there, hashes and loads"),
}
"""Name to theme and what is asked; in the order in which they are shown."""


def theme_of(check: str) -> Theme:
    """Say what a check is about."""
    return CHECKS[check][0]
