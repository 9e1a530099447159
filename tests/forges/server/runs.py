"""The operations that list what happened: runs of a workflow, and pushes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import payloads, plumbing
from .answers import Answer, Asked, Declined
from .settings import of

if TYPE_CHECKING:
    from collections.abc import Callable

_URLS = "jobs logs check_suite cancel rerun artifacts workflow"


def listed(asked: Asked, workflow: str) -> Answer:
    """List the runs of a workflow that ended well; the newest is all the tests set."""
    hosted = asked.repository
    path = f".github/workflows/{workflow}"
    present = plumbing.ask(hosted.path, "cat-file", "-e", f"{hosted.default_branch}:{path}")
    if present.returncode != 0:
        raise Declined(404, "Not Found")
    at = of(asked).runs.get(workflow)
    runs = [] if at is None else [_run(asked, path, at)]
    return Answer(status=200, body={"total_count": len(runs), "workflow_runs": runs})


def _run(asked: Asked, path: str, at: str) -> dict[str, Any]:
    hosted, identity = asked.repository, asked.state.next_id()
    url = f"{asked.api}/repos/{hosted.full_name}/actions/runs/{identity}"
    shown = payloads.repository(hosted, asked.api, at)
    return {
        "id": identity,
        "node_id": payloads.node("WorkflowRun", identity),
        "name": path,
        "path": path,
        "head_branch": hosted.default_branch,
        "head_sha": plumbing.branch(hosted.path, hosted.default_branch),
        "run_number": 1,
        "display_title": path,
        "event": "schedule",
        "status": "completed",
        "conclusion": "success",
        "workflow_id": 1,
        "url": url,
        "html_url": url,
        "created_at": at,
        "updated_at": at,
        "pull_requests": [],
        "head_commit": None,
        "repository": shown,
        "head_repository": shown,
        **{f"{name}_url": f"{url}/{name}" for name in _URLS.split()},
    }


def activity(asked: Asked) -> Answer:
    """List the pushes to a branch, newest first."""
    hosted = asked.repository
    wanted = asked.query.get("ref", "").removeprefix("refs/heads/")
    shown = [
        {
            "id": number,
            "node_id": payloads.node("PSH", number),
            "before": before,
            "after": after,
            "ref": f"refs/heads/{branch}",
            "timestamp": at,
            "activity_type": "branch_creation" if before == "0" * 40 else "push",
            "actor": payloads.user(actor, asked.api),
        }
        for number, (branch, before, after, actor, at) in enumerate(hosted.pushes, 1)
        if branch == wanted
    ]
    return Answer(status=200, body=shown[::-1])


ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    (
        "GET",
        r"/repos/(?P<owner>[^/]+)/(?P<repo>[^/]+)/actions/workflows/([^/]+)/runs",
        listed,
    ),
    ("GET", r"/repos/(?P<owner>[^/]+)/(?P<repo>[^/]+)/activity", activity),
)
