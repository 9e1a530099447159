"""What GitHub's GraphQL API is asked, and how its errors read in the words of the REST API.

GitHub Enterprise Server 3.17 has all that is asked of a pull request here.  What concerns merge
queues may be missing on older ones and stands in `QUEUED` and `ENQUEUE` only.
"""

from __future__ import annotations

from typing import Any

from github import GithubException

PAGE = 50
"""Pull requests in one answer of a list."""

_PULL = """
fragment Pull on PullRequest {
  id number title state isDraft isCrossRepository merged url
  author { __typename login }
  baseRefName headRefName headRefOid
  baseRepository { defaultBranchRef { name } }
  mergeCommit { oid }
  latestOpinionatedReviews(first: 100, writersOnly: true) {
    nodes {
      state submittedAt
      author { __typename login }
      commit { oid }
      onBehalfOf(first: 10) @include(if: $teams) { nodes { combinedSlug } }
    }
  }
}
"""
_SPOKEN = """
fragment Spoken on PullRequest {
  commits(last: 1) {
    nodes {
      commit {
        oid
        author { user { login } }
        committer { user { login } }
        status { contexts { context state description targetUrl } }
        associatedPullRequests(first: 50) {
          nodes { number state isCrossRepository baseRefName headRefOid }
        }
      }
    }
  }
  comments(first: 100) { pageInfo { hasNextPage endCursor } nodes { ...Words } }
}
"""
_WORDS = "fragment Words on IssueComment { id url body createdAt lastEditedAt viewerDidAuthor }"

LOOK = f"""
query Look($owner: String!, $name: String!, $number: Int!, $teams: Boolean!) {{
  rateLimit {{ cost remaining resetAt }}
  repository(owner: $owner, name: $name, followRenames: false) {{
    pullRequest(number: $number) {{ ...Pull ...Spoken }}
  }}
}}
{_PULL}{_SPOKEN}{_WORDS}
"""
"""A pull request with its approvals, what we said about it, and the statuses of its head."""

MORE_WORDS = f"""
query MoreWords($owner: String!, $name: String!, $number: Int!, $after: String!) {{
  repository(owner: $owner, name: $name, followRenames: false) {{
    pullRequest(number: $number) {{
      comments(first: 100, after: $after) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{ ...Words }}
      }}
    }}
  }}
}}
{_WORDS}
"""

LIST = f"""
query List($owner: String!, $name: String!, $after: String, $teams: Boolean!) {{
  repository(owner: $owner, name: $name, followRenames: false) {{
    pullRequests(
      first: {PAGE}, after: $after, states: OPEN, orderBy: {{field: CREATED_AT, direction: ASC}}
    ) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ ...Pull }}
    }}
  }}
}}
{_PULL}
"""

ASKED_WITH = f"""
query AskedWith($owner: String!, $name: String!, $sha: GitObjectID!, $teams: Boolean!) {{
  repository(owner: $owner, name: $name, followRenames: false) {{
    object(oid: $sha) {{
      __typename
      ... on Commit {{ associatedPullRequests(first: 5) {{ nodes {{ ...Pull ...Spoken }} }} }}
    }}
    pullRequests(first: 100, states: OPEN, orderBy: {{field: UPDATED_AT, direction: DESC}}) {{
      nodes {{ number headRefOid }}
    }}
  }}
}}
{_PULL}{_SPOKEN}{_WORDS}
"""
"""Whose head a commit is.  GitHub does not associate commits of forks, so the latest are listed."""

SURVEY = f"""
query Survey($owner: String!, $name: String!, $after: String, $context: String!) {{
  rateLimit {{ cost remaining resetAt }}
  repository(owner: $owner, name: $name, followRenames: false) {{
    defaultBranchRef {{ name }}
    pullRequests(
      first: {PAGE}, after: $after, states: OPEN, orderBy: {{field: CREATED_AT, direction: ASC}}
    ) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{
        number isDraft isCrossRepository mergeable baseRefName headRefOid
        author {{ __typename login }}
        reviews(last: 1, states: [APPROVED, CHANGES_REQUESTED]) {{ nodes {{ submittedAt }} }}
        commits(last: 1) {{
          nodes {{
            commit {{
              oid
              status {{
                context(name: $context) {{ context state description targetUrl createdAt }}
              }}
            }}
          }}
        }}
      }}
    }}
  }}
}}
"""

ADD_COMMENT = f"""
mutation AddComment($subject: ID!, $body: String!) {{
  addComment(input: {{subjectId: $subject, body: $body}}) {{
    commentEdge {{ node {{ ...Words }} }}
    subject {{
      __typename
      ... on PullRequest {{ comments(last: 100) {{ nodes {{ ...Words }} }} }}
    }}
  }}
}}
{_WORDS}
"""

ISSUES = """
query Issues($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name, followRenames: false) {
    issues(
      first: 100, after: $after, states: OPEN, orderBy: {field: CREATED_AT, direction: DESC}
    ) {
      pageInfo { hasNextPage endCursor }
      nodes { number title body url viewerDidAuthor }
    }
  }
}
"""

QUEUED = """
query Queued($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name, followRenames: false) {
    pullRequest(number: $number) { id headRefOid isInMergeQueue merged }
  }
}
"""

ENQUEUE = """
mutation Enqueue($pull: ID!, $sha: GitObjectID!) {
  enqueuePullRequest(input: {pullRequestId: $pull, expectedHeadOid: $sha}) {
    mergeQueueEntry { id }
  }
}
"""

_STATUSES = {
    "FORBIDDEN": 403,
    "INSUFFICIENT_SCOPES": 403,
    "NOT_FOUND": 404,
    "RATE_LIMITED": 403,
    "RATE_LIMIT": 403,
    "INTERNAL": 502,
    "SERVICE_UNAVAILABLE": 502,
    "TIMEOUT": 502,
}
_PASSING = ("something went wrong", "timeout", "timedout", "try again")


def as_rest(error: GithubException) -> GithubException:
    """Give an error of GraphQL, which comes with a 200, the status the REST API would answer."""
    errors = errors_of(error)
    if not errors:
        return error
    return GithubException(_status(errors[0]), {"errors": errors}, error.headers)


def errors_of(error: GithubException) -> list[dict[str, Any]]:
    """List the errors of a GraphQL answer; none where the answer was of another kind."""
    listed = error.data.get("errors") if isinstance(error.data, dict) else None
    graphql = error.status in {400, 403, 404, 422, 502} and isinstance(listed, list)
    return [one for one in listed if isinstance(one, dict)] if graphql and listed else []


def is_about_teams(error: GithubException) -> bool:
    """Tell whether GitHub withholds nothing but the teams of reviewers."""
    errors = errors_of(error)
    return bool(errors) and all("onBehalfOf" in (one.get("path") or ()) for one in errors)


def _status(error: dict[str, Any]) -> int:
    kind, words = error.get("type"), str(error.get("message")).lower()
    if isinstance(kind, str) and kind in _STATUSES:
        return _STATUSES[kind]
    return 502 if kind is None and words.startswith(_PASSING) else 422
