"""Checks of the rules of the audit branch: it only grows, and the bot alone adds to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.record import BRANCH as AUDIT
from bot.world.doctor_branch import named
from bot.world.doctor_diagnosis import fine, unknown, warning, wrong
from bot.world.doctor_raising import call_for
from bot.world.doctor_ruleset import audit_ruleset, writer_ruleset
from bot.world.github_settings import Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from bot.world.doctor_diagnosis import Diagnosis
    from bot.world.doctor_rules import BranchRules
    from bot.world.doctor_ruleset import Wanted

BLOCKING = {
    "pull_request": "asks for a pull request",
    "required_status_checks": "asks for statuses",
    "update": "lets nobody push",
    "creation": "lets nobody make it",
    "required_signatures": "asks for signed commits",
    "merge_queue": "asks for a merge queue",
}
"""Rules that keep a plain push from the audit branch, by what they do."""
RESTRICTED = frozenset({"creation", "update"})
"""Rules that only those get past who may bypass them."""
FORGED = f"whoever may write can push orders, records and seals to {AUDIT}, which are trusted"


def diagnose_audit(
    rules: BranchRules | Unseen, wanted: Wanted, known: Sequence[Mapping[str, Any]]
) -> Iterator[Diagnosis]:
    """Check the rules of the audit branch, which may not exist yet."""
    if isinstance(rules, Unseen):
        yield unknown("audit-protected", f"the rules of {AUDIT} are hidden: {rules.because}")
        return
    if rules.no_force and rules.no_deletion:
        yield fine("audit-protected", f"{AUDIT} only ever grows")
    else:
        what = f"whoever may write can rewrite or delete {AUDIT}, the memory of every decision"
        remedy = "block force pushes and deletion of it"
        yield wrong("audit-protected", what, remedy, *call_for(audit_ruleset(), known))
    yield _writers(rules, wanted, known)
    yield _open(rules, wanted, known)


def _writers(rules: BranchRules, wanted: Wanted, known: Sequence[Mapping[str, Any]]) -> Diagnosis:
    """Say who may add to it; who bypasses the restriction is who may."""
    check, restricted = "audit-writers", rules.others >= RESTRICTED
    places = {place for kind, place in rules.places if kind in RESTRICTED}
    able = [one for one in rules.bypass if one.always and one.place in places]
    others = [one for one in able if one.actor != "Integration" or one.id != wanted.app]
    if wanted.app is None and not restricted:
        what = f"{FORGED}; without an app GitHub cannot tell Lockstep from them"
        return warning(check, what, "let Lockstep speak as a GitHub App of its own")
    if wanted.app is not None and not restricted:
        remedy = f"let the bot's app ({wanted.app}) alone create and update it"
        return wrong(check, FORGED, remedy, *call_for(writer_ruleset(wanted.app), known))
    if rules.hidden:
        return unknown(check, f"hidden from this token: {'; '.join(rules.hidden)}")
    if wanted.app is None and [one.actor for one in others] == ["Integration"]:
        return fine(check, f"only app {others[0].id} may add to it; name it with --app")
    if others:
        who = ", ".join(named(one) for one in others)
        what = f"{who} may push orders, records and seals to {AUDIT}, which are trusted"
        return warning(check, what, "take it off the list of those who bypass the restriction")
    return fine(check, f"nobody but the bot may add to {AUDIT}")


def _open(rules: BranchRules, wanted: Wanted, known: Sequence[Mapping[str, Any]]) -> Diagnosis:
    """Say whether the bot itself gets past every rule."""
    ours = {
        one.place
        for one in rules.bypass
        if one.actor == "Integration" and one.id == wanted.app and one.always
    }
    kinds = {kind for kind, place in rules.places if kind in BLOCKING and place not in ours}
    if rules.pull_request and "pull_request" not in rules.others:
        kinds.add("pull_request")
    if not kinds:
        bypassed = rules.others & BLOCKING.keys()
        return fine("audit-open", f"the bot {'alone ' if bypassed else ''}can add to it")
    blocked = " and ".join(BLOCKING[kind] for kind in sorted(kinds))
    named_elsewhere = any(one.actor == "Integration" and one.always for one in rules.bypass)
    if wanted.app is None and kinds <= RESTRICTED and named_elsewhere:
        return unknown("audit-open", f"an app may add to {AUDIT}; name the bot's with --app")
    if rules.hidden:
        what = f"a rule {blocked} on {AUDIT}, and who may bypass it is hidden from this token"
        return unknown("audit-open", what)
    what = f"a rule {blocked} on {AUDIT}; no decision can be recorded"
    if kinds <= RESTRICTED and wanted.app is not None:
        mends = (one for one in call_for(writer_ruleset(wanted.app), known) if one.method == "PUT")
        return wrong("audit-open", what, f"let the bot's app ({wanted.app}) bypass it", *mends)
    return wrong("audit-open", what, f"exclude {AUDIT} from the ruleset")


def diagnose_names(branches: Sequence[str]) -> Diagnosis:
    """Check that git can make the audit branch: no branch is a folder of another one."""
    parent = AUDIT.split("/")[0]
    clashing = [one for one in branches if one == parent or one.startswith(f"{AUDIT}/")]
    if not clashing:
        return fine("audit-name", f"no branch stands in the way of {AUDIT}")
    names = ", ".join(clashing[:5])
    what = f"the branch {names} keeps {AUDIT} from being made; no decision can be recorded"
    return wrong("audit-name", what, f"rename it: git push origin --delete {clashing[0]}")
