"""Checks of the rules of the default branch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.report.status import context
from bot.world.doctor_diagnosis import fine, unknown, warning, wrong
from bot.world.doctor_raising import call_for
from bot.world.doctor_ruleset import ruleset
from bot.world.github_settings import Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from bot.world.doctor_diagnosis import Call, Diagnosis
    from bot.world.doctor_rules import BranchRules, Bypass
    from bot.world.doctor_ruleset import Wanted

ADD = "add it to a ruleset of the default branch"
APPROVE_LAST = "require approval of the most recent push"


def diagnose_branch(
    rules: BranchRules | Unseen, wanted: Wanted, known: Sequence[Mapping[str, Any]]
) -> Iterator[Diagnosis]:
    """Check the rules of the default branch.

    Args:
        rules: What holds.
        wanted: What ought to hold.
        known: The repository's own rulesets, for the fix.
    """
    if isinstance(rules, Unseen):
        yield unknown("pull-request", f"the rules of {wanted.branch} are hidden: {rules.because}")
        return
    mends = call_for(ruleset(_as_pinned(rules, wanted)), known)
    yield from _reviews(rules, wanted, mends)
    yield from _status(rules, wanted, mends)
    yield from _history(rules, wanted.branch, mends)
    yield from _bypass(rules, wanted)


def _reviews(rules: BranchRules, wanted: Wanted, mends: tuple[Call, ...]) -> Iterator[Diagnosis]:
    branch = wanted.branch
    if not rules.pull_request:
        what = f"anybody who may write can push to {branch}, past every gate"
        yield wrong("pull-request", what, f"require a pull request: {ADD}", *mends)
        return
    yield fine("pull-request", f"{branch} takes changes by pull request only")
    if rules.approvals:
        yield fine("approvals", f"approving reviews required: {rules.approvals}")
    else:
        what = "no approving review is required; a policy change needs a second pair of eyes too"
        yield warning("approvals", what, "require one approval", *mends)
    if rules.code_owners:
        yield fine("code-owner-review", "code owners review what they own")
    else:
        what = "any reviewer's approval lets a change of policies or workflows in"
        yield wrong("code-owner-review", what, "require review from code owners", *mends)
    if rules.dismiss_stale:
        yield fine("stale-reviews", "a push dismisses earlier approvals")
    else:
        what = "an approval survives later pushes; Lockstep's own rule covers promotions only"
        yield warning("stale-reviews", what, "dismiss stale approvals on new commits", *mends)
    if rules.last_push:
        yield fine("last-push", "the last push is approved by somebody else")
    elif wanted.approved:
        # In Actions nobody else asks who pushed: the approval that merges could be their own.
        what = "whoever pushed last may approve it, and a policy merges what is approved"
        yield wrong("last-push", what, APPROVE_LAST, *mends)
    else:
        what = "whoever pushed last may be the one who approves"
        yield warning("last-push", what, APPROVE_LAST, *mends)


def _sources(rules: BranchRules, branch: str) -> list[int | None]:
    name = context(branch).casefold()
    return [app for one, app in rules.checks if one.casefold() == name]


def _as_pinned(rules: BranchRules, wanted: Wanted) -> Wanted:
    """Where no app is named, take the source that the required status has now."""
    sources = _sources(rules, wanted.branch)
    if wanted.app is not None or not sources:
        return wanted
    return replace(wanted, source=next((app for app in sources if app is not None), None))


def _status(rules: BranchRules, wanted: Wanted, mends: tuple[Call, ...]) -> Iterator[Diagnosis]:
    name = context(wanted.branch)
    sources = _sources(rules, wanted.branch)
    if not sources:
        what = f"the status `{name}` is not required, so a failed promotion can be merged by hand"
        yield wrong("status", what, f"require the status `{name}`", *mends)
    else:
        yield fine("status", f"`{name}` is required")
        yield _source(sources, wanted, mends)
    if rules.queue is not None:
        yield fine("up-to-date", "a merge queue keeps heads up to date")
        yield _queue(rules)
    elif rules.strict:
        yield fine("up-to-date", f"a head must contain {wanted.branch} before it lands")
    else:
        what = f"a pull request may land on another {wanted.branch} than it was judged against"
        remedy = "require branches to be up to date before merging, or use a merge queue"
        yield wrong("up-to-date", what, remedy, *mends)


def _source(sources: Sequence[int | None], wanted: Wanted, mends: tuple[Call, ...]) -> Diagnosis:
    pinned = next((app for app in sources if app is not None), None)
    if wanted.app is None:
        if pinned is None:
            what = "anybody who may write can set the status that lets a promotion land"
        elif pinned == wanted.source:
            what = "the status may come from any workflow of this repository, not only Lockstep's"
        else:
            return fine("status-source", f"only app {pinned} may set it; name it with --app")
        return warning("status-source", what, "let Lockstep speak as a GitHub App of its own")
    others = [app for app in sources if app not in {None, wanted.app}]
    if wanted.app in sources and not others:
        return fine("status-source", f"only the bot's app ({wanted.app}) may set it")
    remedy = f"choose the bot's app ({wanted.app}) as the source of the status in the ruleset"
    if not others:
        what = "anybody who may write can set the status that lets a promotion land"
        return wrong("status-source", what, remedy, *mends)
    what = f"the status must come from app {others[0]}, which is not the bot's"
    # A second ruleset would only ask for both; one of our own is made right again.
    return wrong("status-source", what, remedy, *(one for one in mends if one.method == "PUT"))


def _queue(rules: BranchRules) -> Diagnosis:
    queue = rules.queue
    assert queue is not None, "asked where there is one"  # noqa: S101 -- narrows a type
    odd = []
    if queue.at_most > 1:
        odd.append(f"lands up to {queue.at_most} pull requests together; set it to 1")
    if not queue.all_green:
        odd.append("looks at the last of a group only; choose ALLGREEN")
    if queue.method != "SQUASH":
        odd.append("does not squash; choose SQUASH")
    if not odd:
        return fine("queue", "it lands one promotion at a time, squashed")
    return warning("queue", f"the merge queue {'; it '.join(odd)}", "change the queue's settings")


def _history(rules: BranchRules, branch: str, mends: tuple[Call, ...]) -> Iterator[Diagnosis]:
    if rules.no_force:
        yield fine("force-push", f"{branch} is never rewritten")
    else:
        what = f"a forced push can drop a promotion from {branch} and its history"
        yield wrong("force-push", what, "block force pushes", *mends)
    if rules.no_deletion:
        yield fine("deletion", f"{branch} cannot be deleted")
    else:
        yield wrong("deletion", f"{branch} can be deleted", "restrict deletions", *mends)
    if rules.linear:
        yield fine("linear", "history is linear: one promotion is one commit to revert")
    else:
        what = "merge commits are allowed; a promotion merged by hand is harder to take back"
        yield warning("linear", what, "require linear history", *mends)


def _bypass(rules: BranchRules, wanted: Wanted) -> Iterator[Diagnosis]:
    told = False
    for one in rules.bypass:
        ours = one.actor == "Integration" and one.id == wanted.app
        if ours and not one.always:
            continue
        told = True
        if ours:
            what = f"the bot may bypass {one.ruleset!r} for a push too"
            yield warning("bypass", what, "let it bypass for pull requests only")
        else:
            what = f"{named(one)} may bypass {one.ruleset!r}, and with it the gates"
            remedy = "take it off the list; the guard reports what lands past the gates"
            yield warning("bypass", what, remedy)
    if rules.hidden:
        told = True
        yield unknown("bypass", f"hidden from this token: {'; '.join(rules.hidden)}")
    if not told:
        yield fine("bypass", "nobody bypasses the rules but the bot, by pull request")


def named(bypass: Bypass) -> str:
    """Say who may bypass rules."""
    kinds = {
        "RepositoryRole": "a role, such as administrators,",
        "OrganizationAdmin": "every owner of the organization",
        "Integration": f"app {bypass.id}",
        "Team": f"team {bypass.id}",
        "DeployKey": "every deploy key",
        "User": f"user {bypass.id}",
    }
    return kinds.get(bypass.actor, bypass.actor)
