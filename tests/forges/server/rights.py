"""Which right of an app's token each operation asks for, as GitHub documents it.

Source: https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .answers import Asked, Declined

if TYPE_CHECKING:
    from .state import State

RANKS = {"none": 0, "read": 1, "write": 2, "admin": 3}
_R = r"/repos/[^/]+/[^/]+"
_TALK = (("issues", "write"), ("pull_requests", "write"))
_NEEDS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("GET", _R + r"/pulls.*", (("pull_requests", "read"),)),
    ("PUT", _R + r"/pulls/\d+/merge", (("contents", "write"),)),
    ("POST|PATCH|PUT", _R + r"/pulls.*", (("pull_requests", "write"),)),
    ("GET", _R + r"/issues/(comments/)?\d+.*", (("issues", "read"), ("pull_requests", "read"))),
    ("POST|PATCH|DELETE", _R + r"/issues/(comments/)?\d+.*", _TALK),
    ("GET", _R + r"/issues", (("issues", "read"), ("pull_requests", "read"))),
    ("POST", _R + r"/issues", (("issues", "write"),)),
    ("GET", _R + r"/commits/[^/]+/(statuses|status)", (("statuses", "read"),)),
    ("POST", _R + r"/statuses/.*", (("statuses", "write"),)),
    ("GET", _R + r"/(commits|git|contents|codeowners|activity).*", (("contents", "read"),)),
    ("POST|PUT|PATCH|DELETE", _R + r"/(git|contents).*", (("contents", "write"),)),
    ("GET", _R + r"/actions/permissions.*", (("administration", "read"),)),
    ("PUT", _R + r"/actions/permissions.*", (("administration", "write"),)),
    ("GET", _R + r"/actions/secrets.*", (("secrets", "read"),)),
    ("GET", _R + r"/actions/.*", (("actions", "read"),)),
    ("GET", _R + r"/environments/[^/]+/secrets", (("environments", "read"),)),
    ("GET", _R + r"/environments.*", (("actions", "read"),)),
    ("PUT|POST|DELETE", _R + r"/environments.*", (("administration", "write"),)),
    ("GET", _R + r"/branches/.*/protection", (("administration", "read"),)),
    ("POST|PUT|DELETE", _R + r"/rulesets.*", (("administration", "write"),)),
    ("GET", _R + r"(|/rulesets.*|/rules/.*|/collaborators/.*)", (("metadata", "read"),)),
    ("GET", r"/rate_limit", (("metadata", "read"),)),
)


def narrowed(asked: Asked, method: str) -> None:
    """Refuse what a token of an installation is not good for.

    Raises:
        Declined: 403 as GitHub words it, 404 for a repository the token does not reach.
    """
    if asked.token.count(".") == 2 and not re.search(r"^/app|/installation$", asked.path):
        raise Declined(401, "Bad credentials")
    minted = asked.state.tokens.get(asked.token)
    if minted is None:
        return
    place = re.match(r"/repos/([^/]+/[^/]+)", asked.path)
    if place and not minted.covers(place[1]):
        raise Declined(404, "Not Found")
    if asked.path == "/graphql":
        needs = _graphql(str(asked.body.get("query", "")))
    else:
        needs = next(
            (
                rights
                for verbs, pattern, rights in _NEEDS
                if method in verbs.split("|") and re.fullmatch(pattern, asked.path)
            ),
            (),
        )
    if not any(minted.may(*one) for one in needs):
        accepted = "; ".join(f"{name}={level}" for name, level in needs)
        refused = Declined(403, "Resource not accessible by integration")
        refused.answer.headers["X-Accepted-GitHub-Permissions"] = accepted
        raise refused


def may_git(state: State, token: str, full_name: str, *, push: bool) -> bool:
    """Tell whether a token may fetch or push here; tokens of people are judged by their role."""
    minted = state.tokens.get(token)
    if minted is None:
        return True
    return minted.covers(full_name) and minted.may("contents", "write" if push else "read")


def _graphql(document: str) -> tuple[tuple[str, str], ...]:
    if not document.lstrip().startswith("mutation"):
        return (("pull_requests", "read"),)
    if re.search(r"(enqueuePullRequest|mergePullRequest)", document):
        return (("contents", "write"),)
    talks = re.search(r"(addComment|updateIssueComment|deleteIssueComment|addReaction)", document)
    return _TALK if talks else (("pull_requests", "write"),)
