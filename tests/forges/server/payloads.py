"""The JSON that GitHub answers with, built from the server's state.

Which fields there are is GitHub's own description; `wire.py` checks every answer against it.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from . import plumbing

if TYPE_CHECKING:
    from .state import Account, Hosted, Marked, Pull, Reviewed, Said

USER_URLS = (
    "followers following gists starred subscriptions organizations repos events received_events"
)
REPOSITORY_URLS = (
    "archive assignees blobs branches collaborators comments commits compare contents contributors "
    "deployments downloads events forks git_commits git_refs git_tags issue_comment issue_events "
    "issues keys labels languages merges milestones notifications pulls releases stargazers "
    "statuses subscribers subscription tags teams trees hooks"
)
COUNTS = (
    "forks_count stargazers_count watchers_count size open_issues_count open_issues watchers forks "
    "subscribers_count network_count"
)
Json = dict[str, Any]


def node(kind: str, number: int) -> str:
    """Invent a node id."""
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def user(account: Account, api: str) -> Json:
    """Describe an account in its short form."""
    url = f"{api}/users/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node("User", account.id),
        "avatar_url": f"{url}/avatar",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{server(api)}/{account.login}",
        "type": "Bot" if account.app else "User",
        "site_admin": False,
        "user_view_type": "public",
        **{f"{name}_url": f"{url}/{name}" for name in USER_URLS.split()},
    }


def own_account(account: Account, api: str, at: str) -> Json:
    """Describe an account to itself."""
    absent = dict.fromkeys(("name", "company", "location", "email", "hireable", "bio"))
    numbers = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    return user(account, api) | absent | numbers | {"blog": "", "created_at": at, "updated_at": at}


def server(api: str) -> str:
    """Return the address of pages and git for an address of the API."""
    return api.removesuffix("/api/v3")


def repository(hosted: Hosted, api: str, at: str, *, whole: bool = False) -> Json:
    """Describe a repository."""
    url = f"{api}/repos/{hosted.full_name}"
    page = f"{server(api)}/{hosted.full_name}"
    payload = {
        "id": hosted.id,
        "node_id": node("Repository", hosted.id),
        "name": hosted.name,
        "full_name": hosted.full_name,
        "owner": user(hosted.owner, api),
        "private": hosted.private,
        "html_url": page,
        "description": None,
        "fork": hosted.parent is not None,
        "url": url,
        "git_url": f"{page}.git",
        "ssh_url": f"{page}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        "default_branch": hosted.default_branch,
        "pushed_at": at,
        "created_at": at,
        "updated_at": at,
        **{f"{name}_url": f"{url}/{name}" for name in REPOSITORY_URLS.split()},
        **dict.fromkeys(COUNTS.split(), 0),
        **dict.fromkeys(("has_issues", "has_projects", "has_wiki", "has_downloads"), True),
        **dict.fromkeys(("has_pages", "has_discussions", "archived", "disabled"), False),
    }
    short = ("subscribers_count", "network_count")
    return payload if whole else {k: v for k, v in payload.items() if k not in short}


def end(hosted: Hosted | None, owner: Account, place: tuple[str, str], api: str, at: str) -> Json:
    """Describe one end of a pull request; a deleted fork has no repository any more."""
    ref, sha = place
    return {
        "label": f"{owner.login}:{ref}" if hosted else None,
        "ref": ref,
        "sha": sha,
        "user": user(owner, api) if hosted else None,
        "repo": repository(hosted, api, at) if hosted else None,
    }


def pull_in_list(hosted: Hosted, pull: Pull, api: str) -> Json:
    """Describe a pull request as lists do."""
    url = f"{api}/repos/{hosted.full_name}/pulls/{pull.number}"
    issue = f"{api}/repos/{hosted.full_name}/issues/{pull.number}"
    page = f"{server(api)}/{hosted.full_name}/pull/{pull.number}"
    statuses = f"{api}/repos/{hosted.full_name}/statuses/{pull.head_sha}"
    links = {"self": url, "html": page, "issue": issue, "comments": f"{issue}/comments"}
    links |= {"review_comments": f"{url}/comments", "review_comment": f"{url}/comments{{/number}}"}
    links |= {"commits": f"{url}/commits", "statuses": statuses}
    base_sha = plumbing.branch(hosted.path, pull.base) or pull.head_sha
    return {
        "url": url,
        "id": pull.id,
        "node_id": node("PullRequest", pull.id),
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue,
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": statuses,
        "number": pull.number,
        "state": "open" if pull.open else "closed",
        "locked": False,
        "title": pull.title,
        "user": user(pull.author, api),
        "body": pull.body,
        "labels": [],
        "milestone": None,
        "created_at": pull.created,
        "updated_at": pull.updated,
        "closed_at": pull.closed,
        "merged_at": pull.closed if pull.merged_as else None,
        "merge_commit_sha": pull.merged_as,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "head": end(
            pull.source,
            pull.source.owner if pull.source else pull.author,
            (pull.head, pull.head_sha),
            api,
            pull.created,
        ),
        "base": end(hosted, hosted.owner, (pull.base, base_sha), api, pull.created),
        "_links": {name: {"href": href} for name, href in links.items()},
        "author_association": "COLLABORATOR",
        "auto_merge": None,
        "draft": pull.draft,
    }


def pull_whole(hosted: Hosted, pull: Pull, api: str) -> Json:
    """Describe one pull request."""
    tip = plumbing.branch(hosted.path, pull.base) or ""
    clean = pull.open and plumbing.merged_tree(hosted.path, tip, pull.head_sha) is not None
    return pull_in_list(hosted, pull, api) | {
        "merged": pull.merged_as is not None,
        "mergeable": clean if pull.open else None,
        "rebaseable": clean if pull.open else None,
        "mergeable_state": "clean" if clean else "dirty" if pull.open else "unknown",
        "merged_by": user(pull.merged_by, api) if pull.merged_by else None,
        "comments": sum(said.number == pull.number for said in hosted.comments.values()),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": 1,
        "additions": 1,
        "deletions": 1,
        "changed_files": 1,
    }


def comment(hosted: Hosted, said: Said, api: str) -> Json:
    """Describe a comment."""
    page = f"{server(api)}/{hosted.full_name}/pull/{said.number}"
    return {
        "id": said.id,
        "node_id": node("IssueComment", said.id),
        "url": f"{api}/repos/{hosted.full_name}/issues/comments/{said.id}",
        "html_url": f"{page}#issuecomment-{said.id}",
        "issue_url": f"{api}/repos/{hosted.full_name}/issues/{said.number}",
        "user": user(said.author, api) if said.author else None,
        "body": said.body,
        "created_at": said.created,
        "updated_at": said.updated,
        "author_association": "COLLABORATOR",
    }


def review(hosted: Hosted, pull: Pull, reviewed: Reviewed, api: str) -> Json:
    """Describe a review."""
    url = f"{api}/repos/{hosted.full_name}/pulls/{pull.number}"
    page = f"{server(api)}/{hosted.full_name}/pull/{pull.number}#review-{reviewed.id}"
    return {
        "id": reviewed.id,
        "node_id": node("PullRequestReview", reviewed.id),
        "user": user(reviewed.author, api) if reviewed.author else None,
        "body": "",
        "state": reviewed.state,
        "html_url": page,
        "pull_request_url": url,
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        "submitted_at": reviewed.at,
        "commit_id": reviewed.sha,
        "author_association": "COLLABORATOR",
    }


def status(hosted: Hosted, marked: Marked, api: str) -> Json:
    """Describe a status."""
    return {
        "url": f"{api}/repos/{hosted.full_name}/statuses/{marked.sha}",
        "avatar_url": f"{api}/users/{marked.creator.login}/avatar",
        "id": marked.id,
        "node_id": node("Status", marked.id),
        "state": marked.state,
        "description": marked.description,
        "target_url": marked.target_url,
        "context": marked.context,
        "created_at": marked.at,
        "updated_at": marked.at,
        "creator": user(marked.creator, api),
    }
