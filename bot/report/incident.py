"""What people read about a landed commit that no decision accounts for: a status and an issue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.action import OpenIssue, ProposeRevert, SetStatus, StoreFinding
from bot.core.finding import REVERTED, Kind, revert_branch
from bot.core.proposal import LOCK
from bot.report.markdown import clean, code, end_cut, full, sentence
from bot.report.status import LONGEST, context

if TYPE_CHECKING:
    from bot.core.action import Action
    from bot.core.finding import Finding

MARKER = "<!-- lockstep:guard:v1 "
SHOWN = 30
"""Moves that an issue lists, and commits in a row that turn red."""
HEADLINES = {
    Kind.BY_HAND: f"{LOCK} was changed by hand in {{short}}",
    Kind.OTHER_LOCK: f"{LOCK} landed otherwise than judged in {{short}}",
    Kind.OTHER_POLICIES: f"{LOCK} landed on other policies than judged in {{short}}",
    Kind.OTHER_BRANCH: "{short} landed on another branch than it was judged for",
    Kind.WAITED: f"{LOCK} was pushed in {{short}} before what it waited for",
    Kind.DROPPED: "the recorded landing {short} is gone from the branch",
    Kind.NO_AUDIT: "the audit branch is gone, and {short} names a record",
    Kind.FOUNDING: "Lockstep begins to guard at {short}",
    Kind.RESTORED: "{short} gives back the lock that was recorded last",
}
SENTENCES = {
    Kind.BY_HAND: f"The commit changed `{LOCK}` and no recorded decision lets it.",
    Kind.OTHER_LOCK: "The lock landed as `{lock}` and was judged as `{judged}`.",
    Kind.OTHER_POLICIES: "The policies changed meanwhile; nobody judged it by the new ones.",
    Kind.OTHER_BRANCH: "The request was given another base in the last moment; nobody judged it "
    "by that branch's lock and policies.",
    Kind.WAITED: "The gates passed, and the decision waited; what it waited for did not come by a "
    "merge of its request.",
    Kind.DROPPED: "A push was forced, or a merge kept an older lock: the branch no longer holds a "
    "landing that was recorded.",
    Kind.NO_AUDIT: "The commit names its record, and there is no audit branch that holds it.",
    Kind.FOUNDING: "Lockstep guards from here on; what lies before was not judged.",
    Kind.RESTORED: "Changed by hand, back to exactly the lock that was recorded last.",
}
RULESET = "Let a ruleset keep it from happening again: `lockstep doctor` says how."
STEPS = {
    Kind.OTHER_BRANCH: (
        "Find the branch that holds {short} (`git branch --remotes --contains {short}`).",
        "If it should not be there, revert it there; then propose the change again.",
        RULESET,
    ),
    Kind.DROPPED: (
        "If a push was forced by mistake, push {short} again, from a clone that has it.",
        "If a merge left it out, propose the lock of {short} again.",
        "If it was meant, close this issue; the audit branch keeps the record.",
        RULESET,
    ),
    Kind.NO_AUDIT: (
        "Push the branch `lockstep/audit` again, from any clone that has fetched it.",
        RULESET,
    ),
}
REVERT_STEPS = (
    "Merge the revert that is proposed from `{branch}`, unless the lock was given back already.",
    f"What should serve all the same is proposed again, by a request that changes `{LOCK}`.",
    RULESET,
)
BODY = (
    f"This gives back `{LOCK}` as it was before, entry for entry; what others changed since stays.",
    "It is judged as any other request: back to an earlier champion takes the fast lane.",
    "Whatever the policy says about merging, it waits for the approval of a person.",
)


def guard_context(branch: str) -> str:
    """Name the status that the guard sets on landed commits of a branch."""
    return context(branch).replace("lockstep/gate:", "lockstep/guard:", 1)


def raised(finding: Finding) -> tuple[Action, ...]:
    """Say what to do about a finding: status, issue, revert; it is stored last.

    Stored last, so that a run that is cut short does the rest when it is started again.
    """
    stored = StoreFinding(commit=finding.commit, content=finding.content)
    if not finding.red:
        return (accepted(finding.commit, finding.branch, _sentence(finding)), stored)
    done: list[Action] = [
        SetStatus(
            sha=commit,
            context=guard_context(finding.branch),
            state="failure",
            description=end_cut(clean(f"{headline(finding)}."), LONGEST),
        )
        for commit in (*finding.before[-SHOWN:], finding.tip or finding.commit)
    ]
    done.append(
        OpenIssue(
            marker=f"{MARKER}{finding.commit} -->",
            title=end_cut(clean(headline(finding)), 120),
            body=issue(finding),
        )
    )
    if finding.kind in REVERTED:
        done.append(
            ProposeRevert(
                commit=finding.commit,
                branch=finding.branch,
                title=f"Give back {LOCK} as it was before {finding.commit[:12]}",
                body=proposal(finding),
                first=next(iter(finding.before), None),
            )
        )
    return (*done, stored)


def accepted(commit: str, branch: str, words: str) -> SetStatus:
    """Say on a landed commit that it is accounted for."""
    return SetStatus(
        sha=commit,
        context=guard_context(branch),
        state="success",
        description=end_cut(clean(words), LONGEST),
    )


def issue(finding: Finding) -> str:
    """Write the issue of a red finding; its first line is the marker."""
    lines = [
        f"{MARKER}{finding.commit} -->",
        f"## {headline(finding)}",
        "",
        f"{_sentence(finding)} {_who(finding)}",
    ]
    if finding.moves:
        lines += ["", "What it did:", "", *_list(finding)]
    lines += ["", "What to do:", "", *(f"1. {step}" for step in _steps(finding))]
    return "\n".join(lines) + "\n"


def proposal(finding: Finding) -> str:
    """Write the body of the pull request that takes a commit back."""
    return "\n".join([f"{_sentence(finding)} {_who(finding)}", "", *BODY, ""])


def headline(finding: Finding) -> str:
    """Say in a few words what was found."""
    return HEADLINES[finding.kind].format(short=finding.commit[:12])


def _sentence(finding: Finding) -> str:
    judged = (finding.judged or "none")[:12]
    return SENTENCES[finding.kind].format(lock=finding.lock[:12], judged=judged)


def _who(finding: Finding) -> str:
    made = f" of {finding.at.date().isoformat()}" if finding.at else ""
    parts = [f"Commit {code(finding.commit)}{made}"]
    if finding.by:
        parts.append(f"by {sentence(finding.by, 120)}")
    if finding.request is not None:
        parts.append(f"for request {finding.request}")
    said = f": {full(end_cut(finding.subject, 120))}" if finding.subject else "."
    also = [code(commit[:12]) for commit in finding.before[-SHOWN:]]
    others = f" Neither does one let {', '.join(also)} before it." if also else ""
    return " ".join(parts) + said + others


def _list(finding: Finding) -> list[str]:
    shown = [f"- {sentence(move)}" for move in finding.moves[:SHOWN]]
    more = len(finding.moves) - SHOWN
    return [*shown, f"- and {more:,} more"] if more > 0 else shown


def _steps(finding: Finding) -> tuple[str, ...]:
    short, branch = finding.commit[:12], revert_branch(finding.commit)
    said = STEPS.get(finding.kind, REVERT_STEPS)
    return tuple(step.format(short=short, branch=branch) for step in said)
