"""A report that is published already learns that its request has landed.

The same words as a report written afterwards: `tests/report/test_landed.py` holds both together.
"""

from __future__ import annotations

import re

MERGES = "**Merges now.**"
QUEUED = "**In the merge queue.**"
QUEUED_STEP = (
    "- [ ] The merge queue builds a commit of it, has that judged once more, and merges it"
)
MERGE_STEP = re.compile(r"^- \[ \] Then this commit and no other is merged.*$", re.MULTILINE)
OPEN_STEP = re.compile(rf"{MERGE_STEP.pattern}|^{re.escape(QUEUED_STEP)}$", re.MULTILINE)
BEFORE = re.compile(
    r"^(?:To (?:stop this|judge it again)[,:] .*\n)*"
    r"To undo it after merging, `git revert <landed>`",
    re.MULTILINE,
)


def with_landing(body: str, landed: str, branch: str) -> str:
    """Say in a published comment which commit its request landed as.

    Args:
        body: The comment, as it was published.
        landed: Full commit id; a comment that names it already is returned unchanged.
        branch: Where the record lies.
    """
    merged = f"Merged as `{landed[:7]}`"
    if merged in body:
        return body
    body = body.replace(MERGES, f"**{merged}.**", 1).replace(QUEUED, f"**{merged}.**", 1)
    body = OPEN_STEP.sub(f"- [x] {merged}, recorded on `{branch}`", body, count=1)
    return BEFORE.sub(f"To undo it, `git revert {landed[:12]}`", body, count=1)


def with_queue(body: str) -> str:
    """Say in a published comment that its request waits in the merge queue."""
    if MERGES not in body:
        return body
    return MERGE_STEP.sub(QUEUED_STEP, body.replace(MERGES, QUEUED, 1), count=1)
